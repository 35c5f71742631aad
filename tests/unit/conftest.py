"""Makes the helpers beside the tests importable, and the models of tests/models and examples."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "models"), str(HERE.parents[1] / "examples")]

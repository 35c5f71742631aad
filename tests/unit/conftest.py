"""Makes the helpers beside the tests importable, and the models of tests/models and examples."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "models"), str(HERE.parents[1] / "examples")]

# Tests are the same everywhere and write nothing into the user's cache.
os.environ["RAMIEL_COST_MODEL"] = "static"
os.environ["RAMIEL_CACHE"] = "/nonexistent/ramiel"

"""Makes `graphs` importable from the tests beside it, in importlib mode too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

"""Makes the helpers beside the tests importable, and the models of tests/models and examples."""

import os
import sys
from pathlib import Path

from hypothesis import settings

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "models"), str(HERE.parents[1] / "examples")]

# Tests are the same everywhere and write nothing into the user's cache.
os.environ["RAMIEL_COST_MODEL"] = "static"
os.environ["RAMIEL_CACHE"] = "/nonexistent/ramiel"

# How long an example takes depends on what else the machine does; it says nothing about the code.
settings.register_profile("ramiel", deadline=None)
settings.load_profile("ramiel")

"""`lit tests`: ramiel-opt must find the installed extension."""

import os
import sys
import tempfile
from pathlib import Path

import lit.formats

config.name = "ramiel-swish"  # noqa: F821  # pyright: ignore
config.test_format = lit.formats.ShTest(execute_external=False)  # noqa: F821  # pyright: ignore
config.suffixes = [".mlir"]  # noqa: F821  # pyright: ignore
config.test_exec_root = tempfile.mkdtemp(prefix="ramiel-swish-")  # noqa: F821  # pyright: ignore
config.environment["PATH"] = os.pathsep.join(  # noqa: F821  # pyright: ignore
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)
if "PYTHONPATH" in os.environ:
    config.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]  # noqa: F821  # pyright: ignore

"""lit runs every .mlir and .test file below this folder: its RUN lines say how."""

import os
import sys
from pathlib import Path

import lit.formats

config.name = "ramiel"  # noqa: F821  # pyright: ignore
config.test_format = lit.formats.ShTest(execute_external=False)  # noqa: F821  # pyright: ignore
config.suffixes = [".mlir", ".test"]  # noqa: F821  # pyright: ignore
config.test_source_root = str(Path(__file__).parent)  # noqa: F821  # pyright: ignore
# Tests leave what they write in the build folder, never beside their source.
config.test_exec_root = str(Path(__file__).parents[2] / "build" / "lit")  # noqa: F821  # pyright: ignore
config.environment["PATH"] = os.pathsep.join(  # noqa: F821  # pyright: ignore
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)
config.environment["RAMIEL_COST_MODEL"] = "static"  # noqa: F821  # pyright: ignore

"""Coverage-guided fuzzing with atheris: bytes that reach new code are kept and mutated further.

    python tests/fuzz/coverage_guided.py lift -atheris_runs=200000
    python tests/fuzz/coverage_guided.py compile -max_total_time=3600

A mutation is half of the time one of libFuzzer's on the bytes, else one that knows the structure.
Options that begin with one dash are libFuzzer's.  The first exception that is no RamielError ends
it, and leaves the model in a file crash-….
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import atheris  # pyright: ignore

tool: Any = atheris

with tool.instrument_imports(include=["ramiel"]):
    import ramiel

    # All of them now: what is imported later is not instrumented, and libFuzzer keeps nothing.
    for found in pkgutil.walk_packages(ramiel.__path__, "ramiel."):
        if not found.name.startswith(("ramiel.tools", "ramiel.onnx_server")):
            importlib.import_module(found.name)

from google.protobuf.message import DecodeError  # noqa: E402
from mutation import mutated  # noqa: E402
from run import execute  # noqa: E402
from seeds import seeds  # noqa: E402


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Another file, made of one."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return tool.Mutate(data, most)
    try:
        return mutated([data], chance)[:most]
    except (DecodeError, ValueError, TypeError):
        return tool.Mutate(data, most)


def main() -> None:
    """Fuzz the target that the command line names."""
    target = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="ramiel-corpus-") as folder:
        for number, data in enumerate(seeds()):
            (Path(folder) / f"{number}.onnx").write_bytes(data)
        options = ["-max_len=20000", "-timeout=120", "-rss_limit_mb=6000"]
        arguments = [sys.argv[0], *options, *sys.argv[1:], folder]

        def one_input(data: bytes) -> None:
            execute(target, data)

        tool.Setup(arguments, one_input, custom_mutator=mutate)
        tool.Fuzz()


if __name__ == "__main__":
    main()

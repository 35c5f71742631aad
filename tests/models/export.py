"""Writes the models of architectures.py to build/models, each once.

python tests/models/export.py [NAME...]
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import torch
from architectures import ARCHITECTURES

FOLDER = Path(__file__).parents[2] / "build" / "models"
OPSET = 17


def export(name: str, path: Path) -> None:
    """Make the model of that name and write it; the same bytes each time."""
    torch.manual_seed(0)
    example = ARCHITECTURES[name]()
    unfinished = path.with_suffix(".partial")
    torch.onnx.export(
        example.network,
        example.inputs,
        unfinished,
        dynamo=False,
        opset_version=OPSET,
        do_constant_folding=False,  # that is the compiler's work
        input_names=list(example.input_names),
        output_names=list(example.output_names),
    )
    unfinished.rename(path)


def path_of(name: str) -> Path:
    """The model's file, exported now if it is not there."""
    path = FOLDER / f"{name}.onnx"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        export(name, path)
        print(f"exported {name} in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return path


def main() -> None:
    """Export the models named on the command line, or all."""
    warnings.filterwarnings("ignore")
    for name in sys.argv[1:] or ARCHITECTURES:
        if name not in ARCHITECTURES:
            sys.exit(f"no model {name!r}; there are: {', '.join(ARCHITECTURES)}")
        path_of(name)


if __name__ == "__main__":
    main()

"""The process behind one contender of a benchmark: reads how many calls, prints their seconds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.loading import import_package


def main(package: str, inputs: str, executor: str, threads: str) -> None:
    """Load a package and time calls of it until the input ends."""
    torch.set_num_threads(int(threads))
    tensors = load_file(inputs)
    model = import_package(Path(package)).Model.load(executor=executor)
    with model, torch.inference_mode():
        model(**tensors)
        print("[]", flush=True)
        for line in sys.stdin:
            times: list[float] = []
            for _ in range(int(line)):
                started = time.perf_counter()
                model(**tensors)
                times.append(time.perf_counter() - started)
            print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

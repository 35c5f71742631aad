"""What the weights file of a package must hold: a table beside it, written when compiling.

weights.json is `{"conv1.weight": ["float32", [64, 3, 7, 7]], …}`.  A weights file that was cut off
or exchanged for another model's is refused before anything runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from .errors import WeightsError
from .weights import Weight

TABLE_FILE = "weights.json"


def write_table(weights: Iterable[Weight]) -> str:
    """The text of the table, a weight a line."""
    lines = [
        f"{json.dumps(weight.name)}: {json.dumps([_name(weight.dtype), list(weight.shape)])}"
        for weight in weights
    ]
    return "{\n" + ",\n".join(f"  {line}" for line in lines) + "\n}\n"


def read_table(file: Path) -> tuple[Weight, ...]:
    """The weights that a table lists.  Raises WeightsError if it is no such table."""
    try:
        table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return tuple(
            Weight(name, _dtype(dtype), tuple(int(size) for size in shape))
            for name, (dtype, shape) in table.items()
        )
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{file} is no table of weights: {error}") from error


def _dtype(name: str) -> torch.dtype:
    found = getattr(torch, name)
    if not isinstance(found, torch.dtype):
        raise ValueError(f"torch has no dtype {name!r}")
    return found


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

"""Labels: from numbers or strings to numbers or strings (ai.onnx.ml)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def encode_labels(
    x: Any,
    keys: torch.Tensor | Sequence[str],
    values: torch.Tensor | Sequence[str],
    default: Any,
) -> Any:
    """values[i] where x is keys[i], else the default; NaN is a key like others.

    Strings are NumPy arrays (ONNX LabelEncoder-4, CategoryMapper-1).
    """
    known = [key if key == key else None for key in list_of(keys)]
    table = dict(zip(reversed(known), reversed(list_of(values)), strict=True))
    found = [
        table.get(key if key == key else None, default)
        for key in list_of(x.reshape(-1))
    ]
    if isinstance(values, torch.Tensor):
        return torch.tensor(found, dtype=values.dtype).reshape(tuple(x.shape))
    return np.array(found, dtype=object).reshape(tuple(x.shape))


def list_of(items: Any) -> list[Any]:
    """The items of a tensor, an array or a sequence of strings."""
    return items.tolist() if hasattr(items, "tolist") else list(items)


def encode_one_hot(
    x: Any, categories: torch.Tensor | Sequence[str], zeros: bool = True
) -> torch.Tensor:
    """1 at the category of each element along a new last dimension, 0 elsewhere.

    Numbers are cast to integers first.  Raises ValueError for an element of no category unless
    `zeros` (ONNX OneHotEncoder-1).
    """
    if isinstance(categories, torch.Tensor):
        hits = x.long()[..., None] == categories
    else:
        hits = torch.from_numpy(
            np.stack([x == category for category in categories], axis=-1)
        )
    if not zeros and not bool(hits.any(-1).all()):
        raise ValueError("OneHotEncoder: an element has none of the categories")
    return hits.float()

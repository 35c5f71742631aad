"""Tensors of strings: NumPy arrays of Python strings, which PyTorch has no form for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


def texts_of(x: Any) -> list[str]:
    """The strings of an array.  Raises TypeError if there is anything else, bytes for example."""
    texts: list[Any] = x.reshape(-1).tolist()
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"expected strings, got {type(text).__name__}")
    return texts


def string_array(values: Sequence[str] = (), shape: Sequence[int] = ()) -> Any:
    """The strings in that shape."""
    return np.array(values, dtype=object).reshape(shape)


def join_strings(a: Any, b: Any) -> Any:
    """a + b, string by string, broadcast as numbers are."""
    return np.asarray(a.astype(object) + b.astype(object), dtype=object)


def equal_strings(a: Any, b: Any) -> Tensor:
    """Whether strings are the same, broadcast as numbers are."""
    return torch.from_numpy(np.array(a.astype(object) == b.astype(object), dtype=bool))


def split_strings(
    x: Any, delimiter: str = "", maxsplit: int = -1
) -> tuple[Any, Tensor]:
    """The parts of each string along a new last dimension, filled up with "", and their number.

    Without a delimiter, strings are split at whitespace.
    """
    parts = [text.split(delimiter or None, maxsplit) for text in texts_of(x)]
    counts = [len(found) for found in parts]
    width = max(counts, default=0)
    padded = [[*found, *[""] * (width - len(found))] for found in parts]
    result = np.array(padded, dtype=object).reshape(*x.shape, width)
    return result, torch.tensor(counts, dtype=torch.int64).reshape(x.shape)


def match_strings(x: Any, pattern: str) -> Tensor:
    """Whether a pattern matches the whole of each string."""
    compiled = re.compile(pattern, re.ASCII)
    found = [compiled.fullmatch(text) is not None for text in texts_of(x)]
    return torch.tensor(found, dtype=torch.bool).reshape(x.shape)


def normalize_strings(
    x: Any,
    case: str = "NONE",
    case_sensitive: bool = False,
    stopwords: Sequence[str] = (),
) -> Any:
    """The strings of a vector, or of a matrix of one row, that are no stop words.

    `case` "LOWER" or "UPPER" changes what is left.  One empty string if nothing is left.
    """
    same: Any = str if case_sensitive else str.lower
    stops = {same(word) for word in stopwords}
    change: Any = {"LOWER": str.lower, "UPPER": str.upper}.get(case, str)
    kept = [change(text) for text in texts_of(x) if same(text) not in stops]
    return np.array(kept or [""], dtype=object).reshape(*x.shape[:-1], -1)

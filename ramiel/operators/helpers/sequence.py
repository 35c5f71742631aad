"""Sequences as Python lists; a function never changes the list that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

Value = TypeVar("Value")


def item(sequence: Sequence[Tensor], position: Tensor) -> Tensor:
    """The element at a position, counted from the end if it is negative.

    Raises IndexError if there is none.
    """
    return sequence[int(position)]


def insert(sequence: Sequence[Tensor], value: Tensor, position: Tensor) -> list[Tensor]:
    """A list with `value` before the element at a position, between -n and n.

    Raises IndexError for another position.
    """
    at = int(position)
    if not -len(sequence) <= at <= len(sequence):
        raise IndexError(f"position {at} in a sequence of {len(sequence)}")
    return [*sequence[:at], value, *sequence[at:]]


def erase(sequence: Sequence[Tensor], position: Tensor) -> list[Tensor]:
    """A list without the element at a position.  Raises IndexError if there is none."""
    left = list(sequence)
    del left[int(position)]
    return left


def split_evenly(x: Tensor, size: Tensor, dim: int) -> list[Tensor]:
    """Parts of `size` along a dimension; the last one may be smaller."""
    return list(torch.split(x, int(size), dim))


def present(value: Value | None) -> Value:
    """The value of an optional.  Raises ValueError if there is none."""
    if value is None:
        raise ValueError("the optional has no element")
    return value

"""What loops need that PyTorch has not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def stack_or_empty(
    tensors: Sequence[Tensor], shape: Sequence[int], dtype: torch.dtype, dim: int = 0
) -> Tensor:
    """The tensors along a new dimension `dim`; of none, a tensor without elements.

    `shape` and `dtype` are those of one tensor, for when there is none.
    """
    if tensors:
        return torch.stack(list(tensors), dim)
    at = dim % (len(shape) + 1)
    return torch.empty([*shape[:at], 0, *shape[at:]], dtype=dtype)

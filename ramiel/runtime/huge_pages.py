"""Memory in pages of 2 MiB, where the system has them.

A row of weights goes on over the end of a small page: the processor fetches ahead only up to there,
and looks up the address of each page anew.
"""

from __future__ import annotations

import contextlib
import mmap

import torch
from torch import Tensor

PAGE = 1 << 21


def block(size: int) -> Tensor:
    """So many bytes, uninitialized, from a multiple of 64 on; in large pages but for their end.

    The storage begins with the tensor.
    """
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if size < PAGE or advice is None:
        return torch.empty(size, dtype=torch.uint8)
    mapped = mmap.mmap(-1, size + PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = -torch.frombuffer(mapped, dtype=torch.uint8).data_ptr() % PAGE
    with contextlib.suppress(OSError):  # a kernel without them
        mapped.madvise(advice, start, size // PAGE * PAGE)
    return torch.frombuffer(mapped, dtype=torch.uint8, count=size, offset=start)

"""Lets go of pages of a mapped file: it has them, if they are wanted again.

A weight that a primitive has a copy of, in a layout of its own, is read once.  Its pages would stay
resident all the same, as many bytes as the copy.
"""

from __future__ import annotations

import contextlib
import mmap
from array import array
from collections.abc import Iterable
from ctypes import c_size_t, c_void_p
from itertools import groupby

from torch import Tensor

from .memory import c_function

PAGE = mmap.PAGESIZE
ENTRY = 8
"""Bytes that /proc/self/pagemap has of each page, see proc_pid_pagemap(5)."""
OF_A_FILE = 1 << 61
"""In such an entry; not set once a private page has been written to."""
DO_NOT_NEED = 4
"""madvise(2)'s MADV_DONTNEED."""


def let_go_of_file_pages(tensors: Iterable[Tensor]) -> None:
    """Those pages of the tensors that are as in the file; does nothing where that is not known.

    Nobody may write to the tensors meanwhile.
    """
    advise = c_function("madvise")
    if advise is None:
        return
    with contextlib.suppress(OSError), open("/proc/self/pagemap", "rb", buffering=0) as entries:
        for tensor in tensors:
            first = tensor.data_ptr() // PAGE
            last = (tensor.data_ptr() + tensor.nbytes - 1) // PAGE
            entries.seek(first * ENTRY)
            pages = array("Q", entries.read((last + 1 - first) * ENTRY))
            for is_of_a_file, run in groupby(pages, lambda entry: bool(entry & OF_A_FILE)):
                count = len([*run])
                if is_of_a_file:
                    advise(c_void_p(first * PAGE), c_size_t(count * PAGE), DO_NOT_NEED)
                first += count

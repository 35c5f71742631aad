"""The layouts in which primitives have a weight: each once, whatever shapes they are for."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from .onednn import Handle, OneDNN
from .primitive import RESULT, SOURCE


class LaidOut:
    """What there is of one weight, as long as a primitive has it."""

    def __init__(self) -> None:
        self._known: list[tuple[Handle, tuple[int, ...], weakref.ref[Tensor]]] = []
        self._own: dict[Hashable, weakref.ref[Tensor]] = {}

    @staticmethod
    def of(weight: Tensor) -> LaidOut:
        """The same for the same tensor, until it is written to."""
        if weight.is_inference():  # does not count what is written to it
            return LaidOut()
        version, known = _of_weights.get(weight, (-1, LaidOut()))
        if version != weight._version:
            known = LaidOut()
            _of_weights[weight] = weight._version, known
        return known

    def layouts(self, shape: Sequence[int]) -> list[Handle]:
        """Those in which a tensor of that shape is there."""
        return [
            layout
            for layout, known, data in self._known
            if known == tuple(shape) and data() is not None
        ]

    def bytes(
        self,
        library: OneDNN,
        layout: Handle | ctypes.c_void_p,
        shape: Sequence[int],
        values: Callable[[], Tensor],
    ) -> Tensor:
        """The values, a tensor of that shape, in a layout."""
        for known, known_shape, reference in self._known:
            data = reference()
            is_alike = known_shape == tuple(shape) and library.are_equal(known, layout)
            if data is not None and is_alike:
                return data
        data = laid_out_as(library, layout, values())
        own = library.make("memory_desc", "memory_desc_clone", layout)
        self._known.append((own, tuple(shape), weakref.ref(data)))
        return data

    def own(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """The weight in a layout that is not oneDNN's, by the key of that."""
        reference = self._own.get(key)
        data = None if reference is None else reference()
        if data is None:
            data = make()
            self._own[key] = weakref.ref(data)
        return data


_of_weights: Any = WeakIdKeyDictionary()
"""By the tensor itself: with the number of times that it was written to."""


def laid_out_as(library: OneDNN, layout: Handle | ctypes.c_void_p, weight: Tensor) -> Tensor:
    """The bytes of a weight in a layout."""
    given = library.layout(weight.shape, weight.stride(), weight.dtype)
    laid_out = torch.empty(library.size_of(layout), dtype=torch.uint8)
    reorder = library.make(
        "primitive_desc",
        "reorder_primitive_desc_create",
        *(given, library.engine, layout, library.engine, None),
    )
    library.run(
        library.make("primitive", "primitive_create", reorder),
        [
            (SOURCE, library.memory(given, weight.data_ptr())),
            (RESULT, library.memory(layout, laid_out.data_ptr())),
        ],
    )
    return laid_out

"""Values as bytes that another process can read in place: how messages travel between processes.

A parcel is a skeleton and, each at a multiple of 64 bytes, the elements of the tensors:

    length of the skeleton (8 bytes) | skeleton | … tensor 0 … | … tensor 1 … |

The skeleton is the pickled values with a layout in each tensor's place.  So any value that
pickles can be sent, and a tensor costs one copy.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .errors import ModelError
from .modes import CallerModes

ALIGNMENT = 64  # what vector instructions like best; a multiple of every element's size
LENGTH = struct.Struct("<Q")


class Layout(NamedTuple):
    """Where a tensor lies, and how; `offset` in bytes from the first tensor."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


class Memory:
    """Writable bytes (a mapping, a bytearray), seen as Python's buffer and as tensors."""

    def __init__(self, buffer: Any) -> None:
        self.view = memoryview(buffer)
        with torch.inference_mode(False):
            self._bytes = torch.frombuffer(buffer, dtype=torch.uint8)
        self._typed: dict[torch.dtype, Tensor] = {torch.uint8: self._bytes}

    def __len__(self) -> int:
        return len(self.view)

    @property
    def bytes(self) -> Tensor:
        """All of it, uint8."""
        return self._bytes

    def tensor(self, layout: Layout, start: int) -> Tensor:
        """The tensor that lies there: a view, no copy."""
        dtype, shape, strides, offset = layout
        if 0 in shape:
            return torch.empty(shape, dtype=dtype)
        if dtype not in self._typed:
            with torch.inference_mode(False):
                self._typed[dtype] = self._bytes.view(dtype)
        at = (start + offset) // dtype.itemsize
        return torch.as_strided(self._typed[dtype], shape, strides, at)


class Parcel:
    """Values, ready to be written.  Raises ModelError for a tensor that is not on the CPU."""

    def __init__(self, *values: Any) -> None:
        self._tensors: list[tuple[Tensor, Layout]] = []
        self._end = 0
        if all(type(value) in SIMPLE or _is_plain(value) for value in values):
            # The common case, whose skeleton is made and read only once.
            parts = [self._place(v) if isinstance(v, Tensor) else v for v in values]
            self._skeleton = _skeleton(tuple(parts))
        else:
            file = io.BytesIO()
            _Pickler(file, self._place).dump(values)
            self._skeleton = file.getvalue()
        self._start = _aligned(LENGTH.size + len(self._skeleton))
        self.size = self._start + self._end

    def write(self, memory: Memory, at: int) -> None:
        """Write it: `size` bytes from `at`, a multiple of 64."""
        LENGTH.pack_into(memory.view, at, len(self._skeleton))
        skeleton_at = at + LENGTH.size
        memory.view[skeleton_at : skeleton_at + len(self._skeleton)] = self._skeleton
        for tensor, layout in self._tensors:
            memory.tensor(layout, at + self._start).copy_(tensor.detach())

    def _place(self, tensor: Tensor) -> Layout:
        """Give a tensor its place."""
        if tensor.device.type != "cpu":
            raise ModelError(f"a tensor on {tensor.device} cannot go to another process")
        shape = tuple(tensor.shape)
        layout = Layout(
            tensor.dtype, shape, _strides(tensor.dtype, shape, tensor.stride()), self._end
        )
        self._tensors.append((tensor, layout))
        self._end = _aligned(self._end + tensor.nbytes)
        return layout


def unpack(memory: Memory, at: int, *, copy: bool = False) -> list[Any]:
    """The values of the parcel at `at`.

    Tensors are views of the memory, good until the next parcel is written there; or copies.
    """
    (length,) = LENGTH.unpack_from(memory.view, at)
    first = at + LENGTH.size
    skeleton = bytes(memory.view[first : first + length])
    start = at + _aligned(first - at + length)

    def tensor(layout: Layout) -> Tensor:
        found = memory.tensor(layout, start)
        return found.clone() if copy else found

    if not skeleton.startswith(SIMPLE_MARK):
        return list(_Unpickler(skeleton, tensor).load())
    return [tensor(part) if type(part) is Layout else part for part in _parts(skeleton)]


def flat(values: Mapping[str, Any]) -> list[Any]:
    """A dictionary as a list: each name, and its value."""
    return [part for item in values.items() for part in item]


def paired(parts: Sequence[Any]) -> dict[str, Any]:
    """The dictionary that was made flat."""
    return dict(zip(parts[::2], parts[1::2], strict=True))


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, place: Callable[[Tensor], Layout]) -> None:
        super().__init__(file, protocol=5)
        self._place = place

    def persistent_id(self, obj: Any) -> Layout | None:
        return self._place(obj) if _is_plain(obj) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, skeleton: bytes, tensor: Callable[[Layout], Tensor]) -> None:
        super().__init__(io.BytesIO(skeleton))
        self._tensor = tensor

    def persistent_load(self, pid: Layout) -> Tensor:
        return self._tensor(pid)


def _is_plain(value: Any) -> bool:
    """Whether a value is a strided tensor; a sparse or quantized one is pickled as PyTorch does."""
    plain = type(value) in (Tensor, nn.Parameter)
    return plain and value.layout is torch.strided and not value.is_quantized


SIMPLE = (str, type(None), CallerModes)  # values that are equal are the same, and can be keys
SIMPLE_MARK = b"simple "  # no pickle begins so


@lru_cache(4096)
def _skeleton(parts: tuple[Any, ...]) -> bytes:
    return SIMPLE_MARK + pickle.dumps(parts)


@lru_cache(4096)
def _parts(skeleton: bytes) -> tuple[Any, ...]:
    return pickle.loads(skeleton[len(SIMPLE_MARK) :])


@lru_cache(4096)
def _strides(
    dtype: torch.dtype, shape: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[int, ...]:
    """The strides of a dense copy that keeps the order of the dimensions, as channels_last."""
    likeness = torch.empty_strided(shape, strides, dtype=dtype, device="meta")
    return torch.empty_like(likeness).stride()


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT

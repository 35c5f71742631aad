"""Which memory a tensor is in: the buffers of a recording, the weights, or none that is known."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from .recording import Buffer, Place


class Unrecordable(Exception):
    """A call does what cannot be done again from a recording."""


class Storages:
    """The buffers that the storages of tensors are, each by its identity.

    No storage is kept alive, so a recording takes no memory; but none that is new gets the
    identity of one that is gone.
    """

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self._known: dict[int, int] = {}
        self._addresses: list[int] = []
        self._references: list[Any] = []
        self._given: set[int] = set()
        self._constants: set[int] = set()

    def add_constant(self, tensor: Tensor) -> None:
        """What is the same in every call."""
        self._constants.add(self._identity(tensor))

    def given(self, tensor: Tensor) -> Tensor:
        """Add an argument or a message, which the cluster must not write to.

        In other calls it may have memory of its own: a copy has, where it shares that of others.
        """
        if self.is_known(tensor):
            own = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype)
            tensor = own.copy_(tensor)
        self._given.add(len(self.buffers))
        self.add(tensor, is_own=False)
        return tensor

    def add(self, tensor: Tensor, is_own: bool) -> int:
        """A new buffer with this tensor as its base, see Buffer."""
        buffer = len(self.buffers)
        if tensor.layout != torch.strided or not tensor.is_cpu:
            raise Unrecordable(f"a tensor with the layout {tensor.layout} on {tensor.device}")
        size = tensor.untyped_storage().nbytes()
        shape, strides = tuple(tensor.shape), tensor.stride()
        self.buffers.append(Buffer(size, shape, strides, tensor.dtype, is_own))
        self._known[self._identity(tensor)] = buffer
        self._addresses.append(tensor.data_ptr())
        return buffer

    def is_known(self, tensor: Tensor) -> bool:
        """Whether it is in a buffer, or a constant."""
        identity = self._identity(tensor)
        return identity in self._known or identity in self._constants

    def check_written(self, tensor: Tensor) -> None:
        """Raise Unrecordable if the cluster writes to what it was given."""
        if self._known.get(self._identity(tensor), -1) in (-1, *self._given):
            raise Unrecordable("it writes to a tensor that it was given")

    def operand(self, tensor: Tensor) -> Place | Tensor:
        """Its place; a constant itself.  Raises Unrecordable if no operator has made it."""
        identity = self._identity(tensor)
        if identity in self._constants:
            return tensor
        if identity not in self._known:
            raise Unrecordable(f"a tensor of {tuple(tensor.shape)} comes from outside the cluster")
        buffer = self._known[identity]
        base = self.buffers[buffer].dtype
        if tensor.dtype != base or tensor.is_conj() or tensor.is_neg():
            raise Unrecordable(f"bits of {base} that are seen as other numbers")
        offset = tensor.data_ptr() - self._addresses[buffer]
        return Place(buffer, offset, tuple(tensor.shape), tensor.stride(), base)

    def _identity(self, tensor: Tensor) -> int:
        if tensor.layout != torch.strided:  # oneDNN's own, which has no storage
            self._references.append(tensor)
            return id(tensor)
        storage = tensor.untyped_storage()
        identity: int = storage._cdata  # pyright: ignore[reportPrivateUsage]
        if identity not in self._known and identity not in self._constants:
            self._references.append(StorageWeakRef(storage))
        return identity

"""Any value travels between processes; a tensor costs one copy and keeps its order in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ramiel.runtime.errors import ModelError
from ramiel.runtime.packing import Memory, Parcel, unpack


def sent(*values: Any, copy: bool = False) -> list[Any]:
    """The values as another process gets them."""
    parcel = Parcel(*values)
    memory = Memory(bytearray(128 + parcel.size))
    parcel.write(memory, 64)
    return unpack(memory, 64, copy=copy)


DTYPES = [
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn),
    *(torch.int64, torch.int32, torch.int8, torch.uint8, torch.uint16, torch.bool),
    *(torch.complex64, torch.complex128),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 3), (2, 3, 5)], ids=str)
def test_dtypes_and_shapes(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = (torch.rand(shape) * 5).to(dtype)
    [found] = sent(tensor)
    assert (found.dtype, found.shape) == (dtype, torch.Size(shape))
    assert found.tolist() == tensor.tolist()


def test_what_lies_dense_in_memory_keeps_its_order_and_other_things_become_dense() -> None:
    tensor = torch.randn(2, 3, 4, 5)
    channels_last = tensor.to(memory_format=torch.channels_last)
    assert sent(channels_last)[0].stride() == channels_last.stride()
    for view in (tensor.mT, tensor[:, ::2], tensor[0, 0, 0].expand(7, 5), channels_last[:, 1:]):
        [found] = sent(view)
        assert torch.equal(found, view)
        assert found.untyped_storage().nbytes() < 3 * tensor.nbytes
    conjugate = torch.view_as_complex(torch.randn(3, 2)).conj()
    assert torch.equal(sent(conjugate)[0], conjugate)


def test_values_of_every_other_kind() -> None:
    strings = np.array([["a", "ü"]], dtype=object)
    values = ["name", None, 7, True, 1, 2.5, [torch.ones(2), [torch.zeros(0)]], {"k": (1, None)}]
    found = sent(strings, *values)
    assert found[0].tolist() == [["a", "ü"]]
    assert found[1:7] == values[:6]
    assert [type(value) for value in found[1:]] == [type(value) for value in values]
    assert found[7][0].tolist() == [1, 1]
    assert found[7][1][0].shape == (0,)
    assert found[8] == {"k": (1, None)}


def test_a_sparse_or_quantized_tensor() -> None:
    sparse = torch.eye(3).to_sparse()
    assert torch.equal(sent(sparse)[0].to_dense(), torch.eye(3))


def test_a_parameter_is_sent_without_its_gradient() -> None:
    [found] = sent(nn.Parameter(torch.ones(2)))
    assert found.tolist() == [1, 1]
    assert not found.requires_grad


def test_views_or_copies() -> None:
    parcel = Parcel(torch.ones(2), [torch.ones(1)])
    memory = Memory(bytearray(parcel.size))
    parcel.write(memory, 0)
    view, copy = unpack(memory, 0), unpack(memory, 0, copy=True)
    memory.bytes.zero_()
    assert view[0].tolist() == [0, 0]
    assert copy[0].tolist() == [1, 1]
    assert copy[1][0].tolist() == [1]


def test_a_tensor_of_another_device_is_refused() -> None:
    with pytest.raises(ModelError, match="a tensor on meta cannot go to another process"):
        Parcel(torch.empty(2, device="meta"))

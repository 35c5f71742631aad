"""oneDNN's primitives, called directly, give what PyTorch's operators give."""

from __future__ import annotations

import gc
import itertools
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from ramiel.operators.helpers import kernels
from ramiel.operators.helpers.onednn_attention import onednn_attention
from ramiel.operators.helpers.onednn_pooling import onednn_avg_pool2d, onednn_max_pool2d
from ramiel.runtime import onednn as library
from ramiel.runtime import primitive_pooling
from ramiel.runtime.onednn import OneDNN, UnsupportedError, onednn
from ramiel.runtime.primitive_attention import attended
from ramiel.runtime.primitive_pooling import pooled
from ramiel.runtime.primitive_weight import MOST_PRIMITIVES, PrimitiveWeight

PLAIN: tuple[Any, ...] = (1, 1, 1, 1, None, (), "none")
"""Stride, padding, dilation, groups and no activation."""


def picture(*shape: int) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(shape).contiguous(memory_format=torch.channels_last)


def test_operators_take_the_weight_as_a_plain_tensor() -> None:
    weight = torch.randn(4, 4, 3, 3)
    own = PrimitiveWeight.of(weight)
    assert own.data_ptr() == weight.data_ptr()
    assert type(own + 1) is torch.Tensor
    x = picture(1, 4, 5, 5)
    assert torch.equal(F.conv2d(x, own), F.conv2d(x, weight))


def test_each_shape_has_a_primitive_of_its_own() -> None:
    weight = PrimitiveWeight.of(torch.randn(4, 4, 3, 3))
    for size in (5, 7, 5, 7):
        x = picture(1, 4, size, size)
        expected = F.conv2d(x, weight, padding=1)
        assert_close(weight.convolve(x, None, None, *PLAIN), expected, rtol=1e-5, atol=1e-5)
    assert len(weight.primitives) == 2


def test_the_arguments_of_the_call_count_not_those_that_the_weight_was_made_for() -> None:
    weight, x, bias = torch.randn(4, 4, 3, 3), picture(1, 4, 6, 6), torch.randn(4)
    own = kernels.conv2d_primitive(weight, input_shape=(1, 4, 9, 9), padding=1)
    for given, padding in itertools.product((None, bias, bias + 1), (0, 1, 2)):
        actual = kernels.conv2d(x, own, given, padding=padding)
        expected = F.conv2d(x, weight, given, padding=padding)
        assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_a_weight_keeps_few_primitives() -> None:
    weight = PrimitiveWeight.of(torch.randn(2, 2, 1, 1))
    for size in range(1, 3 * MOST_PRIMITIVES):
        x = picture(1, 2, size, 1)
        expected = F.conv2d(x, weight, padding=1)
        assert_close(weight.convolve(x, None, None, *PLAIN), expected, rtol=1e-5, atol=1e-5)
        assert len(weight.primitives) <= MOST_PRIMITIVES


def test_several_threads_may_use_a_weight_at_once() -> None:
    weight = PrimitiveWeight.of(torch.randn(16, 16, 3, 3))
    pictures = [picture(1, 16, 20, 20) + index for index in range(4)]
    expected = [F.conv2d(x, weight, padding=1) for x in pictures]
    wrong: list[int] = []

    def run(index: int) -> None:
        torch.set_num_threads(1)
        for _ in range(200):
            y = weight.convolve(pictures[index], None, None, *PLAIN)
            if y is None or not torch.allclose(y, expected[index], rtol=1e-4, atol=1e-4):
                wrong.append(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_large_scratchpad_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from ramiel.runtime import primitive

    monkeypatch.setattr(primitive, "KEPT_SCRATCHPAD", 0)
    weight, x = PrimitiveWeight.of(torch.randn(16, 16, 1, 1)), picture(1, 16, 9, 9)
    expected = F.conv2d(x, weight, padding=1)
    for _ in range(3):
        assert_close(weight.convolve(x, None, None, *PLAIN), expected, rtol=1e-5, atol=1e-5)
    [made] = weight.primitives.values()
    assert made is not None and vars(made)["_fresh_bytes"] > 0


def test_nothing_stays_when_the_weight_goes() -> None:
    weight, x = PrimitiveWeight.of(torch.randn(4, 4, 3, 3)), picture(1, 4, 5, 5)
    assert weight.convolve(x, None, None, *PLAIN) is not None
    [made] = weight.primitives.values()
    assert made is not None
    handle = weakref.ref(vars(made)["_primitive"])
    del weight, made
    gc.collect()
    assert handle() is None


@pytest.mark.parametrize(
    "x",
    [
        torch.randn(1, 4, 5, 5, dtype=torch.float64),
        torch.randn(0, 4, 5, 5),
        torch.empty(1, 4, 5, 5, device="meta"),
    ],
    ids=["another dtype", "nothing", "no memory"],
)
def test_what_primitives_do_not_take_is_left_to_pytorch(x: torch.Tensor) -> None:
    weight = PrimitiveWeight.of(torch.randn(4, 4, 3, 3))
    assert weight.convolve(x, None, None, *PLAIN) is None


@pytest.mark.parametrize(
    ("x", "arguments"),
    [
        (picture(1, 5, 6, 6), dict[str, Any]()),
        (picture(1, 4, 6, 6), {"groups": 3}),
        (picture(1, 4, 6, 6), {"groups": 0}),
        (picture(1, 4, 6, 6), {"stride": 0}),
        (picture(1, 4, 6, 6), {"padding": 2**64}),
        (picture(1, 4, 2, 2), dict[str, Any]()),
        (picture(1, 4, 6, 6), {"bias": torch.randn(5)}),
        (picture(1, 4, 6, 6), {"bias": torch.randn(4).double()}),
    ],
    ids=lambda value: "x" if isinstance(value, torch.Tensor) else str(value),
)
def test_arguments_that_do_not_fit_are_refused_as_by_pytorch(
    x: torch.Tensor, arguments: dict[str, Any]
) -> None:
    weight = PrimitiveWeight.of(torch.randn(4, 4, 3, 3))
    with pytest.raises((RuntimeError, TypeError)):
        kernels.conv2d(x, weight, **arguments)


def test_one_number_for_both_sides() -> None:
    x, weight = picture(1, 4, 6, 6), torch.randn(4, 4, 3, 3)
    numbers: Any = {"padding": (1,)}
    actual = kernels.conv2d(x, PrimitiveWeight.of(weight), **numbers)
    assert_close(actual, F.conv2d(x, weight, padding=1), rtol=1e-5, atol=1e-5)


def test_rows_of_another_length_are_refused_as_by_pytorch() -> None:
    with pytest.raises(RuntimeError):
        kernels.linear(torch.randn(2, 3), PrimitiveWeight.of(torch.randn(4, 5)))


@pytest.mark.parametrize(
    "addend", [torch.randn(4, 1, 1), torch.randn(1, 4, 4, 1), torch.randn(1, 4, 4, 4).double()]
)
def test_an_addend_of_another_shape_or_dtype_is_left_to_pytorch(addend: torch.Tensor) -> None:
    x, weight = picture(1, 4, 6, 6), PrimitiveWeight.of(torch.randn(4, 4, 3, 3))
    actual = kernels.conv2d(x, weight, None, addend)
    assert_close(actual, F.conv2d(x, weight) + addend, rtol=1e-5, atol=1e-5)


def test_an_addend_of_rows_is_broadcast_by_pytorch() -> None:
    x, weight, addend = torch.randn(3, 5), torch.randn(4, 5), torch.randn(4)
    actual = kernels.linear(x, PrimitiveWeight.of(weight), None, addend)
    assert_close(actual, F.linear(x, weight) + addend, rtol=1e-5, atol=1e-5)


def heads(batch: int, length: int, size: int, joined: bool) -> torch.Tensor:
    """Of 3 heads; `joined`: as views of what a linear layer gives."""
    if joined:
        return torch.randn(batch, length, 3 * size).reshape(batch, -1, 3, size).transpose(1, 2)
    return torch.randn(batch, 3, length, size)


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("mask", [None, (1, 1, 1, 7), (2, 3, 5, 7), (5, 7)], ids=str)
def test_attention(mask: tuple[int, ...] | None, scale: float | None, joined: bool) -> None:
    torch.manual_seed(0)
    query, key = heads(2, 5, 16, joined), heads(2, 7, 16, joined)
    value = heads(2, 7, 8, joined)
    given = None if mask is None else torch.randn(mask)
    if given is not None:
        given.view(-1)[0] = -torch.inf
    assert attended(query, key, value, given, scale) is not None
    for _ in range(2):
        actual = onednn_attention(query, key, value, given, scale=scale)
        expected = F.scaled_dot_product_attention(query, key, value, given, scale=scale)
        assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_attention_that_primitives_do_not_take_is_left_to_pytorch() -> None:
    q = torch.randn(1, 2, 5, 8)
    mask = torch.randn(5, 5) > 0
    mask[:, 0] = True
    for given, masked in ((q.double(), None), (q, mask)):
        assert attended(given, given, given, masked, None) is None
        actual = onednn_attention(given, given, given, masked)
        expected = F.scaled_dot_product_attention(given, given, given, masked)
        assert_close(actual, expected)


@pytest.mark.skipif(not kernels.has_bfloat16(), reason="this CPU has no bfloat16 arithmetic")
def test_bfloat16() -> None:
    x, weight = picture(1, 16, 9, 9).bfloat16(), torch.randn(8, 16, 3, 3).bfloat16()
    y = PrimitiveWeight.of(weight).convolve(x, None, None, *PLAIN)
    assert y is not None and y.dtype == torch.bfloat16
    expected = F.conv2d(x.float(), weight.float(), padding=1)
    assert_close(y.float(), expected, rtol=0.02, atol=0.1)


GEOMETRIES: list[Any] = [
    (kernel, stride, padding, ceil_mode)
    for kernel, stride, padding, ceil_mode in itertools.product(
        (1, 2, 3, (3, 2)), (1, 2, 3, (2, 1)), (0, 1), (False, True)
    )
    if padding == 0 or kernel != 1
]


@pytest.mark.parametrize("size", [(6, 9), (7, 7), (12, 5)], ids=str)
def test_poolings_of_all_kinds(size: tuple[int, int]) -> None:
    x = picture(2, 20, *size)
    direct = 0
    for kernel, stride, padding, ceil_mode in GEOMETRIES:
        window: Any = kernel, stride, padding
        direct += pooled(x, kernel, stride, padding, 1, ceil_mode) is not None
        actual = onednn_max_pool2d(x, *window, ceil_mode=ceil_mode)
        assert torch.equal(actual, F.max_pool2d(x, *window, ceil_mode=ceil_mode))
        for counted in (False, True):
            how: Any = {"ceil_mode": ceil_mode, "count_include_pad": counted}
            average = onednn_avg_pool2d(x, *window, **how)
            expected = F.avg_pool2d(x, *window, **how)
            assert_close(average, expected, rtol=1e-5, atol=1e-6)
            assert average.is_contiguous(memory_format=torch.channels_last)
    assert direct == len(GEOMETRIES)


def test_a_dilated_maximum_for_which_onednn_has_only_a_loop_is_left_to_pytorch() -> None:
    x = picture(1, 16, 9, 9)
    assert pooled(x, 3, 1, 1, 2, False) is None
    assert torch.equal(onednn_max_pool2d(x, 3, 1, 1, 2), F.max_pool2d(x, 3, 1, 1, 2))


def test_pictures_in_the_usual_layout_are_pooled_too() -> None:
    x = torch.randn(1, 5, 8, 8)
    assert torch.equal(onednn_max_pool2d(x, 3), F.max_pool2d(x, 3))


def test_windows_beyond_the_padding_are_left_to_pytorch() -> None:
    """PyTorch divides by what lies inside the padded picture, oneDNN by the whole window."""
    x = picture(1, 16, 6, 6)
    assert pooled(x, 3, 2, 0, 1, True, average=True) is None
    assert pooled(x, 3, 2, 0, 1, True, average=True, count_include_pad=False) is not None


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 0, 1), (2, 1, 2), (9, 1, 0), ((3,), 1, 1), (-1, 1, 0)]
)
def test_windows_that_pytorch_refuses_are_refused(kernel: Any, stride: int, padding: int) -> None:
    x = picture(1, 4, 6, 6)
    try:
        expected = F.max_pool2d(x, kernel, stride, padding)
    except RuntimeError:
        with pytest.raises(RuntimeError):
            onednn_max_pool2d(x, kernel, stride, padding)
    else:
        assert torch.equal(onednn_max_pool2d(x, kernel, stride, padding), expected)


def test_a_first_call_imports_nothing_more() -> None:
    """Shapes of meta tensors would be PyTorch's answer too, but bring 30 MiB of modules."""
    program = """
import sys, torch
from ramiel.operators.helpers.onednn_pooling import onednn_max_pool2d
before = set(sys.modules)
onednn_max_pool2d(torch.rand(1, 4, 6, 6), 3, 2, 1)
print(sorted(set(sys.modules) - before))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_without_the_functions_pytorch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr(library, "function_addresses", none)
    onednn.cache_clear()
    try:
        assert onednn() is None
        weight, x = torch.randn(4, 4, 3, 3), picture(1, 4, 6, 6)
        packed = kernels.conv2d_primitive(weight, input_shape=(1, 4, 6, 6), padding=1)
        assert packed.is_mkldnn
        assert_close(kernels.conv2d(x, packed, padding=1), F.conv2d(x, weight, padding=1))
        assert kernels.linear_primitive(torch.randn(4, 4), rows=2).is_mkldnn
        own = PrimitiveWeight.of(weight)
        assert own.convolve(x, None, None, *PLAIN) is None
        assert_close(kernels.conv2d(x, own, padding=1), F.conv2d(x, weight, padding=1))
    finally:
        onednn.cache_clear()


def test_another_version_of_the_interface_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = onednn()
    assert found is not None
    monkeypatch.setattr(library, "MAJOR", 4)
    with pytest.raises(UnsupportedError, match="another version"):
        OneDNN(vars(found)["_addresses"])


def test_loops_in_plain_code_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What oneDNN has no kernel for it computes by such a loop, a hundred times slower."""

    def refuse(*_: object) -> None:
        raise UnsupportedError("no kernel for this CPU")

    monkeypatch.setattr(OneDNN, "describe", refuse)
    primitive_pooling._primitive.cache_clear()  # pyright: ignore[reportPrivateUsage]
    x = picture(1, 4, 6, 6)
    assert PrimitiveWeight.of(torch.randn(4, 4, 3, 3)).convolve(x, None, None, *PLAIN) is None
    assert torch.equal(onednn_max_pool2d(x, 2), F.max_pool2d(x, 2))
    primitive_pooling._primitive.cache_clear()  # pyright: ignore[reportPrivateUsage]

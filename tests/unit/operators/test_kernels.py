"""oneDNN's kernels give what PyTorch's own give."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from ramiel.operators.helpers import kernels
from ramiel.runtime.primitive_weight import PrimitiveWeight

ACTIVATIONS: list[tuple[str | None, tuple[float, ...], str]] = [
    (None, (), "none"),
    ("relu", (), "none"),
    ("sigmoid", (), "none"),
    ("tanh", (), "none"),
    ("swish", (), "none"),
    ("hardswish", (), "none"),
    ("hardtanh", (-1.0, 2.0), "none"),
    ("leaky_relu", (0.1,), "none"),
    ("gelu", (), "none"),
    ("gelu", (), "tanh"),
]
CONVOLUTIONS: list[dict[str, Any]] = [
    {"padding": 1},
    {"stride": 2, "padding": (1, 0)},
    {"dilation": (2, 1), "groups": 4},
]


def test_this_pytorch_has_onednn() -> None:
    """Else the tests below compare PyTorch with itself."""
    assert kernels.has_onednn()
    assert kernels.onednn() is not None


def is_for_onednn(weight: torch.Tensor) -> bool:
    return weight.is_mkldnn or type(weight) is PrimitiveWeight


@pytest.mark.parametrize("pack", [kernels.pack_conv2d, kernels.conv2d_primitive])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
def test_convolution(
    convolution: dict[str, Any],
    activation: tuple[str | None, tuple[float, ...], str],
    pack: Callable[..., torch.Tensor],
) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 9, 10)
    weight = torch.randn(12, 8 // convolution.get("groups", 1), 3, 3)
    bias = torch.randn(12)
    name, scalars, algorithm = activation
    act: Any = {"activation": name, "scalars": scalars, "algorithm": algorithm}
    packed = pack(weight, input_shape=tuple(x.shape), **convolution)
    assert is_for_onednn(packed)
    other = torch.randn_like(kernels.conv2d(x, weight, **convolution))
    added = (None, other) if name in (None, "relu") else (None,)
    for given, add in itertools.product((None, bias), added):
        for layout in (torch.contiguous_format, torch.channels_last):
            picture = x.contiguous(memory_format=layout)
            actual = kernels.conv2d(picture, packed, given, add, **convolution, **act)
            expected = kernels.conv2d(x, weight, given, add, **convolution, **act)
            assert_close(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pack", [kernels.pack_conv2d, kernels.conv2d_primitive])
def test_pictures_with_channels_last_stay_so(pack: Callable[..., torch.Tensor]) -> None:
    x = torch.randn(1, 8, 9, 10).contiguous(memory_format=torch.channels_last)
    weight = pack(torch.randn(12, 8, 3, 3), input_shape=tuple(x.shape))
    assert kernels.conv2d(x, weight).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_a_convolution_with_filters_of_1x1_is_a_product_of_matrices(
    activation: tuple[str | None, tuple[float, ...], str],
) -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 8, 9, 10), torch.randn(12, 8, 1, 1), torch.randn(12)
    name, scalars, algorithm = activation
    act: Any = {"activation": name, "scalars": scalars, "algorithm": algorithm}
    packed = kernels.conv2d_product(weight, input_shape=(2, 8, 9, 10))
    other = torch.randn(2, 12, 9, 10).contiguous(memory_format=torch.channels_last)
    added = (None, other) if name in (None, "relu") else (None,)
    for given, add in itertools.product((None, bias), added):
        for layout in (torch.contiguous_format, torch.channels_last):
            picture = x.contiguous(memory_format=layout)
            actual = kernels.conv2d(picture, packed, given, add, **act)
            expected = kernels.conv2d(x, weight, given, add, **act)
            assert_close(actual, expected, rtol=1e-5, atol=1e-5)
            assert actual.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "pack", [kernels.pack_linear, kernels.linear_primitive, kernels.linear_product]
)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("shape", [(5, 16), (2, 5, 16), (1, 16)], ids=str)
def test_linear(
    shape: tuple[int, ...],
    activation: tuple[str | None, tuple[float, ...], str],
    pack: Callable[..., torch.Tensor],
) -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(shape), torch.randn(7, 16), torch.randn(7)
    name, scalars, algorithm = activation
    act: Any = {"activation": name, "scalars": scalars, "algorithm": algorithm}
    packed = pack(weight, rows=x.numel() // 16)
    assert is_for_onednn(packed)
    other = torch.randn_like(kernels.linear(x, weight))
    added = (None, other) if name in (None, "relu") else (None,)
    for given, add in itertools.product((None, bias), added):
        actual = kernels.linear(x, packed, given, add, **act)
        expected = kernels.linear(x, weight, given, add, **act)
        assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_without_onednn_weights_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.has_onednn.cache_clear()
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    weight = torch.randn(4, 4, 1, 1)
    with pytest.warns(UserWarning, match="compiled for oneDNN"):
        assert kernels.pack_conv2d(weight, input_shape=(1, 4, 2, 2)) is weight
    assert kernels.pack_linear(weight[:, :, 0, 0], rows=1).is_mkldnn is False
    assert kernels.conv2d_primitive(weight, input_shape=(1, 4, 2, 2)) is weight
    kernels.has_onednn.cache_clear()

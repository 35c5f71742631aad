"""Convolutions by minimal filtering give what convolutions give."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from ramiel.operators.helpers import kernels
from ramiel.runtime import primitive_winograd, team_calls
from ramiel.runtime.onednn import OneDNN, UnsupportedError, onednn
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.primitive_winograd import Winograd
from ramiel.runtime.primitives import activation_of

has_avx512 = torch.backends.cpu.get_cpu_capability() == "AVX512"
pytestmark = pytest.mark.skipif(not has_avx512, reason="the machine code needs AVX-512")


def library() -> OneDNN:
    found = onednn()
    assert found is not None
    return found


def picture(*shape: int) -> torch.Tensor:
    return torch.randn(shape).contiguous(memory_format=torch.channels_last)


def check(
    shape: tuple[int, int, int, int],
    outputs: int,
    kernel: tuple[int, int],
    padding: tuple[int, int],
    has_bias: bool = True,
    adds: bool = False,
    activation: str | None = None,
) -> Winograd:
    """That it is the convolution in float64, but for 1e-5 of the largest of the sums."""
    torch.manual_seed(0)
    x, weight = picture(*shape), torch.randn(outputs, shape[1], *kernel)
    bias = torch.randn(outputs) if has_bias else None
    double = None if bias is None else bias.double()
    expected = F.conv2d(x.double(), weight.double(), double, padding=padding)
    addend = picture(*expected.shape) if adds else None
    if addend is not None:
        expected = expected + addend
    largest = expected.abs().max()
    after = None if activation is None else activation_of(activation, (), "none")
    if activation is not None:
        expected = kernels.ACTIVATIONS[activation](expected)
    window = 1, padding, 1, 1
    added = None if addend is None else addend.shape
    convolution = Winograd(library(), x.shape, weight, bias, window, after, added)
    actual = convolution(x, addend)
    assert actual.is_contiguous(memory_format=torch.channels_last)
    assert (actual - expected).abs().max() <= 1e-5 * largest
    return convolution


@pytest.mark.parametrize("kernel", [(3, 3), (1, 7), (7, 1), (3, 1), (1, 3), (5, 5), (3, 5)])
def test_filters_of_these_sizes(kernel: tuple[int, int]) -> None:
    same = kernel[0] // 2, kernel[1] // 2
    check((1, 16, 14, 17), 32, kernel, same)
    check((2, 16, 9, 11), 32, kernel, (0, 0))


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(
        *(st.integers(1, 2), st.integers(1, 40), st.integers(1, 21), st.integers(1, 21))
    ),
    outputs=st.integers(1, 40),
    padding=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    has_bias=st.booleans(),
    adds=st.booleans(),
    activation=st.sampled_from([None, "relu", "swish", "tanh"]),
)
def test_any_size(
    shape: tuple[int, int, int, int],
    outputs: int,
    padding: tuple[int, int],
    has_bias: bool,
    adds: bool,
    activation: str | None,
) -> None:
    check(shape, outputs, (3, 3), padding, has_bias, adds, activation)


def test_bands_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitive_winograd, "BAND_BYTES", 1 << 14)
    check((2, 16, 30, 14), 24, (3, 3), (1, 1), adds=True, activation="relu")
    check((1, 16, 30, 14), 24, (7, 1), (3, 0))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_the_tiles(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        check((1, 16, 14, 14), 16, (3, 3), (1, 1))
    finally:
        torch.set_num_threads(before)


def test_swish_of_large_numbers() -> None:
    x, weight, window = picture(1, 16, 4, 4), torch.zeros(16, 16, 3, 3), (1, 1, 1, 1)
    bias = torch.tensor([-1e30, -200.0, -90.0, -20.0, -1.0, 0.0, 1e-8, 1.0, 20.0, 90.0, 1e30, 5.0])
    bias = torch.cat([bias, torch.tensor([float("inf"), float("nan"), -5.0, 0.5])])
    made = Winograd(library(), x.shape, weight, bias, window, activation_of("swish", (), "none"))
    expected = F.silu(bias)
    torch.testing.assert_close(
        made(x)[0, 1:, 2, 2], expected[1:], rtol=1e-6, atol=1e-30, equal_nan=True
    )
    assert -1e-6 < made(x)[0, 0, 2, 2] <= 0


def test_not_a_number_stays_one_behind_relu() -> None:
    x = picture(1, 16, 8, 8)
    x[0, 3, 4, 4] = float("nan")
    after = activation_of("relu", (), "none")
    weight, window = torch.randn(16, 16, 3, 3), (1, 1, 1, 1)
    y = Winograd(library(), x.shape, weight, None, window, after)(x)
    assert y[0, :, 4, 4].isnan().all()


@pytest.mark.parametrize(
    ("kernel", "window"),
    [
        ((1, 1), (1, 0, 1, 1)),
        ((3, 3), (2, 1, 1, 1)),
        ((3, 3), (1, 1, 2, 1)),
        ((3, 3), (1, 1, 1, 2)),
        ((3, 3), (1, 3, 1, 1)),
        ((2, 2), (1, 1, 1, 1)),
        ((7, 7), (1, 3, 1, 1)),
    ],
)
def test_other_convolutions_are_refused(kernel: tuple[int, int], window: Any) -> None:
    weight = torch.randn(16, 16 // window[3], *kernel)
    with pytest.raises(UnsupportedError):
        Winograd(library(), (1, 16, 9, 9), weight, None, window, None)


def test_a_weight_goes_back_to_the_direct_convolution_where_there_is_no_team(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("functions", "functions_alone"):
        monkeypatch.setattr(team_calls, name, lambda: None)
    weight, x = torch.randn(16, 16, 3, 3), picture(1, 16, 9, 9)
    own = kernels.conv2d_winograd(weight, input_shape=tuple(x.shape), padding=1)
    y = kernels.conv2d(x, own, padding=1)
    torch.testing.assert_close(y, F.conv2d(x, weight, padding=1), rtol=1e-4, atol=1e-4)
    assert isinstance(own, PrimitiveWeight)
    [made] = own.primitives.values()
    assert made is not None and not isinstance(made, Winograd)


def test_rows_too_long_for_machine_code_are_refused() -> None:
    weight = torch.randn(16, 16, 3, 3)
    with pytest.raises(UnsupportedError, match="too large"):
        Winograd(library(), (1, 16, 9, 1 << 21), weight, None, (1, 1, 1, 1), None)


def test_images_of_other_sizes_share_the_filters() -> None:
    own = PrimitiveWeight.of(torch.randn(16, 16, 3, 3), "winograd")
    for size in (8, 12, 20):
        x = picture(1, 16, size, size)
        expected = F.conv2d(x, own.plain(), padding=1)
        actual = own.convolve(x, None, None, 1, 1, 1, 1, None, (), "none")
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
    assert all(isinstance(made, Winograd) for made in own.primitives.values())

    def again() -> torch.Tensor:
        raise AssertionError("they are laid out once")

    assert own.known.own("winograd", again).numel() >= 36 * 16 * 16

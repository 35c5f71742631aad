"""Depthwise convolutions and averages in machine code, beside float64 and PyTorch's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from channels_innermost import image, is_close
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ramiel.runtime.onednn import UnsupportedError, onednn
from ramiel.runtime.primitive_window import depthwise, images
from ramiel.runtime.primitives import activation_of, channels_last
from ramiel.runtime.windows import Windows

LIBRARY = onednn()
if LIBRARY is None or torch.backends.cpu.get_cpu_capability() != "AVX512":
    pytest.skip("no AVX-512, or no oneDNN", allow_module_level=True)


@pytest.fixture(params=[1, 2], autouse=True)
def threads(request: pytest.FixtureRequest) -> int:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    request.addfinalizer(lambda: torch.set_num_threads(before))
    return request.param


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_filter_for_each_channel(data: st.DataObject) -> None:
    draw = data.draw
    channels, count = draw(st.integers(16, 70)), draw(st.integers(1, 2))
    kernel, stride = ((draw(st.integers(1, most)), draw(st.integers(1, most))) for most in (7, 3))
    padding = draw(st.integers(0, kernel[0] - 1)), draw(st.integers(0, kernel[1] - 1))
    height, width = draw(st.integers(1, 34)), draw(st.integers(1, 34))
    assume(height + 2 * padding[0] >= kernel[0] and width + 2 * padding[1] >= kernel[1])
    has_bias, adds, name = (
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(["relu", "swish", None])),
    )
    torch.manual_seed(draw(st.integers(0, 99)))
    x, weight = image(count, channels, height, width), torch.randn(channels, 1, *kernel)
    bias = torch.randn(channels) if has_bias else None
    activation = None if name is None else activation_of(name, (), "none")
    expected = F.conv2d(
        *(x.double(), weight.double(), None if bias is None else bias.double()),
        *(stride, padding, 1, channels),
    )
    addend = image(*expected.shape) if adds else None
    expected = expected if addend is None else expected + addend
    expected = expected if name is None else {"relu": F.relu, "swish": F.silu}[name](expected)
    assert LIBRARY is not None
    window = stride, padding, 1, channels
    shape = None if addend is None else addend.shape
    made = depthwise(LIBRARY, x.shape, weight, bias, window, activation, shape)
    assert is_close(made(x, addend), expected)


@pytest.mark.parametrize("counts_padding", [False, True])
@pytest.mark.parametrize("name", [None, "relu"])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("factor", [1.0, 2.0])
@pytest.mark.parametrize(
    ("kernel", "stride"), [((3, 3), (1, 1)), ((2, 3), (2, 1)), ((1, 1), (1, 1))]
)
def test_averages(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    factor: float,
    adds: bool,
    name: str | None,
    counts_padding: bool,
) -> None:
    x, padding = image(2, 24, 9, 17), (kernel[0] // 2, kernel[1] // 2)
    expected = factor * F.avg_pool2d(
        x.double(), kernel, stride, padding, count_include_pad=counts_padding
    )
    addend = image(*expected.shape) if adds else None
    expected = expected if addend is None else expected + addend
    expected = expected if name is None else F.relu(expected)
    divisor = kernel[0] * kernel[1] if counts_padding else None
    size = expected.shape[2], expected.shape[3]
    windows = Windows(tuple(x.shape), size, kernel, stride, padding, adds, name, divisor, factor)
    whole = image(2, 64, *size)
    before, part = whole.clone(), whole[:, 32:56]
    images(windows, None, part.stride()).into(part, x, addend)
    assert is_close(part, expected)
    assert torch.equal(whole[:, :32], before[:, :32])
    assert torch.equal(whole[:, 56:], before[:, 56:])


def test_some_rows_alone_are_those_of_the_whole() -> None:
    assert LIBRARY is not None
    x, weight = image(1, 32, 12, 7), torch.randn(32, 1, 3, 3)
    made = depthwise(LIBRARY, x.shape, weight, None, (1, 1, 1, 32), None)
    assert made.window is not None
    y = image(1, 32, 12, 7)
    made.window.cut((1, 32, 5, 7), 1, 0).into(y[:, :, :4], x[:, :, :5])
    made.window.cut((1, 32, 9, 7), 0, 1).into(y[:, :, 4:], x[:, :, 3:])
    assert torch.equal(y, made(x))


@pytest.mark.parametrize(
    ("channels", "window", "name"),
    [
        (8, (1, 1, 1, 8), None),  # fewer than 16 channels
        (32, (1, 1, 2, 32), None),  # dilation
        (32, (1, 1, 1, 32), "tanh"),
        (32, (1, 4, 1, 32), None),  # a window of padding alone
    ],
)
def test_other_convolutions_are_left(
    channels: int, window: tuple[int, int, int, int], name: str | None
) -> None:
    assert LIBRARY is not None
    activation = None if name is None else activation_of(name, (), "none")
    shape, weight = (1, channels, 9, 9), torch.randn(channels, 1, 3, 3)
    with pytest.raises(UnsupportedError):
        depthwise(LIBRARY, shape, weight, None, window, activation)


def test_images_whose_channels_are_not_innermost_are_left() -> None:
    windows = Windows((1, 16, 4, 4), (4, 4))
    with pytest.raises(UnsupportedError):
        images(windows, None, (256, 16, 4, 1))
    assert images(windows, None, channels_last(windows.image)) is not None

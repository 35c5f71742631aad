"""Products of matrices in machine code, beside float64, in all ways that they are used."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from channels_innermost import image, is_close
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ramiel.operators.helpers import kernels
from ramiel.runtime import team_calls
from ramiel.runtime.onednn import UnsupportedError, onednn
from ramiel.runtime.primitive import Primitive
from ramiel.runtime.primitive_product import (
    Activated,
    Product,
    linear_product,
    pointwise_product,
)
from ramiel.runtime.primitive_weight import PrimitiveWeight
from ramiel.runtime.primitives import Activation, activation_of

LIBRARY = onednn()
if LIBRARY is None or torch.backends.cpu.get_cpu_capability() != "AVX512":
    pytest.skip("no AVX-512, or no oneDNN", allow_module_level=True)
POINTWISE = 1, 0, 1, 1
RELU = activation_of("relu", (), "none")


@pytest.fixture(params=[1, 2], autouse=True)
def threads(request: pytest.FixtureRequest) -> int:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    request.addfinalizer(lambda: torch.set_num_threads(before))
    return request.param


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_linear_is_the_sum_of_products(data: st.DataObject) -> None:
    rows, inputs, outputs = (data.draw(st.integers(*ends)) for ends in ((4, 70), (1, 90), (1, 130)))
    has_bias, adds, relu = (data.draw(st.booleans()) for _ in range(3))
    torch.manual_seed(data.draw(st.integers(0, 99)))
    x, weight = torch.randn(2, rows, inputs), torch.randn(outputs, inputs)
    bias = torch.randn(outputs) if has_bias else None
    addend = torch.randn(2, rows, outputs) if adds else None
    assert LIBRARY is not None
    product = linear_product(
        *(LIBRARY, x.shape, weight, bias, RELU if relu else None),
        None if addend is None else addend.shape,
    )
    assert isinstance(product, Product)
    expected = x.double() @ weight.double().t()
    for term in (bias, addend):
        expected = expected if term is None else expected + term
    assert is_close(product(x, addend), expected.clamp(min=0) if relu else expected)


@pytest.mark.parametrize("adds", [False, True])
def test_a_result_may_be_part_of_wider_rows(adds: bool) -> None:
    assert LIBRARY is not None
    x, weight, bias = image(1, 20, 5, 7), torch.randn(23, 20, 1, 1), torch.randn(23)
    addend = image(1, 23, 5, 7) if adds else None
    shape = None if addend is None else addend.shape
    product = pointwise_product(LIBRARY, x.shape, weight, bias, POINTWISE, RELU, shape)
    whole = image(1, 64, 5, 7)
    before = whole.clone()
    part = whole[:, 16:39]
    assert isinstance(product, Product) and product.placed is not None
    product.placed(part.stride()).into(part, x, addend)
    assert torch.equal(part.contiguous(), product(x, addend).contiguous())
    assert torch.equal(whole[:, :16], before[:, :16])
    assert torch.equal(whole[:, 39:], before[:, 39:])
    with pytest.raises(UnsupportedError):
        product.placed((20 * 35, 1, 7 * 64 + 8, 64))


def test_some_rows_alone_are_those_of_the_whole() -> None:
    assert LIBRARY is not None
    x, weight = image(1, 20, 6, 7), torch.randn(9, 20, 1, 1)
    product = pointwise_product(LIBRARY, x.shape, weight, None, POINTWISE, None)
    assert isinstance(product, Product) and product.window is not None
    y = image(1, 9, 6, 7)
    product.window.cut((1, 20, 4, 7), 0, 0).into(y[:, :, 1:5], x[:, :, 1:5])
    assert torch.equal(y[:, :, 1:5], product(x)[:, :, 1:5])


OF_TORCH = {"relu": F.relu, "gelu": F.gelu, "swish": F.silu}


@pytest.mark.parametrize("name", OF_TORCH)
def test_activations_are_as_float64_has_them(name: str) -> None:
    assert LIBRARY is not None
    x = torch.cat([torch.linspace(-30, 30, 2000), torch.tensor([0.0, -0.0, 1e-30, 1e30])])
    x = x.view(-1, 4).t().contiguous()
    activation = activation_of(name, (), "none")
    product = linear_product(LIBRARY, x.shape, torch.eye(x.shape[1]), None, activation)
    assert isinstance(product, Product)
    expected = OF_TORCH[name](x.double())
    assert ((product(x) - expected).abs() <= 3e-7 * x.abs().clamp(min=1)).all()


@pytest.mark.parametrize("name", OF_TORCH)
def test_not_a_number_stays_one(name: str) -> None:
    assert LIBRARY is not None
    x, activation = torch.full((4, 3), math.nan), activation_of(name, (), "none")
    assert linear_product(LIBRARY, x.shape, torch.ones(5, 3), None, activation)(x).isnan().all()


def test_other_activations_follow() -> None:
    assert LIBRARY is not None
    x, weight = torch.randn(6, 10), torch.randn(33, 10)
    product = linear_product(LIBRARY, x.shape, weight, None, activation_of("tanh", (), "none"))
    assert isinstance(product, Activated)
    assert is_close(product(x), (x.double() @ weight.double().t()).tanh())


@pytest.mark.parametrize(
    ("weight", "window"),
    [
        (torch.ones(4, 4, 3, 3), POINTWISE),
        (torch.ones(4, 4, 1, 1), (2, 0, 1, 1)),
        (torch.ones(4, 4, 1, 1), (1, 1, 1, 1)),
        (torch.ones(4, 4, 1, 1).double(), POINTWISE),
    ],
)
def test_other_convolutions_are_left(weight: Tensor, window: tuple[int, int, int, int]) -> None:
    assert LIBRARY is not None
    with pytest.raises(UnsupportedError):
        pointwise_product(LIBRARY, (1, 4, 8, 8), weight, None, window, None)
    with pytest.raises(UnsupportedError):
        linear_product(LIBRARY, (3, 4), torch.ones(5, 4), None, Activation(0x20))


@pytest.mark.parametrize(
    ("lay_out", "shape", "groups"),
    [
        (kernels.conv2d_product, (16, 16, 1, 1), 1),
        (kernels.conv2d_depthwise, (16, 1, 3, 3), 16),
    ],
)
def test_a_weight_goes_back_to_onednn_where_there_is_no_team(
    lay_out: Callable[..., Tensor],
    shape: tuple[int, ...],
    groups: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("functions", "functions_alone"):
        monkeypatch.setattr(team_calls, name, lambda: None)
    weight, x = torch.randn(shape), image(1, 16, 9, 9)
    given = {} if groups == 1 else {"groups": groups}
    own = lay_out(weight, input_shape=tuple(x.shape), **given)
    y = kernels.conv2d(x, own, groups=groups)
    assert is_close(y, F.conv2d(x.double(), weight.double(), groups=groups))
    assert isinstance(own, PrimitiveWeight)
    [made] = own.primitives.values()
    assert isinstance(made, Primitive)

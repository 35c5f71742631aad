"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

RANDOM = np.random.default_rng(0)


def floats(*shape: int, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    ("left", "right"),
    [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 1, 2, 3), (4, 3, 2))],
)
def test_matmul(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    check("MatMul", [floats(*left), floats(*right)])


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_matmul_of_integers(dtype: str) -> None:
    x = RANDOM.integers(0, 100, (2, 3)).astype(dtype)
    check("MatMul", [x, x.T.copy()])


@pytest.mark.parametrize("shape", [None, (), (1,), (4,), (2, 1), (1, 4), (2, 4)])
@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.5, 2.0), (0.5, 0.0)])
def test_gemm(shape: tuple[int, ...] | None, transposed: int, alpha: float, beta: float) -> None:
    a = floats(3, 2) if transposed else floats(2, 3)
    b = floats(4, 3) if transposed else floats(3, 4)
    c = [] if shape is None else [floats(*shape)]
    flags: dict[str, Any] = {
        "transA": transposed,
        "transB": transposed,
        "alpha": alpha,
        "beta": beta,
    }
    check("Gemm", [a, b, *c], **flags)


def test_gemm_of_integers() -> None:
    a, b = np.arange(6, dtype=np.int32).reshape(2, 3), np.arange(12, dtype=np.int32).reshape(3, 4)
    check(
        "Gemm",
        [a, b, np.arange(4, dtype=np.int32)],
        expected=[a @ b + np.arange(4, dtype=np.int32)],
    )


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("b i j , b j k", [(2, 3, 4), (2, 4, 5)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("i->", [(3,)]),
    ],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]]) -> None:
    operands = [floats(*shape) for shape in shapes]
    check("Einsum", operands, equation=equation, expected=[np.einsum(equation, *operands)])


def test_det() -> None:
    check("Det", [floats(3, 3)])
    check("Det", [floats(2, 4, 3, 3)])


@pytest.mark.parametrize(
    ("flags", "bias", "expected"),
    [
        ({"transB": 1}, (4,), "F.linear(x0, x1, x2)"),
        ({"transB": 1}, None, "F.linear(x0, x1)"),
        ({}, (4,), "torch.addmm(x2, x0, x1)"),
        ({"alpha": 0.5}, (4,), "torch.addmm(x2, x0, x1, alpha=0.5)"),
        ({}, None, "x0 @ x1"),
    ],
)
def test_gemm_reads_as_written_by_hand(
    flags: dict[str, Any], bias: tuple[int, ...] | None, expected: str
) -> None:
    weight = floats(4, 3) if flags.get("transB") else floats(3, 4)
    operands = [floats(2, 3), weight] + ([] if bias is None else [floats(*bias)])
    assert lines(model_of("Gemm", operands, **flags)) == [expected]

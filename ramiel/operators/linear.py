"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast, coefficient, narrow, widen
from ramiel.operators.registry import Values, callee, meaning


def inner_product_flops(op: CallOp) -> int:
    """Two for each element of the result and of the first operand's last dimension."""
    result = tensors.static_shape(op.results[0].type)
    operand = tensors.static_shape(op.operands[0].type)
    return 2 * prod(result) * operand[-1] if result is not None and operand else 1


def addmm_flops(op: CallOp) -> int:
    """Two for each element of the result and of the inner dimension."""
    result = tensors.static_shape(op.results[0].type)
    left = tensors.static_shape(op.operands[1].type)
    return 2 * prod(result) * left[-1] if result is not None and left else 1


def einsum_flops(op: CallOp) -> int:
    """Two for each combination of all subscripts."""
    sizes: dict[str, int] = {}
    terms = str(op.literal("equation")).split("->")[0].replace(" ", "").split(",")
    for term, operand in zip(terms, op.operands, strict=False):
        shape = tensors.static_shape(operand.type) or ()
        sizes.update(zip(term.replace("...", ""), shape, strict=False))
    return 2 * prod(sizes.values())


callee("operator.matmul", "input, other", "{input} @ {other}", flops=inner_product_flops)
callee("torch.nn.functional.linear", "input, weight, bias=None", flops=inner_product_flops)
callee("torch.addmm", "input, mat1, mat2, *, beta=1, alpha=1", flops=addmm_flops)
callee("torch.einsum", "equation, /, *operands", flops=einsum_flops)
callee("torch.linalg.det", "A")
callee("matrix_transpose", "input", "{input}.T", view=True)


@meaning("MatMul")
def matmul(op: OnnxOperation, emit: Emitter) -> Values:
    """x·y as numpy.matmul has it."""
    x, y = op.input(0), op.input(1)
    return narrow(emit, emit("operator.matmul", widen(emit, x), widen(emit, y)), like=x)


@meaning("Gemm")
def gemm(op: OnnxOperation, emit: Emitter) -> Values:
    """α·A'·B' + β·C, with A' and B' transposed on demand.

    `F.linear(x, w, b)` where that says it.
    """
    a, b, c = op.input(0), op.input(1), op.optional_input(2)
    alpha, beta = coefficient(op, emit, "alpha", 1.0), coefficient(op, emit, "beta", 1.0)
    if emit.dtype(a).kind in "iu":
        return _integer_gemm(op, emit, alpha, beta)
    if op.integer("transA"):
        a = emit("matrix_transpose", a)
    is_linear = alpha == 1 and (c is None or (beta == 1 and _is_bias(emit, b, c)))
    if op.integer("transB") and is_linear:
        return emit("torch.nn.functional.linear", a, b, *([] if c is None else [c]))
    if op.integer("transB"):
        b = emit("matrix_transpose", b)
    if c is not None and beta != 0:
        scale = {"alpha": alpha, "beta": beta}
        used: dict[str, Any] = {name: number for name, number in scale.items() if number != 1}
        return emit("torch.addmm", c, a, b, **used)
    product = emit("operator.matmul", a, b)
    return product if alpha == 1 else emit("operator.mul", product, other=alpha)


def _is_bias(emit: Emitter, weight: SSAValue, c: SSAValue) -> bool:
    """Whether C has one number for each column of the product."""
    shape, rows = emit.shape(c), tensors.dims_of(weight.type)
    return shape is not None and rows is not None and len(rows) == 2 and shape == (rows[0],)


def _integer_gemm(op: OnnxOperation, emit: Emitter, alpha: float, beta: float) -> SSAValue:
    """In int64; factors that are no integers have no exact meaning there."""
    if not (alpha.is_integer() and beta.is_integer()):
        emit.refuse("is supported for integers with integer alpha and beta only")
    a, b = cast(emit, op.input(0), "int64"), cast(emit, op.input(1), "int64")
    a = emit("matrix_transpose", a) if op.integer("transA") else a
    b = emit("matrix_transpose", b) if op.integer("transB") else b
    result = emit("operator.matmul", a, b)
    c = op.optional_input(2)
    if alpha != 1:
        result = emit("operator.mul", result, other=int(alpha))
    if c is not None:
        addend = cast(emit, c, "int64")
        addend = addend if beta == 1 else emit("operator.mul", addend, other=int(beta))
        result = emit("operator.add", result, addend)
    return emit("Tensor.to", result, dtype=emit.dtype(op.input(0)))


@meaning("Einsum")
def einsum(op: OnnxOperation, emit: Emitter) -> Values:
    """The sum of products that an equation with subscripts describes."""
    operands = [value for value in op.inputs if value is not None]
    equation = op.text("equation").replace(" ", "")
    if widen(emit, operands[0]) is not operands[0]:
        wide = emit("torch.einsum", *[widen(emit, x) for x in operands], equation=equation)
        return narrow(emit, wide, like=operands[0])
    return emit("torch.einsum", *operands, equation=equation)


@meaning("Det")
def det(op: OnnxOperation, emit: Emitter) -> Values:
    """The determinant of each matrix in the last two dimensions."""
    x = op.input(0)
    if emit.dtype(x).itemsize > 2:
        return emit("torch.linalg.det", x)
    single = emit("torch.linalg.det", cast(emit, x, np.dtype(np.float32)))
    return emit("Tensor.to", single, dtype=emit.dtype(x))

"""Operators on quantized tensors beside those of the standard.

ONNX Runtime defines most of them as: dequantize, compute in float32, quantize.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.convolution import known_elements, quantized_convolution
from ramiel.operators.emitter import Emitter
from ramiel.operators.linear import inner_product_flops
from ramiel.operators.microsoft.standard import channels_first, channels_last, emit_standard
from ramiel.operators.quantization import dequantize_linear, quantize_linear
from ramiel.operators.registry import Values, callee, meaning

meaning("QuantizeLinear", domain=MICROSOFT)(quantize_linear)
meaning("DequantizeLinear", domain=MICROSOFT)(dequantize_linear)
callee(
    "operators.matmul_integer_to_float",
    "a, b, a_scale, b_scale, a_zero_point=None, b_zero_point=None, bias=None",
    flops=inner_product_flops,
    helper="microsoft_quantization.matmul_integer_to_float",
)
for _name in ("quantized_sum", "quantized_product"):
    callee(
        f"operators.{_name}",
        "a, a_scale, b, b_scale, c_scale, a_zero_point=None, b_zero_point=None, c_zero_point=None",
        helper=f"microsoft_quantization.{_name}",
    )
callee(
    "operators.quantize_shifted",
    "x, scale, zero_point",
    helper="microsoft_quantization.quantize_shifted",
)
callee(
    "operators.quantized_softmax",
    "x, x_scale, y_scale, y_zero_point, axis=-1, to_the_end=False",
    flops=lambda op: 8 * known_elements(op.operands[0]),
    helper="microsoft_quantization.quantized_softmax",
)
callee(
    "operators.quantized_global_average",
    "x, x_scale, x_zero_point, y_scale, y_zero_point",
    flops=lambda op: known_elements(op.operands[0]),
    helper="microsoft_quantization.quantized_global_average",
)
callee(
    "operators.dynamic_quantize_matmul",
    "a, b, b_scale, b_zero_point=None, bias=None",
    flops=inner_product_flops,
    helper="microsoft_quantization.dynamic_quantize_matmul",
)
callee(
    "operators.quantized_gemm",
    "a, a_scale, a_zero_point, b, b_scale, b_zero_point, c=None, y_scale=None, y_zero_point=None, "
    "alpha=1.0, transpose_a=False, transpose_b=False",
    flops=inner_product_flops,
    helper="microsoft_quantization.quantized_gemm",
)
callee(
    "operators.gather_blocks",
    "data, indices, scales, zero_points=None, *, bits=4, block_size=128, gather_axis=0, "
    "quantize_axis=1, is_packed=False",
    helper="microsoft_quantization.gather_blocks",
)


def dequantized(op: OnnxOperation, emit: Emitter, index: int) -> SSAValue:
    """The operand at a position as float32; its scale and zero point stand behind it."""
    x, scale, zero_point = op.input(index), op.input(index + 1), op.optional_input(index + 2)
    operands = [x, scale, *([] if zero_point is None else [zero_point])]
    return emit(
        "operators.dequantize", *operands, type=tensors.tensor_type(f32, tensors.dims_of(x.type))
    )


def quantized(op: OnnxOperation, emit: Emitter, y: SSAValue, index: int) -> SSAValue:
    """The float32 result in the dtype of the first operand, by the scale at a position."""
    zero_point = op.optional_input(index + 1)
    dtype = emit.dtype(op.input(0) if zero_point is None else zero_point)
    given = [] if zero_point is None else [zero_point]
    return emit("operators.quantize", y, op.input(index), *given, dtype=dtype)


@meaning("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def binary(op: OnnxOperation, emit: Emitter) -> Values:
    """a + b, a·b."""
    operands = [op.input(index) for index in (0, 1, 3, 4, 6)]
    names = ("A_zero_point", "B_zero_point", "C_zero_point")
    zero_points: dict[str, Any] = {name.lower(): op.operand(name) for name in names}
    key = {"QLinearAdd": "quantized_sum", "QLinearMul": "quantized_product"}[op.operator]
    return emit(f"operators.{key}", *operands, **zero_points)


@meaning("QLinearLeakyRelu", "QLinearSigmoid", domain=MICROSOFT)
def unary(op: OnnxOperation, emit: Emitter) -> Values:
    """f(x)."""
    operator = op.operator.removeprefix("QLinear")
    return quantized(op, emit, emit_standard(emit, operator, [dequantized(op, emit, 0)], op), 3)


@meaning("QLinearSoftmax", domain=MICROSOFT)
def softmax(op: OnnxOperation, emit: Emitter) -> Values:
    """exp(x) / Σ exp(x) along an axis, before opset 13 along all from the axis on."""
    return emit(
        "operators.quantized_softmax",
        *[op.input(index) for index in (0, 1, 3)],
        _zero_point(op, emit),
        axis=op.integer("axis"),
        to_the_end=op.integer("opset") < 13,
    )


@meaning("QLinearAveragePool", domain=MICROSOFT)
def average_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The average of each window."""
    if op.integer("ceil_mode") and op.integer("count_include_pad"):
        emit.refuse("with ceil_mode and count_include_pad differs between ONNX and ONNX Runtime")
    x = dequantized(op, emit, 0)
    if op.integer("channels_last"):
        y = emit_standard(emit, "AveragePool", [channels_first(emit, x)], op)
        y = channels_last(emit, y, emit.rank(x))
    else:
        y = emit_standard(emit, "AveragePool", [x], op)
    return emit("operators.quantize_shifted", y, op.input(3), _zero_point(op, emit))


def _zero_point(op: OnnxOperation, emit: Emitter) -> SSAValue:
    """That of the result, 0 if it is absent."""
    given = op.optional_input(4)
    return emit.tensor(np.zeros((), emit.dtype(op.input(0)))) if given is None else given


@meaning("QLinearGlobalAveragePool", domain=MICROSOFT)
def global_average_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The average of each channel."""
    x, *scales = (op.input(index) for index in range(5))
    is_last = bool(op.integer("channels_last"))
    x = channels_first(emit, x) if is_last else x
    y = emit("operators.quantized_global_average", x, *scales)
    return channels_last(emit, y, emit.rank(x)) if is_last else y


@meaning("NhwcMaxPool", domain=MICROSOFT)
def nhwc_max_pool(op: OnnxOperation, emit: Emitter) -> Values:
    """The largest element of each window, channels last."""
    y = emit_standard(emit, "MaxPool", [channels_first(emit, op.input(0))], op)
    return channels_last(emit, y, emit.rank(op.input(0)))


@meaning("QLinearConv", domain=MICROSOFT)
def convolution(op: OnnxOperation, emit: Emitter) -> Values:
    """A convolution of dequantized operands, quantized again; channels may be last."""
    if not op.integer("channels_last"):
        return quantized_convolution(op, emit)
    inputs = [channels_first(emit, op.input(0)), *op.inputs[1:]]
    y = emit_standard(emit, "QLinearConv", inputs, op)
    return channels_last(emit, y, emit.rank(op.input(0)))


@meaning("QLinearConcat", domain=MICROSOFT)
def concatenate(op: OnnxOperation, emit: Emitter) -> Values:
    """Tensors of several scales one behind the other, in one scale."""
    parts = [dequantized(op, emit, index) for index in range(2, len(op.inputs), 3)]
    joined = emit("torch.cat", *parts, dim=op.integer("axis"))
    return emit(
        "operators.quantize", joined, op.input(0), op.input(1), dtype=emit.dtype(op.input(1))
    )


@meaning("QLinearWhere", domain=MICROSOFT)
def where(op: OnnxOperation, emit: Emitter) -> Values:
    """x where the condition holds, else y."""
    values = dequantized(op, emit, 1), dequantized(op, emit, 4)
    chosen = emit("torch.where", op.input(0), *values)
    return emit(
        "operators.quantize", chosen, op.input(7), op.input(8), dtype=emit.dtype(op.input(8))
    )


@meaning("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_to_float(op: OnnxOperation, emit: Emitter) -> Values:
    """(a - a's zero point)·(b - b's zero point), times both scales, + bias."""
    names = ("a_zero_point", "b_zero_point", "bias")
    rest: dict[str, Any] = {name: op.operand(name) for name in names}
    operands = [op.input(index) for index in range(4)]
    return emit("operators.matmul_integer_to_float", *operands, **rest)


@meaning("DynamicQuantizeMatMul", domain=MICROSOFT)
def matmul_of_float(op: OnnxOperation, emit: Emitter) -> Values:
    """The same, a quantized over its own range first."""
    rest: dict[str, Any] = {name: op.operand(name) for name in ("b_zero_point", "bias")}
    operands = [op.input(index) for index in range(3)]
    return emit("operators.dynamic_quantize_matmul", *operands, **rest)


@meaning("QGemm", domain=MICROSOFT)
def gemm_of_integers(op: OnnxOperation, emit: Emitter) -> Values:
    """α·A'·B' + C of quantized A and B; float32 if no scale is given for the result."""
    rest: dict[str, Any] = {
        "c": op.operand("C"),
        "y_scale": op.operand("y_scale"),
        "y_zero_point": op.operand("y_zero_point"),
    }
    return emit(
        "operators.quantized_gemm",
        *[op.input(index) for index in range(6)],
        **rest,
        alpha=op.number("alpha"),
        transpose_a=bool(op.integer("transA")),
        transpose_b=bool(op.integer("transB")),
    )


@meaning("GatherBlockQuantized", domain=MICROSOFT)
def gather_from_blocks(op: OnnxOperation, emit: Emitter) -> Values:
    """Slices of a tensor that is quantized block by block along an axis."""
    names = ("bits", "block_size", "gather_axis", "quantize_axis")
    integers: dict[str, Any] = {name: op.integer(name) for name in names}
    zero_points: dict[str, Any] = {"zero_points": op.operand("zero_points")}
    return emit(
        "operators.gather_blocks",
        *[op.input(index) for index in range(3)],
        **zero_points,
        **integers,
        is_packed=emit.dtype(op.input(0)).name == "uint8" and op.integer("bits") < 8,
    )

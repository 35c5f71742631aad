"""Quantized tensors: conversion from and to floats, and matrix products of integers.

Rounding is to the nearest, ties to even, before the zero point is added, as ONNX has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.linear import inner_product_flops
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.quantize",
    "x, scale, zero_point=None, *, dtype=None, axis=1, block_size=0, precision=None, saturate=True",
    helper="quantization.quantize",
)
callee(
    "operators.dequantize",
    "x, scale, zero_point=None, *, axis=1, block_size=0, dtype=None",
    helper="quantization.dequantize",
)
callee("operators.dynamic_quantize", "x", helper="quantization.dynamic_quantize")
callee(
    "operators.matmul_integer",
    "a, b, a_zero_point=None, b_zero_point=None",
    flops=inner_product_flops,
    helper="quantization.matmul_integer",
)
callee(
    "operators.qlinear_matmul",
    "a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point",
    flops=inner_product_flops,
    helper="quantization.qlinear_matmul",
)


def _attribute(op: OnnxOperation, name: str, default: int) -> int:
    """An attribute that older versions of the operator do not have."""
    return op.integer(name, default) if name in op.SCHEMA.attributes else default


def _given_dtype(op: OnnxOperation, name: str) -> np.dtype[Any] | None:
    number = _attribute(op, name, 0)
    return element_types.of_onnx(number).numpy if number else None


def _operands(op: OnnxOperation) -> list[SSAValue]:
    """x, the scale and, if there is one, the zero point."""
    zero_point = op.optional_input(2)
    return [op.input(0), op.input(1), *([] if zero_point is None else [zero_point])]


def _axis(op: OnnxOperation) -> int | None:
    """The axis of the scales, None for the default."""
    axis = _attribute(op, "axis", 1)
    return None if axis == 1 else axis


@meaning("QuantizeLinear")
def quantize_linear(op: OnnxOperation, emit: Emitter) -> Values:
    """saturate(round(x / scale) + zero point)."""
    operands = _operands(op)
    dtype = _given_dtype(op, "output_dtype") or np.dtype(np.uint8)
    dtype = emit.dtype(operands[2]) if len(operands) > 2 else dtype
    if element_types.of_numpy(dtype).torch is None or emit.dtype(op.input(1)).itemsize == 1:
        emit.refuse(f"to {dtype} with scales of {emit.dtype(op.input(1))} is not supported")
    return emit(
        "operators.quantize",
        *operands,
        dtype=dtype,
        axis=_axis(op),
        block_size=_attribute(op, "block_size", 0),
        precision=_given_dtype(op, "precision"),
        saturate=bool(_attribute(op, "saturate", 1)),
    )


@meaning("DequantizeLinear")
def dequantize_linear(op: OnnxOperation, emit: Emitter) -> Values:
    """(x - zero point) · scale."""
    operands = _operands(op)
    x, scale = emit.dtype(operands[0]), emit.dtype(operands[1])
    is_packed_float = x.name.startswith("float") and element_types.of_numpy(x).torch is None
    if is_packed_float or scale.itemsize == 1:
        emit.refuse(f"of {x} with scales of {scale} is not supported")
    return emit(
        "operators.dequantize",
        *operands,
        axis=_axis(op),
        block_size=_attribute(op, "block_size", 0),
        dtype=_given_dtype(op, "output_dtype"),
    )


@meaning("DynamicQuantizeLinear")
def dynamic_quantize_linear(op: OnnxOperation, emit: Emitter) -> Values:
    """x quantized to uint8 over its own range and zero, the scale and the zero point."""
    return emit.many("operators.dynamic_quantize", op.input(0), count=3)


@meaning("MatMulInteger")
def matmul_of_integers(op: OnnxOperation, emit: Emitter) -> Values:
    """(a - a's zero point) · (b - b's zero point) in int32."""
    names: dict[str, Any] = {
        "a_zero_point": op.optional_input(2),
        "b_zero_point": op.optional_input(3),
    }
    return emit("operators.matmul_integer", op.input(0), op.input(1), **names)


@meaning("QLinearMatMul")
def quantized_matmul(op: OnnxOperation, emit: Emitter) -> Values:
    """The product of two quantized tensors, quantized."""
    if emit.dtype(op.input(0)).kind not in "iu" or emit.dtype(op.input(7)).kind not in "iu":
        emit.refuse("is supported for integers only")
    return emit("operators.qlinear_matmul", *[op.input(index) for index in range(8)])

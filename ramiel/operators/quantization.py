"""Quantized tensors: conversion from and to floats, and matrix products of integers.

Rounding is to the nearest, ties to even, before the zero point is added, as ONNX has it.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from ramiel import element_types
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.casting import convert
from ramiel.operators.emitter import Emitter
from ramiel.operators.linear import inner_product_flops
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.quantize",
    "x, scale, zero_point=None, *, dtype=None, axis=1, block_size=0, precision=None, limits=None",
    helper="quantization.quantize",
)
callee(
    "operators.scale_down",
    "x, scale, zero_point=None, *, axis=1, block_size=0, precision=None",
    helper="quantization.scale_down",
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
    element = element_types.of_numpy(dtype)
    arguments: dict[str, Any] = {
        "axis": _axis(op),
        "block_size": _attribute(op, "block_size", 0),
        "precision": _given_dtype(op, "precision") or _precision(emit.dtype(operands[1])),
    }
    if not isinstance(element.mlir, IntegerType):
        value = emit("operators.scale_down", *operands, **arguments)
        return convert(emit, value, dtype, saturate=bool(_attribute(op, "saturate", 1)))
    info = ml_dtypes.iinfo(dtype)
    limits = [int(info.min), int(info.max)] if element.carried else None
    return emit("operators.quantize", *operands, dtype=dtype, limits=limits, **arguments)


def _precision(scale: np.dtype[Any]) -> np.dtype[Any] | None:
    """What x is divided in by scales that no division can be in, None for all others."""
    if scale.name == "float8_e8m0fnu":
        return np.dtype(np.float32)
    return np.dtype(np.float64) if scale.kind in "iu" else None


@meaning("DequantizeLinear")
def dequantize_linear(op: OnnxOperation, emit: Emitter) -> Values:
    """(x - zero point) · scale."""
    operands = _operands(op)
    scale, dtype = emit.dtype(operands[1]), _given_dtype(op, "output_dtype")
    if dtype is None and scale.itemsize == 1:
        emit.refuse(f"with scales of {scale} needs an output_dtype")
    return emit(
        "operators.dequantize",
        *operands,
        axis=_axis(op),
        block_size=_attribute(op, "block_size", 0),
        dtype=dtype,
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

"""Element types of 8 bits and fewer: casts between all of them, bit for bit as ONNX has them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from checking import check, lines, model_of, run
from onnx import helper
from onnx.reference.ops.op_cast import cast_to

from ramiel.errors import RamielError
from ramiel.tensors import Array

INTEGERS = ["int4", "uint4", "int2", "uint2"]
SMALL_FLOATS = ["float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"]
FLOATS_OF_8_BITS = ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"]
SMALL = [*INTEGERS, *SMALL_FLOATS, *FLOATS_OF_8_BITS, "float8_e8m0fnu"]
WIDE = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]
OPSET = onnx.defs.onnx_opset_version()


def dtype_of(name: str) -> np.dtype[Any]:
    """A numpy dtype, from ml_dtypes where numpy has none."""
    return np.dtype(getattr(ml_dtypes, name, name))


def every_value(name: str) -> Array:
    """All values of a dtype of 16 bits and fewer; of wider ones, all of float16 and their like."""
    dtype = dtype_of(name)
    if name == "bool":
        return np.array([False, True])
    if name in INTEGERS:
        info = ml_dtypes.iinfo(dtype)
        return np.arange(int(info.min), int(info.max) + 1).astype(dtype)
    if name in SMALL_FLOATS:
        return np.arange(2 ** int(name[5]), dtype=np.uint8).view(dtype)
    if dtype.itemsize == 1:
        return np.arange(256, dtype=np.uint8).view(dtype)
    if dtype.itemsize == 2:
        return np.arange(2**16, dtype=np.uint16).view(dtype)
    if dtype.kind == "i":
        return np.arange(-3000, 3000, dtype=dtype)
    halves = every_value("float16").astype(dtype)
    beside = np.nextafter(halves, np.array(np.inf, dtype))
    return np.concatenate([halves, beside, np.nextafter(halves, np.array(-np.inf, dtype))])


def representable(x: Array, name: str) -> Array:
    """What ONNX defines the cast of: integers take what an int32 holds, e8m0 no negative ones."""
    if x.dtype.kind in "iub":
        return x
    wide = x.astype(np.float64)
    if name in SMALL_FLOATS and x.dtype.name.endswith("fnuz"):
        return x[~np.isnan(wide)]  # it has one NaN, whose sign as a float32 is nobody's promise
    if name in INTEGERS:
        return x[np.abs(wide) < 2**31]
    return x[(wide >= 0) | np.isnan(wide)] if name == "float8_e8m0fnu" else x


def bits(x: Array) -> Array:
    """The bytes of an array; all NaN alike."""
    if x.dtype.kind in "iub" or x.dtype.name in (*INTEGERS, *SMALL_FLOATS):
        return x.astype(np.float64)
    return np.where(np.isnan(x.astype(np.float64)), 255, x.view(f"u{x.dtype.itemsize}"))


def assert_same_bits(found: Array, expected: Array) -> None:
    """Equal dtypes and bits: -0 is not 0."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(bits(found), bits(expected))
    if found.dtype.name in SMALL_FLOATS:
        np.testing.assert_array_equal(
            np.signbit(found.astype(np.float32)), np.signbit(expected.astype(np.float32))
        )


def cast(x: Array, to: str, **attributes: Any) -> tuple[Array, Array]:
    """What the compiled Cast gives, and what ONNX's reference does."""
    number = helper.np_dtype_to_tensor_dtype(dtype_of(to))
    [found] = run(model_of("Cast", [x], opset=OPSET, to=number, **attributes), [x])
    round_mode = attributes.get("round_mode", "up")
    if x.dtype.name in SMALL:
        # ml_dtypes has no casts between all of its own; float32 holds each of their values.
        x = x.astype(np.int32 if x.dtype.name in INTEGERS else np.float32)
    return found, cast_to(x, number, bool(attributes.get("saturate", 1)), round_mode)


@pytest.mark.parametrize("to", SMALL)
@pytest.mark.parametrize("source", [*SMALL, *WIDE])
def test_cast_to_a_small_type(source: str, to: str) -> None:
    if source == to:
        return
    assert_same_bits(*cast(representable(every_value(source), to), to))


@pytest.mark.parametrize("source", SMALL)
@pytest.mark.parametrize("to", WIDE)
def test_cast_from_a_small_type(source: str, to: str) -> None:
    x = every_value(source)
    if dtype_of(to).kind in "iu":
        limits = np.iinfo(to)
        wide = x.astype(np.float64)
        x = x[(wide >= limits.min) & (wide <= limits.max)]
    assert_same_bits(*cast(x, to))


@pytest.mark.parametrize("to", FLOATS_OF_8_BITS)
@pytest.mark.parametrize("source", ["float16", "bfloat16", "float32"])
def test_cast_without_saturation(source: str, to: str) -> None:
    assert_same_bits(*cast(every_value(source), to, saturate=0))


@pytest.mark.parametrize("saturate", [0, 1])
@pytest.mark.parametrize("round_mode", ["up", "down", "nearest"])
def test_cast_to_powers_of_two(round_mode: str, saturate: int) -> None:
    x = representable(every_value("float32"), "float8_e8m0fnu")
    largest = np.array([2.0**127, 3.4e38, 2.0**-127, 1e-45, 5.9e-39], np.float32)
    x = np.concatenate([x, largest])
    assert_same_bits(*cast(x, "float8_e8m0fnu", saturate=saturate, round_mode=round_mode))


def test_casts_read_as_written_by_hand() -> None:
    x = np.zeros(3, np.float32)
    number = helper.np_dtype_to_tensor_dtype(dtype_of("int4"))
    model = model_of("Cast", [x], opset=OPSET, to=number)
    assert lines(model) == ["operators.wrap_to_bits(x0, bits=4)"]


@pytest.mark.parametrize("name", [*INTEGERS, "float4_e2m1fn", "float8_e8m0fnu"])
def test_moving_elements_keeps_their_type(name: str) -> None:
    x = every_value(name)[:4].reshape(2, 2)
    for operator, operands in [
        ("Transpose", [x]),
        ("Reshape", [x, np.array([4])]),
        ("Identity", [x]),
        ("Unsqueeze", [x, np.array([0])]),
        ("Pad", [x, np.array([1, 0, 0, 1]), x[1, 1]]),
    ]:
        check(operator, operands, opset=OPSET, rtol=0, atol=0)


@pytest.mark.parametrize("name", INTEGERS)
def test_reinterpreting_bits(name: str) -> None:
    other = name.removeprefix("u") if name.startswith("u") else f"u{name}"
    number = helper.np_dtype_to_tensor_dtype(dtype_of(other))
    x = every_value(name)
    check(
        "BitCast",
        [x],
        opset=OPSET,
        to=number,
        expected=[x.astype(np.int32).astype(dtype_of(other))],
    )


def test_reinterpreting_bool() -> None:
    x = np.array([True, False])
    check("BitCast", [x], opset=OPSET, to=onnx.TensorProto.UINT8)
    check("BitCast", [x], opset=OPSET, to=onnx.TensorProto.INT8)
    check("BitCast", [np.array([0, 1], np.int8)], opset=OPSET, to=onnx.TensorProto.BOOL)


@pytest.mark.parametrize(("name", "type"), [("int4", "int4"), ("float4_e2m1fn", "float4e2m1")])
def test_arithmetic_that_onnx_does_not_define_is_refused(name: str, type: str) -> None:
    model = model_of("Neg", [every_value(name)], opset=OPSET)
    with pytest.raises(RamielError, match=rf"node 'node' .Neg.: operand 0 .X. is tensor.{type}."):
        lines(model)


@pytest.mark.parametrize("attributes", [{}, {"is_causal": 1}, {"scale": 0.3}])
def test_attention_in_float16_is_the_references_bit_for_bit(attributes: dict[str, Any]) -> None:
    random = np.random.default_rng(3)
    shapes = [(2, 3, 4, 8), (2, 3, 6, 8), (2, 3, 6, 8)]
    operands = [random.random(shape).astype(np.float16) for shape in shapes]
    check("Attention", operands, opset=23, rtol=0, atol=0, dynamic=False, **attributes)


@pytest.mark.parametrize("shape", [(4, 7), (2, 0)])
def test_softmax_in_float16_is_the_references_bit_for_bit(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(4).standard_normal(shape).astype(np.float16)
    check("Softmax", [x], rtol=0, atol=0)


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
def test_arithmetic_in_bfloat16_rounds_once(operator: str) -> None:
    random = np.random.default_rng(5)
    x, y = (random.standard_normal((3, 50)).astype(dtype_of("bfloat16")) for _ in range(2))
    check(operator, [x, y], rtol=0, atol=0)
    check(operator, [x, y[0, 0].reshape(())], rtol=0, atol=0)


@pytest.mark.parametrize("operator", ["Sqrt", "Exp", "Abs", "Floor"])
def test_functions_of_bfloat16_round_once(operator: str) -> None:
    x = np.linspace(0.01, 5, 200, dtype=np.float32).astype(dtype_of("bfloat16"))
    expected = getattr(np, operator.lower())(x.astype(np.float32)).astype(x.dtype)
    check(operator, [x], expected=[expected], rtol=0, atol=0)

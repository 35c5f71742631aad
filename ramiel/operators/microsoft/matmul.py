"""Matrix products and convolutions with what ONNX Runtime fuses into them."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.convolution import conv, known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.linear import gemm
from ramiel.operators.microsoft.activation import activate
from ramiel.operators.numbers import cast, coefficient
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.unpack_blocks",
    "packed, scales, zero_points=None, group_index=None, *, columns, block_size, bits",
    flops=lambda op: 8 * known_elements(op.operands[0]),
    helper="microsoft_quantization.unpack_blocks",
)


def _only(values: Values) -> SSAValue:
    """The value of a meaning that has one result."""
    assert isinstance(values, SSAValue)
    return values


@meaning("FusedConv", domain=MICROSOFT)
def fused_conv(op: OnnxOperation, emit: Emitter) -> Values:
    """activation(conv(x, w) + b + z)."""
    y, addend = _only(conv(op, emit)), op.operand("Z")
    y = y if addend is None else emit("operator.add", y, addend)
    parameters = op.attribute("activation_params")
    numbers = [float(item) for item in parameters] if isinstance(parameters, list) else []  # pyright: ignore[reportArgumentType]
    return activate(emit, y, op.text("activation", ""), numbers)


@meaning("FusedGemm", domain=MICROSOFT)
def fused_gemm(op: OnnxOperation, emit: Emitter) -> Values:
    """activation(α·A'·B' + β·C)."""
    names = [f"activation_{name}" for name in ("alpha", "beta", "gamma")]
    if op.text("activation", "") == "Selu":
        names.remove("activation_beta")
    parameters = [coefficient(op, emit, name) for name in names if op.attribute(name) is not None]
    return activate(emit, _only(gemm(op, emit)), op.text("activation", ""), parameters)


def _transposed(
    emit: Emitter, x: SSAValue, is_transposed: bool, is_batch_transposed: bool
) -> SSAValue:
    """A matrix operand as `x @ y` takes it.

    Its last two dimensions are swapped, and before that its first one moves behind the batch.
    """
    rank = emit.rank(x)
    if rank < 2:
        return x
    order = list(range(rank))
    if is_batch_transposed:
        order = [*order[1:-1], 0, order[-1]]
    if is_transposed:
        order[-2:] = reversed(order[-2:])
    if order == list(range(rank)):
        return x
    if order[:-2] == list(range(rank - 2)):
        return emit("Tensor.transpose", x, dim0=-2, dim1=-1)
    return emit("Tensor.permute", x, dims=order)


@meaning("FusedMatMul", "TransposeMatMul", domain=MICROSOFT)
def fused_matmul(op: OnnxOperation, emit: Emitter) -> Values:
    """α·A'·B'."""
    has_batch = "transBatchA" in op.SCHEMA.attributes
    operands = [
        _transposed(
            emit,
            op.input(index),
            bool(op.integer(f"trans{side}")),
            has_batch and bool(op.integer(f"transBatch{side}")),
        )
        for index, side in enumerate("AB")
    ]
    product, alpha = emit("operator.matmul", *operands), coefficient(op, emit, "alpha")
    return product if alpha == 1 else emit("operator.mul", product, other=alpha)


@meaning("MatMulNBits", domain=MICROSOFT)
def matmul_of_packed(op: OnnxOperation, emit: Emitter) -> Values:
    """a·w', the weight unpacked from blocks of 2, 4 or 8 bits.

    A weight that is known when compiling is unpacked then.
    """
    x, packed, bits = op.input(0), op.input(1), op.integer("bits")
    if bits not in (2, 4, 8):
        emit.refuse(f"has {bits} bits; 2, 4 and 8 are supported")
    if op.integer("weight_prepacked"):
        emit.refuse("has a weight packed for another processor")
    zero_points = op.operand("zero_points")
    is_packed = zero_points is not None and emit.dtype(zero_points).kind in "iu"
    if op.operand("g_idx") is not None and is_packed:
        emit.refuse("with g_idx and packed zero points is not supported: ONNX Runtime ignores them")
    operands = [packed, op.input(2), *[op.operand(name) for name in ("zero_points", "g_idx")]]
    weight = _unpacked(op, emit, operands)
    return emit("torch.nn.functional.linear", x, cast(emit, weight, emit.dtype(x)), *_bias(op))


def _bias(op: OnnxOperation) -> list[SSAValue]:
    bias = op.operand("bias")
    return [] if bias is None else [bias]


def _unpacked(op: OnnxOperation, emit: Emitter, operands: list[SSAValue | None]) -> SSAValue:
    from ramiel.operators.helpers.microsoft_quantization import unpack_blocks

    columns, block_size, bits = op.integer("K"), op.integer("block_size"), op.integer("bits")
    arrays = [emit.constant(value) for value in operands]
    if any(
        value is not None and array is None for value, array in zip(operands, arrays, strict=True)
    ):
        names = ("packed", "scales", "zero_points", "group_index")
        given: dict[str, Any] = {
            n: v for n, v in zip(names, operands, strict=True) if v is not None
        }
        return emit(
            "operators.unpack_blocks", **given, columns=columns, block_size=block_size, bits=bits
        )
    packed, scales, *rest = [None if a is None else tensors.to_torch(a) for a in arrays]
    assert packed is not None and scales is not None
    unpacked = unpack_blocks(
        packed, scales, *rest, columns=columns, block_size=block_size, bits=bits
    )
    return emit.tensor(tensors.from_torch(unpacked), "unpacked_weight")

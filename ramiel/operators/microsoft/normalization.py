"""Layer normalizations with what surrounds them in a transformer: sums and embeddings."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.normalization import normalization_flops
from ramiel.operators.numbers import coefficient
from ramiel.operators.registry import Values, callee, meaning

callee(
    "operators.simplified_layer_norm",
    "x, scale, axis=-1, eps=1e-05",
    flops=normalization_flops,
    helper="microsoft_normalization.simplified_layer_norm",
)
callee(
    "operators.embed_layer_norm",
    "input_ids, word_embedding, position_embedding, gamma, beta, segment_ids=None, "
    "segment_embedding=None, mask=None, position_ids=None, eps=1e-12",
    flops=lambda op: 10 * known_elements(op.results[0]),
    helper="microsoft_normalization.embed_layer_norm",
)


def is_used(op: OnnxOperation, index: int) -> bool:
    """Whether something reads an output."""
    outputs = op.outputs
    value = outputs[index] if index < len(outputs) else None
    return value is not None and bool(value.uses)


@meaning("SimplifiedLayerNormalization")
def simplified_layer_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """The dimensions from the axis on divided by the root of their mean square."""
    x, scale = op.input(0), op.input(1)
    eps, sizes = coefficient(op, emit, "epsilon"), emit.shape(scale)
    axis, rank = op.integer("axis"), emit.rank(x)
    known = sizes is not None and len(sizes) == (rank - axis if axis >= 0 else -axis)
    if not is_used(op, 1) and known and emit.dtype(x) == emit.dtype(scale):
        key = "torch.nn.functional.rms_norm"
        return emit(key, x, weight=scale, normalized_shape=list(sizes or ()), eps=eps)
    key = "operators.simplified_layer_norm"
    return emit.many(key, x, scale, axis=axis, eps=eps, count=2)


def _with_skip(op: OnnxOperation, emit: Emitter, bias: SSAValue | None) -> SSAValue:
    """input + skip + bias; ONNX Runtime adds the bias first."""
    x = op.input(0) if bias is None else emit("operator.add", op.input(0), bias)
    return emit("operator.add", x, op.input(1))


def _layer_norm_arguments(op: OnnxOperation, emit: Emitter, scale: SSAValue) -> dict[str, Any]:
    sizes = emit.shape(scale)
    arguments: dict[str, Any] = {"weight": scale, "eps": coefficient(op, emit, "epsilon")}
    return arguments if sizes is None else {**arguments, "normalized_shape": list(sizes)}


@meaning("SkipLayerNormalization", domain=MICROSOFT)
def skip_layer_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """The layer normalization of input + skip + bias, and that sum."""
    total = _with_skip(op, emit, op.operand("bias"))
    arguments = _layer_norm_arguments(op, emit, op.input(2))
    known = "normalized_shape" in arguments
    key = "torch.nn.functional.layer_norm" if known else "layer_norm_like_weight"
    y = emit(key, total, bias=op.operand("beta"), **arguments)
    return [y, None, None, total]


@meaning("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_simplified_layer_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """input + skip + bias divided by the root of its mean square, and that sum."""
    total = _with_skip(op, emit, op.operand("bias"))
    arguments = _layer_norm_arguments(op, emit, op.input(2))
    if "normalized_shape" in arguments:
        return [emit("torch.nn.functional.rms_norm", total, **arguments), None, None, total]
    y, _ = emit.many(
        "operators.simplified_layer_norm", total, op.input(2), eps=arguments["eps"], count=2
    )
    return [y, None, None, total]


@meaning("EmbedLayerNormalization", domain=MICROSOFT)
def embed_layer_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """The layer normalization of the sum of a word's, its position's and its segment's embedding.

    Also how many words each sequence has, and the sum.
    """
    names = ("segment_ids", "segment_embedding", "mask", "position_ids")
    options: dict[str, Any] = {name: op.operand(name) for name in names}
    if (options["segment_ids"] is None) != (options["segment_embedding"] is None):
        emit.refuse("needs segment_ids and segment_embedding together")
    return emit.many(
        "operators.embed_layer_norm",
        *[op.input(index) for index in (0, 2, 3, 5, 6)],
        **options,
        eps=coefficient(op, emit, "epsilon"),
        count=3,
    )

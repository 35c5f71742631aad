"""Attention, rotary embeddings and linear attention."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel import element_types, tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning


def attention_flops(op: CallOp) -> int:
    """Scores and their product with the values: 4·L·S·E for each head."""
    query, key = (tensors.dims_of(value.type) or [] for value in op.operands[:2])
    keys = key[2] if len(key) == 4 and isinstance(key[2], int) else 1
    return 4 * keys * known_elements(op.operands[0]) if query else 0


callee(
    "torch.nn.functional.scaled_dot_product_attention",
    "query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, "
    "enable_gqa=False",
    flops=attention_flops,
)
callee(
    "operators.attention",
    "query, key, value, mask=None, past_key=None, past_value=None, key_lengths=None, *, "
    "is_causal=False, scale=None, softcap=0.0, softmax_dtype=None, left_window=-1, "
    "right_window=-1, scores_mode=0",
    flops=attention_flops,
    helper="attention.attention",
)
callee(
    "operators.rotary_embedding",
    "x, cos, sin, positions=None, rotary_dim=0, interleaved=False",
    helper="attention.rotary_embedding",
)
callee(
    "operators.causal_conv_with_state",
    "x, weight, bias=None, past_state=None, silu=False",
    flops=lambda op: 2 * known_elements(op.operands[0]) * known_elements(op.operands[1]),
    helper="attention.causal_conv_with_state",
)
callee(
    "operators.linear_attention",
    "query, key, value, past_state=None, decay=None, beta=None, *, query_heads, key_heads, "
    "scale=0.0",
    flops=lambda op: 6 * known_elements(op.operands[1]),
    helper="attention.linear_attention",
)


def split_heads(emit: Emitter, x: SSAValue, heads: int) -> SSAValue:
    """(B, L, H·E) as (B, H, L, E)."""
    parts = emit("Tensor.unflatten", x, dim=2, sizes=[heads, -1])
    return emit("Tensor.transpose", parts, dim0=1, dim1=2)


def join_heads(emit: Emitter, x: SSAValue) -> SSAValue:
    """(B, H, L, E) as (B, L, H·E)."""
    return emit("Tensor.flatten", emit("Tensor.transpose", x, dim0=1, dim1=2), start_dim=2)


def _integer(op: OnnxOperation, name: str, default: int) -> int:
    return op.integer(name, default) if name in op.SCHEMA.attributes else default


def _is_used(op: OnnxOperation, index: int) -> bool:
    outputs = op.outputs
    value = outputs[index] if index < len(outputs) else None
    return value is not None and bool(value.uses)


@meaning("Attention")
def attention_of(op: OnnxOperation, emit: Emitter) -> Values:
    """softmax(q · k^T · scale + mask) · v (arXiv 1706.03762), grouped queries included."""
    query, key, value = (op.input(index) for index in range(3))
    packed = emit.rank(query) == 3
    if packed:
        heads = [op.integer("q_num_heads")] + [op.integer("kv_num_heads")] * 2
        query, key, value = (
            split_heads(emit, x, count) for x, count in zip((query, key, value), heads, strict=True)
        )
    scale = op.attribute("scale")
    causal = bool(op.integer("is_causal"))
    if _is_plain(op, emit, query, key):
        grouped = (tensors.dims_of(query.type) or [])[1] != (tensors.dims_of(key.type) or [])[1]
        y = emit(
            "torch.nn.functional.scaled_dot_product_attention",
            query,
            key,
            value,
            attn_mask=op.optional_input(3),
            is_causal=causal,
            scale=scale,
            enable_gqa=grouped,
        )
        return [join_heads(emit, y) if packed else y, key, value]
    precision = op.attribute("softmax_precision")
    dtype = element_types.of_onnx(precision).numpy if isinstance(precision, int) else None
    arguments: dict[str, Any] = {
        "mask": op.optional_input(3),
        "past_key": op.optional_input(4),
        "past_value": op.optional_input(5),
        "key_lengths": op.optional_input(6),
        "is_causal": causal,
        "scale": scale,
        "softcap": op.number("softcap", 0.0),
        "softmax_dtype": dtype,
        "left_window": _integer(op, "left_window_size", -1),
        "right_window": _integer(op, "right_window_size", -1),
        "scores_mode": op.integer("qk_matmul_output_mode"),
    }
    y, *rest = emit.many("operators.attention", query, key, value, count=4, **arguments)
    return [join_heads(emit, y) if packed else y, *rest]


def _is_plain(op: OnnxOperation, emit: Emitter, query: SSAValue, key: SSAValue) -> bool:
    """Whether F.scaled_dot_product_attention computes the same."""
    mask, dims = op.optional_input(3), tensors.dims_of(key.type)
    if dims is None or tensors.dims_of(query.type) is None:
        return False
    extras = any(op.optional_input(index) is not None for index in (4, 5, 6))
    windows = max(_integer(op, f"{side}_window_size", -1) for side in ("left", "right")) >= 0
    precision = op.attribute("softmax_precision")
    wide = emit.dtype(query).itemsize >= 4 and precision in (None, 1)
    if extras or windows or not wide or op.number("softcap", 0.0) or _is_used(op, 3):
        return False
    if mask is None:
        return True
    mask_dims = tensors.dims_of(mask.type) or []
    # A query that a boolean mask hides all keys from would become NaN in some of torch's kernels.
    floating = emit.dtype(mask) == emit.dtype(query)
    causal = bool(op.integer("is_causal"))
    return floating and not causal and len(mask_dims) >= 2 and mask_dims[-1] == dims[2]


@meaning("RotaryEmbedding")
def rotary_embedding_of(op: OnnxOperation, emit: Emitter) -> Values:
    """Pairs of elements rotated by an angle that grows with the position."""
    x = op.input(0)
    packed = emit.rank(x) == 3
    if packed:
        x = split_heads(emit, x, op.integer("num_heads"))
    y = emit(
        "operators.rotary_embedding",
        x,
        op.input(1),
        op.input(2),
        positions=op.optional_input(3),
        rotary_dim=op.integer("rotary_embedding_dim"),
        interleaved=bool(op.integer("interleaved")),
    )
    return join_heads(emit, y) if packed else y


@meaning("CausalConvWithState")
def causal_convolution(op: OnnxOperation, emit: Emitter) -> Values:
    """A depthwise convolution that sees the past only, and carries its end."""
    activation = op.text("activation")
    if activation not in ("none", "silu", "swish"):
        emit.refuse(f"has the unknown activation {activation!r}")
    return emit.many(
        "operators.causal_conv_with_state",
        op.input(0),
        op.input(1),
        count=2,
        bias=op.optional_input(2),
        past_state=op.optional_input(3),
        silu=activation != "none",
    )


@meaning("LinearAttention")
def linear_attention_of(op: OnnxOperation, emit: Emitter) -> Values:
    """A recurrent state of keys and values, read by the queries."""
    rule = op.text("update_rule")
    decay, beta = op.optional_input(4), op.optional_input(5)
    if (decay is not None, beta is not None) != ("gated" in rule, "delta" in rule):
        emit.refuse(f"has inputs that the update rule {rule!r} does not take")
    return emit.many(
        "operators.linear_attention",
        op.input(0),
        op.input(1),
        op.input(2),
        count=2,
        past_state=op.optional_input(3),
        decay=decay,
        beta=beta,
        query_heads=op.integer("q_num_heads"),
        key_heads=op.integer("kv_num_heads"),
        scale=op.number("scale", 0.0),
    )

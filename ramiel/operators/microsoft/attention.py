"""ONNX Runtime's attention operators: with projection, packed, masked, grouped, with a cache."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.attention import attention_flops, join_heads, split_heads
from ramiel.operators.emitter import Emitter
from ramiel.operators.microsoft.normalization import is_used
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.slicing import select

callee(
    "operators.masked_attention",
    "query, key, value, mask=None, bias=None, past_key=None, past_value=None, *, scale=None, "
    "is_causal=False, mask_value=-10000.0",
    flops=attention_flops,
    helper="microsoft_attention.masked_attention",
)
callee(
    "operators.group_query_attention",
    "query, key, value, last_keys, total_length, past_key=None, past_value=None, cos=None, "
    "sin=None, bias=None, sink=None, *, scale=None, softcap=0.0, window=-1, "
    "interleaved=False, smooth=False",
    flops=attention_flops,
    helper="microsoft_attention.group_query_attention",
)
callee(
    "operators.rotate_positions",
    "x, positions, cos, sin, rotary_dim=0, interleaved=False",
    helper="microsoft_attention.rotate_positions",
)
callee("split_last", "input, sizes", "{input}.split({sizes:list}, dim=-1)", view=True)
callee("stack_pair", "first, second", "torch.stack([{first}, {second}])")


def _scale(op: OnnxOperation) -> float | None:
    """The factor of the scores; 0 stands for the default."""
    return op.number("scale", 0.0) or None


def _refuse_operands(op: OnnxOperation, emit: Emitter, *names: str) -> None:
    for name in names:
        if op.operand(name) is not None:
            emit.refuse(f"with {name} is not supported")


def _is_square(op: OnnxOperation) -> bool:
    """Whether there are as many keys as queries without the past."""
    if op.operator != "MultiHeadAttention" or op.operand("key") is None:
        return True
    dims = [tensors.dims_of(op.input(index).type) or [] for index in range(2)]
    return all(len(side) == 3 and side[1] != "" for side in dims) and dims[0][1] == dims[1][1]


def _attend(
    op: OnnxOperation,
    emit: Emitter,
    heads: tuple[SSAValue, SSAValue, SSAValue],
    mask: SSAValue | None,
    past: tuple[SSAValue | None, SSAValue | None],
) -> tuple[SSAValue, SSAValue, SSAValue]:
    """The result (B, L, H), and the keys and values (B, N, L, E) with those of the past."""
    query, key, value = heads
    if op.attribute("num_heads") is None:
        emit.refuse("needs num_heads")
    if mask is not None and len(tensors.dims_of(mask.type) or [""]) > 3:
        emit.refuse("with a mask of 4 dimensions is not supported")
    bias = op.operand("attention_bias") if op.operator != "QAttention" else None
    causal = bool(op.integer("unidirectional"))
    is_plain = not causal or (bias is None and _is_square(op))
    if mask is None and past[0] is None and is_plain:
        key_name = "torch.nn.functional.scaled_dot_product_attention"
        y = emit(key_name, query, key, value, attn_mask=bias, is_causal=causal, scale=_scale(op))
        return join_heads(emit, y), key, value
    options: dict[str, Any] = {
        "mask": mask,
        "bias": bias,
        "past_key": past[0],
        "past_value": past[1],
        "scale": _scale(op),
        "is_causal": causal,
        "mask_value": op.number("mask_filter_value", -10000.0),
    }
    y, *present = emit.many("operators.masked_attention", *heads, count=3, **options)
    return join_heads(emit, y), present[0], present[1]


def _project(op: OnnxOperation, emit: Emitter) -> SSAValue:
    """input · weights + bias: queries, keys and values side by side."""
    if op.operator == "QAttention":
        names = ("input_zero_point", "weight_zero_point", "bias")
        given = dict(zip(("a_zero_point", "b_zero_point", "bias"), names, strict=True))
        rest: dict[str, Any] = {name: op.operand(own) for name, own in given.items()}
        operands = [op.operand(n) for n in ("input", "weight", "input_scale", "weight_scale")]
        present = [value for value in operands if value is not None]
        return emit("operators.matmul_integer_to_float", *present, **rest)
    product, bias = emit("operator.matmul", op.input(0), op.input(1)), op.operand("bias")
    return product if bias is None else emit("operator.add", product, bias)


@meaning("Attention", "QAttention", domain=MICROSOFT)
def self_attention(op: OnnxOperation, emit: Emitter) -> Values:
    """Attention of a projected input to itself and its past (arXiv 1706.03762)."""
    if op.integer("do_rotary", 0) or op.integer("past_present_share_buffer", 0):
        emit.refuse("with do_rotary or past_present_share_buffer is not supported")
    sizes = None
    if op.operator == "Attention":
        _refuse_operands(op, emit, "past_sequence_length")
        sizes = op.integers("qkv_hidden_sizes")
    whole = _project(op, emit)
    if sizes is None:
        parts = emit.many("Tensor.chunk", whole, count=3, chunks=3, dim=-1)
    else:
        parts = emit.many("split_last", whole, count=3, sizes=sizes)
    query, key, value = (split_heads(emit, part, op.integer("num_heads")) for part in parts)
    past, sides = op.operand("past"), (None, None)
    if past is not None:
        sides = select(emit, past, 0, 0), select(emit, past, 0, 1)
    mask = op.operand("mask_index")
    y, keys, values = _attend(op, emit, (query, key, value), mask, sides)
    return [y, emit("stack_pair", keys, values) if is_used(op, 1) else None]


def _biased(op: OnnxOperation, emit: Emitter, parts: list[SSAValue]) -> list[SSAValue]:
    """Queries, keys and values with their parts of the bias added."""
    bias, width = op.operand("bias"), (tensors.dims_of(parts[0].type) or [""])[-1]
    if bias is None:
        return parts
    if not isinstance(width, int):
        emit.refuse("with a bias needs a query of known size")
    places = (f":{width}", f"{width}:{2 * width}", f"{2 * width}:")
    return [
        emit("operator.add", part, emit("Tensor.__getitem__", bias, index=[place]))
        if emit.rank(part) == 3
        else part
        for part, place in zip(parts, places, strict=True)
    ]


def _unpack(op: OnnxOperation, emit: Emitter) -> list[SSAValue]:
    """Queries, keys and values (B, L, H), or keys and values (B, N, L, E)."""
    query, key, value = op.input(0), op.operand("key"), op.operand("value")
    if key is not None and value is not None:
        return [query, key, value]
    packed, first = (query, 0) if key is None else (key, 1)
    if emit.rank(packed) != 5:
        emit.refuse("needs a key and a value, or packed ones of 5 dimensions")
    parts = [select(emit, packed, 3, index) for index in range(3 - first)]
    flat = [emit("Tensor.flatten", part, start_dim=2) for part in parts]
    return flat if key is None else [query, *flat]


@meaning("MultiHeadAttention", domain=MICROSOFT)
def multi_head_attention(op: OnnxOperation, emit: Emitter) -> Values:
    """Attention of queries to keys and values, projected before (arXiv 1706.03762)."""
    _refuse_operands(op, emit, "past_sequence_length", "cache_indirection")
    parts = _biased(op, emit, _unpack(op, emit))
    count = op.integer("num_heads")
    query, key, value = (
        part if (tensors.dims_of(part.type) or [0] * 3)[3:] else split_heads(emit, part, count)
        for part in parts
    )
    past, mask = (op.operand("past_key"), op.operand("past_value")), op.operand("key_padding_mask")
    return _attend(op, emit, (query, key, value), mask, past)


UNSUPPORTED_OPERANDS = ("k_scale", "v_scale", "q_norm_weight", "k_norm_weight", "query_seqlens")


@meaning("GroupQueryAttention", domain=MICROSOFT)
def group_query_attention(op: OnnxOperation, emit: Emitter) -> Values:
    """Causal attention in which several queries share a key and value, with a cache of the past.

    arXiv 2305.13245.
    """
    _refuse_operands(op, emit, *UNSUPPORTED_OPERANDS)
    quantized = {op.text("k_quant_type"), op.text("v_quant_type")} != {"NONE"}
    if quantized or op.integer("sliding_window_cache") or not op.integer("causal"):
        emit.refuse("is supported causal, with a cache that is neither quantized nor a window")
    heads, groups = op.integer("num_heads"), op.integer("kv_num_heads")
    rotates = bool(op.integer("do_rotary"))
    if rotates:
        _refuse_operands(op, emit, "position_ids")
    options: dict[str, Any] = {
        "past_key": op.operand("past_key"),
        "past_value": op.operand("past_value"),
        "cos": op.operand("cos_cache") if rotates else None,
        "sin": op.operand("sin_cache") if rotates else None,
        "bias": op.operand("attention_bias"),
        "sink": op.operand("head_sink"),
        "scale": _scale(op),
        "softcap": op.number("softcap", 0.0),
        "window": op.integer("local_window_size"),
        "interleaved": bool(op.integer("rotary_interleaved")),
        "smooth": op.integer("smooth_softmax") == 1,
    }
    lengths = op.input(5), op.input(6)
    query, key, value = _grouped_heads(op, emit, heads, groups)
    y, *present = emit.many(
        "operators.group_query_attention", query, key, value, *lengths, count=3, **options
    )
    return [join_heads(emit, y), *present]


def _grouped_heads(
    op: OnnxOperation, emit: Emitter, heads: int, groups: int
) -> tuple[SSAValue, ...]:
    """Queries (B, N, L, E), keys and values (B, G, L, E)."""
    key, value = op.operand("key"), op.operand("value")
    if key is not None and value is not None:
        counts = (heads, groups, groups)
        parts = zip((op.input(0), key, value), counts, strict=True)
        return tuple(split_heads(emit, part, count) for part, count in parts)
    whole = split_heads(emit, op.input(0), heads + 2 * groups)
    places = (0, heads), (heads, heads + groups), (heads + groups, heads + 2 * groups)
    return tuple(
        emit("Tensor.__getitem__", whole, index=[":", f"{start}:{stop}"]) for start, stop in places
    )


@meaning("RotaryEmbedding", domain=MICROSOFT)
def rotary_embedding(op: OnnxOperation, emit: Emitter) -> Values:
    """Pairs of elements rotated by an angle that grows with the position (arXiv 2104.09864)."""
    if op.integer("is_packed_batching") or op.number("scale") != 1:
        emit.refuse("is supported without packed batching, with scale 1")
    x, count = op.input(0), op.integer("num_heads")
    is_packed = emit.rank(x) == 3
    y = emit(
        "operators.rotate_positions",
        _rotary_heads(op, emit, count) if is_packed else x,
        op.input(1),
        op.input(2),
        op.input(3),
        rotary_dim=op.integer("rotary_embedding_dim"),
        interleaved=bool(op.integer("interleaved")),
    )
    return join_heads(emit, y) if is_packed else y


def _rotary_heads(op: OnnxOperation, emit: Emitter, count: int) -> SSAValue:
    """(B, L, H) as (B, N, L, E); without num_heads, E is what the caches turn."""
    x, half = op.input(0), (tensors.dims_of(op.input(2).type) or ["", ""])[1]
    if count:
        return split_heads(emit, x, count)
    if not isinstance(half, int):
        emit.refuse("needs num_heads, or a cache of known size")
    parts = emit("Tensor.unflatten", x, dim=2, sizes=[-1, 2 * half])
    return emit("Tensor.transpose", parts, dim0=1, dim1=2)

"""Schemas of operators that ONNX Runtime's optimizers write into models.

They stand in the domain com.microsoft, whose only version is 1, and in ai.onnx, where ONNX Runtime
has more than the standard.  Source: ONNX Runtime's ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import onnx
from onnx.defs import OpSchema

MICROSOFT = "com.microsoft"

Default: TypeAlias = "int | float | str | OpSchema.AttrType"
"""An attribute's default, or its type if it has none."""

INT, FLOAT = OpSchema.AttrType.INT, OpSchema.AttrType.FLOAT
INTS, FLOATS = OpSchema.AttrType.INTS, OpSchema.AttrType.FLOATS
STRING = OpSchema.AttrType.STRING

_OPTIONS = {
    "?": OpSchema.FormalParameterOption.Optional,
    "*": OpSchema.FormalParameterOption.Variadic,
}
_TYPES = {int: INT, float: FLOAT, str: STRING}


def _parameter(text: str) -> OpSchema.FormalParameter:
    """`name`, `name?` for an optional one, `name*` for any number."""
    option = _OPTIONS.get(text[-1], OpSchema.FormalParameterOption.Single)
    # Types are not checked here: the meanings say what they take.
    return OpSchema.FormalParameter(
        text.rstrip("?*"), "tensor(float)", param_option=option, is_homogeneous=False
    )


def _attribute(name: str, default: Default) -> OpSchema.Attribute:
    if isinstance(default, OpSchema.AttrType):
        return OpSchema.Attribute(name, default, required=False)
    return OpSchema.Attribute(name, onnx.helper.make_attribute(name, default))


def _schema(
    name: str, signature: str, attributes: Mapping[str, Default], domain: str = MICROSOFT
) -> OpSchema:
    inputs, outputs = (side.split() for side in signature.split("->"))
    return OpSchema(
        name,
        domain,
        1,
        inputs=[_parameter(item) for item in inputs],
        outputs=[_parameter(item) for item in outputs],
        attributes=[_attribute(*item) for item in attributes.items()],
    )


_ACTIVATION: Mapping[str, Default] = {
    "activation": STRING,
    "activation_alpha": FLOAT,
    "activation_beta": FLOAT,
    "activation_gamma": FLOAT,
}
_WINDOW: Mapping[str, Default] = {
    "auto_pad": "NOTSET",
    "kernel_shape": INTS,
    "strides": INTS,
    "dilations": INTS,
    "pads": INTS,
}
_POOL: Mapping[str, Default] = {**_WINDOW, "ceil_mode": 0}
_HEADS: Mapping[str, Default] = {"num_heads": INT, "mask_filter_value": FLOAT, "scale": FLOAT}
_SELF: Mapping[str, Default] = {
    **_HEADS,
    "unidirectional": 0,
    "do_rotary": INT,
    "past_present_share_buffer": INT,
}
_PRODUCT: Mapping[str, Default] = {"alpha": 1.0, "transA": 0, "transB": 0}

_Form: TypeAlias = "tuple[str, Mapping[str, Default]]"
_UNARY = "X X_scale X_zero_point? Y_scale Y_zero_point? -> Y"
_BINARY = "A A_scale A_zero_point? B B_scale B_zero_point? C_scale C_zero_point? -> C"

_ACTIVATIONS: Mapping[str, _Form] = {
    "Gelu": ("X -> Y", {}),
    "FastGelu": ("X bias? -> Y", {}),
    "BiasGelu": ("A B -> C", {}),
    "QuickGelu": ("X -> Y", {"alpha": 1.702}),
    "BiasAdd": ("X bias skip -> Y", {}),
    "BiasSplitGelu": ("X bias -> Y", {}),
}
_NORMALIZATIONS: Mapping[str, _Form] = {
    "SkipLayerNormalization": (
        "input skip gamma beta? bias? -> output mean? inv_std_var? input_skip_bias_sum?",
        {"epsilon": 1e-12},
    ),
    "SkipSimplifiedLayerNormalization": (
        "input skip gamma bias? -> output mean? inv_std_var? input_skip_bias_sum?",
        {"epsilon": 1e-12},
    ),
    "EmbedLayerNormalization": (
        "input_ids segment_ids? word_embedding position_embedding segment_embedding? gamma beta "
        "mask? position_ids? -> output mask_index? embedding_sum?",
        {"epsilon": 1e-12, "mask_index_type": INT},
    ),
}
_PRODUCTS: Mapping[str, _Form] = {
    "FusedConv": (
        "X W B? Z? -> Y",
        {**_WINDOW, "group": 1, "activation": STRING, "activation_params": FLOATS},
    ),
    "FusedGemm": ("A B C? -> Y", {**_PRODUCT, "beta": 1.0, **_ACTIVATION}),
    "FusedMatMul": ("A B -> Y", {**_PRODUCT, "transBatchA": 0, "transBatchB": 0}),
    "TransposeMatMul": ("A B -> Y", _PRODUCT),
    "MatMulNBits": (
        "A B scales zero_points? g_idx? bias? -> Y",
        {
            "K": INT,
            "N": INT,
            "bits": 4,
            "block_size": INT,
            "accuracy_level": 0,
            "weight_prepacked": 0,
        },
    ),
}
_ATTENTIONS: Mapping[str, _Form] = {
    "Attention": (
        "input weights bias? mask_index? past? attention_bias? past_sequence_length? "
        "-> output present?",
        {**_SELF, "qkv_hidden_sizes": INTS, "rotary_embedding_dim": INT},
    ),
    "QAttention": (
        "input weight bias input_scale weight_scale mask_index? input_zero_point? "
        "weight_zero_point? past? -> output present?",
        _SELF,
    ),
    "MultiHeadAttention": (
        "query key? value? bias? key_padding_mask? attention_bias? past_key? past_value? "
        "past_sequence_length? cache_indirection? -> output present_key? present_value? qk?",
        {**_HEADS, "unidirectional": 0},
    ),
    "GroupQueryAttention": (
        "query key? value? past_key? past_value? seqlens_k total_sequence_length cos_cache? "
        "sin_cache? position_ids? attention_bias? head_sink? k_scale? v_scale? q_norm_weight? "
        "k_norm_weight? query_seqlens? -> output present_key? present_value? output_qk?",
        {
            "num_heads": INT,
            "kv_num_heads": INT,
            "scale": FLOAT,
            "softcap": FLOAT,
            "causal": 1,
            "do_rotary": 0,
            "rotary_interleaved": 0,
            "local_window_size": -1,
            "sliding_window_cache": 0,
            "smooth_softmax": -1,
            "qk_output": 0,
            "k_quant_type": "NONE",
            "v_quant_type": "NONE",
            "kv_cache_bit_width": INT,
            "qk_norm_epsilon": 1e-6,
            "q_norm_epsilon": FLOAT,
            "k_norm_epsilon": FLOAT,
        },
    ),
    "RotaryEmbedding": (
        "input position_ids cos_cache sin_cache -> output",
        {
            "interleaved": 0,
            "is_packed_batching": 0,
            "num_heads": 0,
            "rotary_embedding_dim": 0,
            "scale": 1.0,
        },
    ),
}
_QUANTIZED: Mapping[str, _Form] = {
    "QuantizeLinear": ("x y_scale y_zero_point? -> y", {"axis": 1}),
    "DequantizeLinear": ("x x_scale x_zero_point? -> y", {"axis": 1}),
    "DynamicQuantizeMatMul": ("A B b_scale b_zero_point? bias? -> Y", {}),
    "MatMulIntegerToFloat": ("A B a_scale b_scale a_zero_point? b_zero_point? bias? -> Y", {}),
    "QGemm": (
        "A a_scale a_zero_point B b_scale b_zero_point C? y_scale? y_zero_point? -> Y",
        _PRODUCT,
    ),
    "QLinearConv": (
        "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B? -> y",
        {**_WINDOW, "group": 1, "channels_last": 0},
    ),
    "QLinearAdd": (_BINARY, {}),
    "QLinearMul": (_BINARY, {}),
    "QLinearLeakyRelu": (_UNARY, {"alpha": 0.01}),
    "QLinearSigmoid": (_UNARY, {}),
    "QLinearSoftmax": (_UNARY, {"axis": -1, "opset": INT}),
    "QLinearAveragePool": (_UNARY, {**_POOL, "count_include_pad": 0, "channels_last": 0}),
    "QLinearGlobalAveragePool": (_UNARY, {"channels_last": 0}),
    "QLinearConcat": ("Y_scale Y_zero_point inputs* -> Y", {"axis": INT}),
    "QLinearWhere": (
        "condition X x_scale x_zero_point Y y_scale y_zero_point z_scale z_zero_point -> Z",
        {},
    ),
    "NhwcMaxPool": ("x -> y", _POOL),
    "GatherBlockQuantized": (
        "data indices scales zero_points? -> output",
        {"bits": 4, "block_size": 128, "gather_axis": 0, "quantize_axis": 1},
    ),
}
_TENSORS: Mapping[str, _Form] = {
    "CDist": ("A B -> C", {"metric": "sqeuclidean"}),
    "ExpandDims": ("X axis -> Y", {}),
    "GatherND": ("data indices -> output", {}),
    "Inverse": ("X -> Y", {}),
    "Range": ("start limit delta? -> Y", {}),
    "Trilu": ("X k? -> Y", {"upper": 1}),
    "UnfoldTensor": ("input -> output", {"dim": -1, "size": INT, "step": 1}),
    "Unique": ("x -> y idx counts", {}),
}
_FORMS: Sequence[Mapping[str, _Form]] = (
    _ACTIVATIONS,
    _NORMALIZATIONS,
    _PRODUCTS,
    _ATTENTIONS,
    _QUANTIZED,
    _TENSORS,
)
_NORM: Mapping[str, Default] = {"axis": -1, "epsilon": 1e-5, "stash_type": 1}
_UNOFFICIAL: Mapping[str, _Form] = {
    "SimplifiedLayerNormalization": ("X scale -> Y inv_std_var?", _NORM),
    "LayerNormalization": ("X Scale B? -> Y Mean? InvStdDev?", _NORM),
}
"""In ai.onnx, from version 1 on: the standard has a LayerNormalization from 17 on only."""


def schemas() -> Iterator[OpSchema]:
    """All of them, by family."""
    for forms in _FORMS:
        for name, (signature, attributes) in forms.items():
            yield _schema(name, signature, attributes)
    for name, (signature, attributes) in _UNOFFICIAL.items():
        yield _schema(name, signature, attributes, domain="")


def is_own(schema: OpSchema) -> bool:
    """Whether a schema is one of these: they say nothing of types."""
    unofficial = schema.name in _UNOFFICIAL and schema.since_version == 1
    return schema.domain == MICROSOFT or (schema.domain == "" and unofficial)

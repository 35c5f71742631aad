"""Result types of operators that ONNX's own inference does not know: ONNX Runtime's, ai.onnx.ml's.

A rule gives a type for each output in order: None where it does not say, fewer where it says
nothing of the last ones.  Most follow an operator of the standard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import UnrankedTensorType, f32, i32, i64
from xdsl.ir import Attribute, Block, SSAValue

from ramiel.dialects.dataflow import ConstantOp
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.tensors import Dim, dims_of, element_of, tensor_type

Types: TypeAlias = "Sequence[Attribute | None]"
Infer: TypeAlias = "Callable[[OnnxOperation], Sequence[Attribute | None]]"
"""ONNX's inference, for an operation of the standard."""
Rule: TypeAlias = "Callable[[OnnxOperation, Infer], Types]"


def _type(value: SSAValue | None) -> Attribute | None:
    return None if value is None else value.type


def like(*names: str | None) -> Rule:
    """Each output has the type of an operand."""

    def rule(op: OnnxOperation, infer: Infer) -> Types:
        return [None if name is None else _type(op.operand(name)) for name in names]

    return rule


def as_standard(operator: str, *names: str, element: str | None = None) -> Rule:
    """What an operator of the standard gives for operands of those names.

    It takes what attributes it knows.  `element` names the operand with the result's dtype.
    """

    def rule(op: OnnxOperation, infer: Infer) -> Types:
        inputs = [value for name in names for value in _values(op, name)]
        given = {} if element is None else {"element": op.operand(element)}
        return [standard_type(op, infer, operator, inputs, **given)]

    return rule


def _values(op: OnnxOperation, name: str) -> Sequence[SSAValue | None]:
    """The operands of a parameter: of a variadic one all, or those of `name:start:step`."""
    name, *places = name.split(":")
    if not places:
        return [op.operand(name)]
    start, step = map(int, places)
    first = [parameter.name for parameter in op.SCHEMA.inputs].index(name)
    return op.inputs[first + start :: step]


def standard_type(
    op: OnnxOperation,
    infer: Infer,
    operator: str,
    inputs: Sequence[SSAValue | None],
    element: SSAValue | None = None,
) -> Attribute | None:
    """The type of the first result of an operator of the standard."""
    cls = operation_class(operator)
    assert cls is not None
    known = {k: v for k, v in op.properties.items() if k in cls.SCHEMA.attributes}
    if element is not None:
        # The standard's operator may not take integers: only their shapes are asked about.
        inputs = [None if value is None else _as_float(value) for value in inputs]
    first = next(value for value in inputs if value is not None)
    own = element_of(first.type) or f32
    standard = cls.build(inputs, [UnrankedTensorType(own)], known)
    [type] = infer(standard)
    standard.drop_all_references()
    if type is None or element is None:
        return type
    return tensor_type(element_of(element.type) or f32, dims_of(type))


def _as_float(value: SSAValue) -> SSAValue:
    """A value of the same shape in float32."""
    return Block(arg_types=[tensor_type(f32, dims_of(value.type))]).args[0]


def _fused_matmul(op: OnnxOperation, infer: Infer) -> Types:
    sides: list[list[Dim]] = []
    for index, side in enumerate("AB"):
        dims = dims_of(op.input(index).type)
        if dims is None or len(dims) < 2:
            return []
        if "transBatchA" in op.SCHEMA.attributes and op.integer(f"transBatch{side}"):
            dims = [*dims[1:-1], dims[0], dims[-1]]
        if op.integer(f"trans{side}"):
            dims[-2:] = dims[-1], dims[-2]
        sides.append(dims)
    left, right = sides
    batch = _broadcast(left[:-2], right[:-2])
    return [tensor_type(element_of(op.input(0).type) or f32, [*batch, left[-2], right[-1]])]


def _broadcast(left: Sequence[Dim], right: Sequence[Dim]) -> list[Dim]:
    rank = max(len(left), len(right))
    padded = [[1] * (rank - len(dims)) + list(dims) for dims in (left, right)]
    return [_wider(a, b) for a, b in zip(*padded, strict=True)]


def _wider(a: Dim, b: Dim) -> Dim:
    """What two dimensions broadcast to, "" if it is not known."""
    if a == 1 or a == b:
        return b
    if b == 1 or isinstance(a, int):
        return a
    return b if isinstance(b, int) else ""


def _last_is(op: OnnxOperation, last: Dim, element: SSAValue | None = None) -> Types:
    """The first operand's dimensions, the last one replaced."""
    dims = dims_of(op.input(0).type)
    own = element_of((element or op.input(0)).type) or f32
    return [None if dims is None else tensor_type(own, [*dims[:-1], last])]


def _halved(op: OnnxOperation, infer: Infer) -> Types:
    last = (dims_of(op.input(0).type) or [""])[-1]
    return _last_is(op, last // 2 if isinstance(last, int) else "")


def _unpacked_product(op: OnnxOperation, infer: Infer) -> Types:
    return _last_is(op, op.integer("N"))


def _skipped(op: OnnxOperation, infer: Infer) -> Types:
    return [_type(op.input(0)), None, None, _type(op.input(0))]


def _embedded(op: OnnxOperation, infer: Infer) -> Types:
    ids, table = dims_of(op.input(0).type), op.operand("word_embedding")
    width = dims_of(table.type) if table is not None else None
    if table is None or ids is None or width is None:
        return []
    y = tensor_type(element_of(table.type) or f32, [*ids, width[-1]])
    return [y, tensor_type(i32, ids[:1]), y]


def _self_attention(op: OnnxOperation, infer: Infer) -> Types:
    weights = dims_of(op.input(1).type)
    sizes = op.integers("qkv_hidden_sizes") if "qkv_hidden_sizes" in op.SCHEMA.attributes else None
    width = weights[-1] if weights else ""
    hidden = sizes[2] if sizes else width // 3 if isinstance(width, int) else ""
    like_bias = op.operand("bias") if op.operator == "QAttention" else None
    return _last_is(op, hidden, like_bias)


def _multi_head(op: OnnxOperation, infer: Infer) -> Types:
    query, value = dims_of(op.input(0).type), _type(op.operand("value"))
    values = None if value is None else dims_of(value)
    if query is None:
        return []
    width: Dim = query[2]
    if len(query) == 5:
        width = (
            query[2] * query[4] if isinstance(query[2], int) and isinstance(query[4], int) else ""
        )
    elif values is not None and len(values) == 3:
        width = values[2]
    elif values is not None:
        heads, size = values[1], values[3]
        width = heads * size if isinstance(heads, int) and isinstance(size, int) else ""
    return [tensor_type(element_of(op.input(0).type) or f32, [*query[:2], width])]


def _grouped(op: OnnxOperation, infer: Infer) -> Types:
    query = dims_of(op.input(0).type)
    if query is None:
        return []
    heads, groups = op.integer("num_heads"), op.integer("kv_num_heads")
    width, packed = query[2], op.operand("key") is None
    size: Dim = ""
    if isinstance(width, int):
        size = width // (heads + 2 * groups if packed else heads)
    element = element_of(op.input(0).type) or f32
    cache = tensor_type(element, [query[0], groups, "", size])
    last = heads * size if isinstance(size, int) else ""
    return [tensor_type(element, [*query[:2], last]), cache, cache]


def _nhwc_pool(op: OnnxOperation, infer: Infer) -> Types:
    dims, element = dims_of(op.input(0).type), element_of(op.input(0).type)
    if dims is None or element is None:
        return []
    return [tensor_type(element, [dims[0], *[""] * (len(dims) - 2), dims[-1]])]


def _maybe_nhwc(operator: str, names: Sequence[str], element: str) -> Rule:
    """A standard operator, or the same with channels last: then only the rank is known."""
    standard = as_standard(operator, *names, element=element)

    def rule(op: OnnxOperation, infer: Infer) -> Types:
        if not op.integer("channels_last"):
            return standard(op, infer)
        dims, of = dims_of(op.input(0).type), op.operand(element)
        if dims is None or of is None:
            return []
        return [tensor_type(element_of(of.type) or f32, [dims[0], *[""] * (len(dims) - 1)])]

    return rule


def _expanded(op: OnnxOperation, infer: Infer) -> Types:
    match op.input(1).owner, dims_of(op.input(0).type), element_of(op.input(0).type):
        case ConstantOp(value=dense), list() as dims, Attribute() as element:
            [axis] = [int(item) for item in dense.get_values()]  # pyright: ignore[reportArgumentType]
            place = axis if axis >= 0 else axis + len(dims) + 1
            return [tensor_type(element, [*dims[:place], 1, *dims[place:]])]
        case _, list() as dims, Attribute() as element:
            return [tensor_type(element, [""] * (len(dims) + 1))]
        case _:
            return []


def _unique(op: OnnxOperation, infer: Infer) -> Types:
    element = element_of(op.input(0).type) or f32
    return [tensor_type(item, [""]) for item in (element, i64, i64)]


def _distances(op: OnnxOperation, infer: Infer) -> Types:
    rows = [(dims_of(op.input(index).type) or [""])[0] for index in range(2)]
    return [tensor_type(element_of(op.input(0).type) or f32, rows)]


def _floats(op: OnnxOperation, infer: Infer) -> Types:
    dims = dims_of(op.input(0).type)
    return [None if dims is None else tensor_type(f32, dims)]


def _rows(op: OnnxOperation, infer: Infer) -> Types:
    """Some numbers for each row of the first operand."""
    dims = dims_of(op.input(0).type)
    return [None if dims is None or len(dims) != 2 else tensor_type(f32, [dims[0], ""])]


_SUM = as_standard("Add", "A", "B")
_WINDOW = ("X", "W", "B")
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Gelu", "FastGelu", "QuickGelu", "BiasAdd", "Inverse", "Trilu"), like("X")),
    **dict.fromkeys(("QLinearLeakyRelu", "QLinearSigmoid", "QLinearSoftmax"), like("X")),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), _skipped),
    **dict.fromkeys(("FusedMatMul", "TransposeMatMul"), _fused_matmul),
    **dict.fromkeys(("Attention", "QAttention"), _self_attention),
    **dict.fromkeys(("QLinearAdd", "QLinearMul"), _SUM),
    "BiasGelu": _SUM,
    "BiasSplitGelu": _halved,
    "CDist": _distances,
    "DequantizeLinear": as_standard("DequantizeLinear", "x", "x_scale", "x_zero_point"),
    "DynamicQuantizeMatMul": as_standard("MatMul", "A", "B", element="A"),
    "EmbedLayerNormalization": _embedded,
    "ExpandDims": _expanded,
    "FusedConv": as_standard("Conv", *_WINDOW),
    "FusedGemm": as_standard("Gemm", "A", "B", "C"),
    "GatherND": as_standard("GatherND", "data", "indices"),
    "GroupQueryAttention": _grouped,
    "MatMulIntegerToFloat": as_standard("MatMul", "A", "B", element="a_scale"),
    "MatMulNBits": _unpacked_product,
    "MultiHeadAttention": _multi_head,
    "NhwcMaxPool": _nhwc_pool,
    "QGemm": lambda op, infer: [
        standard_type(
            op, infer, "Gemm", op.inputs[0:4:3], op.operand("y_zero_point") or op.input(1)
        )
    ],
    "QLinearAveragePool": _maybe_nhwc("AveragePool", ["X"], "X"),
    "QLinearConcat": as_standard("Concat", "inputs:0:3"),
    "QLinearConv": _maybe_nhwc("Conv", ["x", "w"], "y_zero_point"),
    "QLinearGlobalAveragePool": _maybe_nhwc("GlobalAveragePool", ["X"], "X"),
    "QLinearWhere": as_standard("Where", "condition", "X", "Y"),
    "QuantizeLinear": as_standard("QuantizeLinear", "x", "y_scale", "y_zero_point"),
    "Range": lambda op, infer: [tensor_type(element_of(op.input(0).type) or f32, [""])],
    "RotaryEmbedding": like("input"),
    "Unique": _unique,
}
UNOFFICIAL: Mapping[str, Rule] = {
    "SimplifiedLayerNormalization": like("X"),
    "LayerNormalization": like("X"),
}
"""Of ai.onnx: those without inference of their own."""


FEATURES: Mapping[str, Rule] = {
    **dict.fromkeys(("Scaler", "Normalizer"), _floats),
    **dict.fromkeys(("LinearRegressor", "SVMRegressor", "TreeEnsembleRegressor"), _rows),
    "FeatureVectorizer": _rows,
    "Imputer": like("X"),
}
"""Of ai.onnx.ml."""


def infer_by_rule(op: OnnxOperation, infer: Infer) -> list[Attribute | None]:
    """The types of the results by the operator's rule, None where that says nothing."""
    rules = {MICROSOFT: RULES, "": UNOFFICIAL, "ai.onnx.ml": FEATURES}.get(op.domain, {})
    rule = rules.get(op.operator)
    types = [] if rule is None else list(rule(op, infer))
    types += [None] * (len(op.outputs) - len(types))
    return [type for slot, type in zip(op.outputs, types, strict=False) if slot is not None]

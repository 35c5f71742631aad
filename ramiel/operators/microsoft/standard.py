"""What ONNX Runtime's operators share with those of the standard."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import UnrankedTensorType
from xdsl.ir import Attribute, SSAValue

from ramiel import tensors
from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.syntax import Literal
from ramiel.operators import registry
from ramiel.operators.emitter import Emitter


def emit_standard(
    emit: Emitter,
    operator: str,
    inputs: Sequence[SSAValue | None],
    like: OnnxOperation | None = None,
    opset: int | None = None,
    **attributes: Attribute | Literal,
) -> SSAValue:
    """The first result of what an operator of the standard means on these inputs.

    It takes the attributes it knows from `like`, and those given.  `opset`: not its newest form.
    """
    cls = operation_class(operator, opset=opset)
    assert cls is not None
    shared = {} if like is None else like.properties
    known = {name: value for name, value in shared.items() if name in cls.SCHEMA.attributes}
    first = next(value for value in inputs if value is not None)
    element = tensors.element_of(first.type)
    assert element is not None
    op = cls.build(inputs, [UnrankedTensorType(element)], {**known, **attributes})
    meaning = registry.find_meaning("", operator, cls.SCHEMA.since_version)
    assert meaning is not None
    try:
        values = meaning(op, emit)
    finally:
        op.drop_all_references()
    value = values if isinstance(values, SSAValue) else values[0]
    assert value is not None
    return value


def permuted(emit: Emitter, x: SSAValue, order: Sequence[int]) -> SSAValue:
    """x with its dimensions in another order; their names stay known."""
    dims, element = tensors.dims_of(x.type), tensors.element_of(x.type)
    if dims is None or element is None:
        emit.refuse("needs an input of known rank")
    type = tensors.tensor_type(element, [dims[axis] for axis in order])
    return emit("Tensor.permute", x, dims=list(order), type=type)


def channels_first(emit: Emitter, x: SSAValue) -> SSAValue:
    """(N, *spatial, C) as (N, C, *spatial)."""
    rank = emit.rank(x)
    return permuted(emit, x, [0, rank - 1, *range(1, rank - 1)])


def channels_last(emit: Emitter, x: SSAValue, rank: int) -> SSAValue:
    """(N, C, *spatial) as (N, *spatial, C)."""
    return emit("Tensor.permute", x, dims=[0, *range(2, rank), 1])

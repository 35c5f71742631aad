"""Sequences, which are Python lists, and optionals, which are None or a value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import UnrankedTensorType, f32, i1, i64
from xdsl.ir import Attribute, SSAValue

from ramiel import tensors
from ramiel.dialects.onnx import OptionalType, SequenceType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.helpers.sequence import (
    erase,
    insert,
    item,
    present,
    split_evenly,
)
from ramiel.operators.registry import Values, callee, meaning

callee("sequence.empty", "", "[]")
callee("sequence.list", "*values", "[{*values}]")
callee("sequence.append", "sequence, value", "[*{sequence}, {value}]")
callee("sequence.prepend", "sequence, value", "[{value}, *{sequence}]")
callee("sequence.element", "sequence, position", "{sequence}[{position}]", view=True)
callee("sequence.without_last", "sequence", "{sequence}[:-1]")
callee("sequence.length_tensor", "sequence", "torch.tensor(len({sequence}))")
callee("sequence.unbind", "input, dim=0", "list({input}.unbind({dim}))", view=True)
callee("sequence.split_list", "input, sizes, dim", "list({input}.split({sizes}, {dim}))", view=True)
callee(
    "sequence.split_by_tensor",
    "input, sizes, dim",
    "list({input}.split({sizes:sizes}, {dim}))",
    view=True,
)
callee("sequence.none", "", "None")
callee("sequence.has_element", "input", "torch.tensor({input} is not None)")
callee("operators.item", "sequence, position", helper=item)
callee("operators.insert", "sequence, value, position", helper=insert)
callee("operators.erase", "sequence, position", helper=erase)
callee("operators.split_evenly", "x, size, dim", helper=split_evenly)
callee("sequence.cat_list", "tensors, dim=0", "torch.cat({tensors}{...})")
callee("operators.present", "value", helper=present)


def _result_type(op: OnnxOperation) -> Attribute:
    return op.results[0].type


def _element_type(op: OnnxOperation, emit: Emitter, sequence: SSAValue) -> Attribute:
    if not isinstance(sequence.type, SequenceType):
        emit.refuse("needs a sequence")
    return sequence.type.element_type


@meaning("SequenceEmpty")
def sequence_empty(op: OnnxOperation, emit: Emitter) -> Values:
    """[]."""
    return emit("sequence.empty", type=_result_type(op))


@meaning("SequenceConstruct")
def sequence_construct(op: OnnxOperation, emit: Emitter) -> Values:
    """[a, b, …]."""
    return emit("sequence.list", *op.operands, type=_sequence_of(op.operands))


def _sequence_of(values: Sequence[SSAValue]) -> SequenceType:
    from ramiel.operators.control_flow import joined

    type = values[0].type
    for value in values[1:]:
        type = joined(type, value.type)
    return SequenceType(type)


@meaning("SequenceAt")
def sequence_at(op: OnnxOperation, emit: Emitter) -> Values:
    """The element at a position, counted from the end if it is negative."""
    sequence, position = op.input(0), op.input(1)
    type = _element_type(op, emit, sequence)
    known = emit.scalar(position)
    if known is not None:
        return emit("sequence.element", sequence, position=known, type=type)
    return emit("operators.item", sequence, position, type=type)


@meaning("SequenceInsert")
def sequence_insert(op: OnnxOperation, emit: Emitter) -> Values:
    """A list with one more element, at the end unless a position is given."""
    from ramiel.operators.control_flow import joined

    sequence, value, position = op.input(0), op.input(1), op.optional_input(2)
    if isinstance(sequence.type, SequenceType) and tensors.dims_of(sequence.type.element_type):
        type: Attribute = SequenceType(joined(sequence.type.element_type, value.type))
    else:
        element = tensors.element_of(value.type)
        type = SequenceType(UnrankedTensorType(element or f32))
    if position is None:
        return emit("sequence.append", sequence, value, type=type)
    if emit.scalar(position) == 0:
        return emit("sequence.prepend", sequence, value, type=type)
    return emit("operators.insert", sequence, value, position, type=type)


@meaning("SequenceErase")
def sequence_erase(op: OnnxOperation, emit: Emitter) -> Values:
    """A list without one element, the last unless a position is given."""
    sequence, position = op.input(0), op.optional_input(1)
    if position is None:
        return emit("sequence.without_last", sequence, type=sequence.type)
    return emit("operators.erase", sequence, position, type=sequence.type)


@meaning("SequenceLength")
def sequence_length(op: OnnxOperation, emit: Emitter) -> Values:
    """How many elements a list has."""
    return emit("sequence.length_tensor", op.input(0), type=tensors.tensor_type(i64, []))


@meaning("SplitToSequence")
def split_to_sequence(op: OnnxOperation, emit: Emitter) -> Values:
    """The parts of a tensor along an axis: of one size, of sizes given, or single slices."""
    x, split, axis = op.input(0), op.optional_input(1), op.integer("axis", 0)
    element = tensors.element_of(x.type)
    if element is None:
        emit.refuse("needs a tensor")
    dims = tensors.dims_of(x.type)
    keep = split is not None or op.integer("keepdims", 1) != 0
    if dims is not None:
        at = axis % len(dims)
        dims = [*dims[:at], *([""] if keep else []), *dims[at + 1 :]]
        if split is None and keep:
            dims[at] = 1
    type = SequenceType(tensors.tensor_type(element, dims))
    if split is None:
        if keep:
            return emit("sequence.split_list", x, sizes=1, dim=axis, type=type)
        return emit("sequence.unbind", x, dim=axis, type=type)
    rank = tensors.dims_of(split.type)
    if rank is None:
        emit.refuse("needs split sizes of known rank")
    known = emit.constant(split)
    if not rank:
        if known is not None:
            return emit("sequence.split_list", x, sizes=int(known), dim=axis, type=type)
        return emit("operators.split_evenly", x, split, dim=axis, type=type)
    if known is not None:
        sizes = [int(size) for size in known]
        return emit("sequence.split_list", x, sizes=sizes, dim=axis, type=type)
    return emit("sequence.split_by_tensor", x, split, dim=axis, type=type)


@meaning("ConcatFromSequence")
def concat_from_sequence(op: OnnxOperation, emit: Emitter) -> Values:
    """The elements along an axis, a new one if `new_axis`."""
    sequence, axis = op.input(0), op.integer("axis")
    if op.integer("new_axis", 0):
        return emit("torch.stack", sequence, dim=axis, type=_result_type(op))
    return emit("sequence.cat_list", sequence, dim=axis, type=_result_type(op))


@meaning("Optional")
def optional(op: OnnxOperation, emit: Emitter) -> Values:
    """A value, or None."""
    value = op.optional_input(0)
    return emit("sequence.none", type=_result_type(op)) if value is None else value


@meaning("OptionalHasElement")
def optional_has_element(op: OnnxOperation, emit: Emitter) -> Values:
    """Whether there is a value."""
    value = op.optional_input(0)
    if value is None or not isinstance(value.type, OptionalType):
        return emit.tensor(np.array(value is not None))
    return emit("sequence.has_element", value, type=tensors.tensor_type(i1, []))


@meaning("OptionalGetElement")
def optional_get_element(op: OnnxOperation, emit: Emitter) -> Values:
    """The value, which must be there."""
    value = op.input(0)
    if not isinstance(value.type, OptionalType):
        return value
    return emit("operators.present", value, type=value.type.element_type)

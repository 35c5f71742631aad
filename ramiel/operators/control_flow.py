"""If, Loop, Scan and SequenceMap: regions that become Python's `if`, `for` and `while`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import IndexType, NoneType, UnrankedTensorType, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ramiel import tensors
from ramiel.dialects.dataflow import ConstantOp, OutputOp
from ramiel.dialects.onnx import OptionalType, SequenceType
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch_control import ForOp, IfOp, WhileOp
from ramiel.locations import inherit_location
from ramiel.operators.emitter import Emitter, Unsupported
from ramiel.operators.helpers.control_flow import stack_or_empty
from ramiel.operators.registry import Values, callee, meaning

callee("loop.index_tensor", "index", "torch.tensor({index})")
callee("loop.len", "sequence", "len({sequence})")
callee("loop.item", "input, index", "{input}[{index}]", view=True)
callee("Tensor.select", "input, dim, index, /", "{input}.select({dim}, {index})", view=True)
callee("torch.stack", "tensors, dim=0")
callee("operators.stack_or_empty", "tensors, shape, dtype, dim=0", helper=stack_or_empty)

UNLIMITED = 2**62
"""Exporters write the largest integer for a Loop that only its condition ends."""

Limit: TypeAlias = SSAValue | int | None


class Body:
    """A region under construction: calls of its own, and copies of an operation's graphs."""

    def __init__(self, emit: Emitter, types: Sequence[Attribute] = ()) -> None:
        self.region = Region(Block(arg_types=types))
        self.emit = Emitter(emit.op, emit.store)

    @property
    def block(self) -> Block:
        """The region's block."""
        return self.region.block

    def place(self) -> None:
        """Put what was emitted at the end of the block."""
        self.block.add_ops(self.emit.emitted)
        self.emit.emitted = []

    def inline(self, graph: Region, arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """Append what a graph means on these arguments; returns its outputs.

        Raises Unsupported, with everything inside the graph that has no meaning.
        """
        from ramiel.transforms.lowering import lower_block

        self.place()
        copies: dict[SSAValue, SSAValue] = dict(zip(graph.block.args, arguments, strict=True))
        for op in graph.block.ops:
            self.block.add_op(op.clone(copies))
        errors: list[Unsupported] = []
        lower_block(self.block, self.emit.store, errors)
        output = self.block.last_op
        assert isinstance(output, OutputOp)
        values = list(output.values)
        output.detach()
        output.drop_all_references()
        if errors:
            self.region.drop_all_references()
            raise Unsupported(self.emit.op, "holds operators that are not supported", errors)
        return values

    def finish(self, values: Sequence[SSAValue]) -> Region:
        """The region, which hands out the values."""
        self.place()
        self.block.add_op(OutputOp(values))
        return self.region


def _add_loop(
    emit: Emitter, op: ForOp | WhileOp, graph_values: Sequence[SSAValue]
) -> Sequence[SSAValue]:
    """Emit a loop; its lists are named after what they collect."""
    for items, value in zip(op.lists, graph_values, strict=True):
        items.name_hint = f"{value.name_hint}_list" if value.name_hint else None
    for result, argument in zip(op.final_state, op.state[op.CONDITIONS :], strict=True):
        result.name_hint = argument.name_hint
    return _add(emit, op)


def _add(emit: Emitter, op: Operation) -> Sequence[SSAValue]:
    inherit_location(emit.op, op)
    emit.emitted.append(op)
    return op.results


def joined(first: Attribute, second: Attribute) -> Attribute:
    """A type of which the values of both types are."""
    if first == second or isinstance(first, OptionalType):
        return first
    if isinstance(second, OptionalType):
        return second
    if isinstance(first, SequenceType) and isinstance(second, SequenceType):
        return SequenceType(joined(first.element_type, second.element_type))
    element, dims = tensors.element_of(first), tensors.agreed_dims([first, second])
    if element is None:
        return first
    return UnrankedTensorType(element) if dims is None else tensors.tensor_type(element, dims)


@meaning("If")
def branch(op: OnnxOperation, emit: Emitter) -> Values:
    """One branch or the other; the one that is known to be taken stands for the If."""
    known = emit.scalar(op.input(0))
    if known is not None:
        body = Body(emit)
        values = body.inline(op.graph("then_branch" if known else "else_branch"), [])
        for inner in list(body.block.ops):
            inner.detach()
            emit.emitted.append(inner)
        return values
    branches = [Body(emit), Body(emit)]
    names = ("then_branch", "else_branch")
    outputs = [body.inline(op.graph(name), []) for body, name in zip(branches, names, strict=True)]
    types = [joined(a.type, b.type) for a, b in zip(*outputs, strict=True)]
    regions = [body.finish(values) for body, values in zip(branches, outputs, strict=True)]
    return list(_add(emit, IfOp(op.input(0), types, *regions)))


def _given(declared: Attribute, initial: Attribute) -> Attribute:
    """The type of a carried value to begin with: what the graph declares if it says more."""
    if isinstance(declared, NoneType):
        return initial
    if tensors.element_of(declared) is not None:
        return declared if tensors.dims_of(declared) is not None else initial
    return declared


@meaning("Loop")
def loop(op: OnnxOperation, emit: Emitter) -> Values:
    """A `for` if the graph's condition is always true, else a `while`."""
    limit, start, *initial_or_none = op.inputs
    initial = [value for value in initial_or_none if value is not None]
    graph = op.graph("body")
    count = _limit(emit, limit)
    begins = True if start is None else emit.scalar(start)
    if begins is not None and not begins:
        count, begins = 0, True
    types = [
        _given(argument.type, value.type)
        for argument, value in zip(graph.block.args[2:], initial, strict=True)
    ]
    while True:
        body = Body(emit, [IndexType(), *types])
        _name_like(body.block, [None, *graph.block.args[2:]])
        number = tensors.tensor_type(i64, [])
        iteration = body.emit("loop.index_tensor", body.block.args[0], type=number)
        keeps = body.emit.tensor(np.array(True))
        body.place()
        outputs = body.inline(graph, [iteration, keeps, *body.block.args[1:]])
        wider = [joined(type, value.type) for type, value in zip(types, outputs[1:], strict=False)]
        wider = [joined(type, value.type) for type, value in zip(wider, initial, strict=True)]
        if wider == types:
            break
        body.region.drop_all_references()
        types = wider
    keep, *values = outputs
    carried, collected = values[: len(initial)], values[len(initial) :]
    always = begins is True and _is_true(keep)
    lists = [SequenceType(value.type) for value in collected]
    if always:
        if count is None:
            emit.refuse("never ends")
        region = body.finish(values)
        results = _add_loop(emit, ForOp(count, initial, [*types, *lists], region), collected)
    else:
        body.block.insert_arg(keep.type, 1)
        region = body.finish([keep, *values])
        first = start if start is not None else emit.tensor(np.array(True))
        results = _add_loop(
            emit, WhileOp(count, [first, *initial], [*types, *lists], region), collected
        )
    certain = count if always and isinstance(count, int) else None
    stacked = [
        _stack(emit, results[len(carried) + k], value.type, certain)
        for k, value in enumerate(collected)
    ]
    return [*results[: len(carried)], *stacked]


def _limit(emit: Emitter, limit: SSAValue | None) -> Limit:
    if limit is None:
        return None
    known = emit.scalar(limit)
    if isinstance(known, int):
        return None if known >= UNLIMITED else max(known, 0)
    sizes = emit.sizes(limit)
    if sizes is not None:
        return sizes[0]
    trips = emit("integer.of_tensor", limit, type=IndexType())
    trips.name_hint = f"{limit.name_hint or 'trip_count'}_limit"
    return trips


def _is_true(value: SSAValue) -> bool:
    return isinstance(value.owner, ConstantOp) and bool(
        tensors.from_dense(value.owner.value).reshape(-1)[0]
    )


def _name_like(block: Block, sources: Sequence[SSAValue | None]) -> None:
    for argument, source in zip(block.args, sources, strict=True):
        argument.name_hint = "index" if source is None else source.name_hint


def _stack(
    emit: Emitter, values: SSAValue, item: Attribute, count: int | None, axis: int = 0
) -> SSAValue:
    """The tensors of a list along a new dimension; none may have been collected."""
    dims, element = tensors.dims_of(item), tensors.element_of(item)
    if element is None:
        emit.refuse("collects values that are no tensors")
    result = None
    if dims is not None:
        at = axis % (len(dims) + 1)
        result = [*dims[:at], "" if count is None else count, *dims[at:]]
    type = tensors.tensor_type(element, result)
    if count:
        return emit("torch.stack", values, dim=axis, type=type)
    shape = [dim if isinstance(dim, int) else 0 for dim in dims or ()]
    dtype = tensors.element_types.of_mlir(element).numpy
    return emit("operators.stack_or_empty", values, shape=shape, dtype=dtype, dim=axis, type=type)


@meaning("Scan", since=9)
def scan(op: OnnxOperation, emit: Emitter) -> Values:
    """States that go from slice to slice of the inputs; outputs are collected along an axis."""
    inputs = [op.input(index) for index in range(len(op.operands))]
    count = op.integer("num_scan_inputs")
    outputs = len(op.outputs) - (len(inputs) - count)
    return _scan(
        emit,
        op.graph("body"),
        inputs[: len(inputs) - count],
        inputs[len(inputs) - count :],
        op.integers("scan_input_axes") or [0] * count,
        op.integers("scan_input_directions") or [0] * count,
        op.integers("scan_output_axes") or [0] * outputs,
        op.integers("scan_output_directions") or [0] * outputs,
    )


@meaning("Scan", since=8)
def batched_scan(op: OnnxOperation, emit: Emitter) -> Values:
    """Opset 8: a scan for each sample of a batch, which is the first dimension of everything."""
    if op.optional_input(0) is not None:
        emit.refuse("is not supported with sequence_lens")
    inputs = [value for value in op.inputs[1:] if value is not None]
    count = op.integer("num_scan_inputs")
    body = Body(emit, [IndexType()])
    index = body.block.args[0]
    index.name_hint = "sample"
    samples = [_slice(body.emit, value, index, 0) for value in inputs]
    outputs = len(op.outputs) - (len(inputs) - count)
    values = _scan(
        body.emit,
        op.graph("body"),
        samples[: len(inputs) - count],
        samples[len(inputs) - count :],
        [0] * count,
        op.integers("directions") or [0] * count,
        [0] * outputs,
        [0] * outputs,
    )
    limit = _size(emit, inputs[0], 0)
    types = [SequenceType(value.type) for value in values]
    results = _add_loop(emit, ForOp(limit, [], types, body.finish(values)), values)
    certain = limit if isinstance(limit, int) else None
    return [
        _stack(emit, result, value.type, certain)
        for result, value in zip(results, values, strict=True)
    ]


def _size(emit: Emitter, value: SSAValue, axis: int) -> SSAValue | int:
    dims = tensors.dims_of(value.type)
    size = dims[axis] if dims is not None else ""
    return (
        size if isinstance(size, int) else emit("integer.size", value, dim=axis, type=IndexType())
    )


def _slice(emit: Emitter, value: SSAValue, index: SSAValue, axis: int) -> SSAValue:
    """The slice of a tensor at an index along an axis."""
    dims, element = tensors.dims_of(value.type), tensors.element_of(value.type)
    if dims is None or element is None:
        emit.refuse("needs inputs of known rank")
    at = axis % len(dims)
    type = tensors.tensor_type(element, [*dims[:at], *dims[at + 1 :]])
    if at == 0:
        return emit("loop.item", value, index, type=type)
    return emit("Tensor.select", value, index, dim=at, type=type)


def _scan(
    emit: Emitter,
    graph: Region,
    states: Sequence[SSAValue],
    sequences: Sequence[SSAValue],
    axes: Sequence[int],
    directions: Sequence[int],
    output_axes: Sequence[int],
    output_directions: Sequence[int],
) -> list[SSAValue]:
    sequences = [
        emit("Tensor.flip", value, dims=[axis]) if direction else value
        for value, axis, direction in zip(sequences, axes, directions, strict=True)
    ]
    limit = _size(emit, sequences[0], axes[0])
    arguments = graph.block.args
    types = [
        _given(argument.type, value.type)
        for argument, value in zip(arguments, states, strict=False)
    ]
    while True:
        body = Body(emit, [IndexType(), *types])
        _name_like(body.block, [None, *arguments[: len(states)]])
        index = body.block.args[0]
        slices = [
            _slice(body.emit, value, index, axis)
            for value, axis in zip(sequences, axes, strict=True)
        ]
        for value, argument in zip(slices, arguments[len(states) :], strict=True):
            value.name_hint = argument.name_hint
        outputs = body.inline(graph, [*body.block.args[1:], *slices])
        wider = [
            joined(joined(type, value.type), state.type)
            for type, value, state in zip(types, outputs, states, strict=False)
        ]
        if wider == types:
            break
        body.region.drop_all_references()
        types = wider
    collected = outputs[len(states) :]
    lists = [SequenceType(value.type) for value in collected]
    results = _add_loop(
        emit, ForOp(limit, states, [*types, *lists], body.finish(outputs)), collected
    )
    certain = limit if isinstance(limit, int) else None
    found = list(results[: len(states)])
    for k, value in enumerate(collected):
        axis = output_axes[k]
        stacked = _stack(emit, results[len(states) + k], value.type, certain, axis)
        found.append(emit("Tensor.flip", stacked, dims=[axis]) if output_directions[k] else stacked)
    return found


@meaning("SequenceMap")
def sequence_map(op: OnnxOperation, emit: Emitter) -> Values:
    """The graph on each element of a list; what is no list is given to each whole."""
    inputs = [value for value in op.inputs if value is not None]
    limit = emit("loop.len", inputs[0], type=IndexType())
    limit.name_hint = "count"
    body = Body(emit, [IndexType()])
    index = body.block.args[0]
    index.name_hint = "index"
    graph = op.graph("body")
    items: list[SSAValue] = []
    for value, argument in zip(inputs, graph.block.args, strict=True):
        if isinstance(value.type, SequenceType):
            value = body.emit("loop.item", value, index, type=value.type.element_type)
            value.name_hint = argument.name_hint
        items.append(value)
    outputs = body.inline(graph, items)
    lists = [SequenceType(value.type) for value in outputs]
    return list(_add_loop(emit, ForOp(limit, [], lists, body.finish(outputs)), outputs))

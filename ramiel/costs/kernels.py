"""A graph as a list of kernels that can be run and timed: the expressions of generated code."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from ramiel import element_types
from ramiel.costs.model import MEBIBYTE, Limits
from ramiel.costs.pricing import arithmetic
from ramiel.dialects.dataflow import GraphOp, Immediate
from ramiel.dialects.torch import CallOp, PrepareOp
from ramiel.errors import RamielError
from ramiel.operators.evaluation import expression_function
from ramiel.operators.interpreter import run_operation
from ramiel.operators.rendering import render
from ramiel.sampling import sample_inputs
from ramiel.tensors import byte_size, dims_of, element_of, static_shape, to_torch

UNKNOWN_RESULT_BYTES = 16 * MEBIBYTE
"""What an operation may write whose result's size is known only from its operands' values."""
FAILURES = (RuntimeError, ValueError, TypeError, IndexError, KeyError, ArithmeticError, MemoryError)
"""What evaluating a call on sampled values may raise."""


class Missing:
    """Stands for a value that could not be made."""


MISSING = Missing()


@dataclass
class Kernel:
    """One operation, and how to run it; `refusal` says why it is not run."""

    op: Operation
    function: Callable[..., Any] | None
    key: str
    refusal: str | None
    last_uses: Sequence[SSAValue] = ()
    """Operands that no later operation reads."""


def key_of(op: CallOp, layout: str = "") -> str:
    """What makes two calls the same: the expression with its attributes, shapes and dtypes.

    Types say nothing of the order in memory: what prepares a weight does, and `layout` tells models
    with channels last from others.
    """
    names = {value: f"v{index}" for index, value in enumerate(op.operands)}
    types = ", ".join(str(value.type) for value in op.operands)
    results = ", ".join(str(value.type) for value in op.results)
    prepared = [value.owner.key.data for value in op.operands if isinstance(value.owner, PrepareOp)]
    by = f" by {', '.join(prepared)}" if prepared else ""
    return f"{render(op, names.__getitem__)} : ({types}) -> {results}{by}{layout}"


def layout_of(graph: GraphOp) -> str:
    """ " in channels_last" if some tensors of the graph are, else nothing."""
    changed = any(
        isinstance(op, CallOp) and op.callee.key == "channels_last" for op in graph.block.ops
    )
    return " in channels_last" if changed else ""


def kernels_of(graph: GraphOp, limits: Limits, way: str = "") -> list[Kernel]:
    """The graph's operations in order, those over a limit refused.

    `way`: what tells their times from those of the same ones that run in another way.
    """
    operations = [op for op in graph.block.ops if not _is_given(op) and op is not graph.output]
    last_use: dict[SSAValue, Operation] = {}
    for op in operations:
        last_use.update(dict.fromkeys(op.operands, op))
    for value in graph.output.values:
        last_use.pop(value, None)
    kernels: list[Kernel] = []
    layout = layout_of(graph) + way
    for op in operations:
        done = [value for value in dict.fromkeys(op.operands) if last_use.get(value) is op]
        refusal = refusal_of(op, limits)
        if isinstance(op, CallOp) and refusal is None:
            kernels.append(Kernel(op, expression_function(op), key_of(op, layout), None, done))
        else:
            kernels.append(Kernel(op, None, "", refusal, done))
    return kernels


def _is_given(op: Operation) -> bool:
    return op.has_trait(Immediate, value_if_unregistered=False)


def refusal_of(op: Operation, limits: Limits) -> str | None:
    """Why an operation must not be run to be timed, None if it may."""
    if not isinstance(op, CallOp):
        return "it is no torch.call"
    if not is_side_effect_free(op):
        return "it may have side effects"
    size = sum(byte_size(result.type) for result in op.results)
    if size > limits.result_bytes:
        return f"its {size} bytes are over {limits.result_bytes}"
    flops = arithmetic(op)
    # Contractions of integers are plain loops, slower than those of floats by so much.
    weight = 1 if all(_is_float(result.type) for result in op.results) else 100
    if flops * weight > limits.flops:
        return f"its {flops} floating-point operations are over {limits.flops}"
    return None


def refusal_of_inputs(graph: GraphOp, limits: Limits) -> str | None:
    """Why inputs must not be made up, None if they may: they are drawn in 8 bytes an element."""
    most = 2 * limits.result_bytes
    drawn = [
        8 * prod(max(d, 1) for d in dims_of(v.type) or () if isinstance(d, int))
        for v in graph.arguments
    ]
    if max(drawn, default=0) > most or sum(drawn) > limits.total_bytes:
        return f"inputs of {sum(drawn)} bytes, drawn in 8 each, are too many"
    return None


def _is_float(type: Attribute) -> bool:
    return isinstance(element_of(type), AnyFloat)


class Inputs:
    """Values that a run starts from: sampled inputs, constants, the weights that kernels read."""

    def __init__(self, graph: GraphOp) -> None:
        self.values: dict[SSAValue, Any] = {}
        self.graph = graph
        for op in graph.block.ops:
            if _is_given(op) and not isinstance(op, PrepareOp) and not is_only_prepared(op):
                run_operation(op, self.values, graph.store)
        try:
            sampled = [to_torch(array) for array in sample_inputs(graph).values()]
        except RamielError:
            sampled = [stand_in(argument) for argument in graph.arguments]
        self.values.update(zip(graph.arguments, sampled, strict=True))

    def prepared(self) -> dict[SSAValue, Any]:
        """Weights as kernels want them: their layout depends on the calling thread's width."""
        values = dict(self.values)
        with torch.inference_mode(False), torch.no_grad():
            for op in self.graph.block.ops:
                if isinstance(op, PrepareOp):
                    values[op.results[0]] = self._prepare(op)
        return values

    def _prepare(self, op: PrepareOp) -> Any:
        """One weight as a kernel wants it; as it was, it is in memory no longer than that."""
        operands = dict(self.values)
        for operand in op.operands:
            if operand not in operands and isinstance(operand.owner, Operation):
                run_operation(operand.owner, operands, self.graph.store)
        run_operation(op, operands, self.graph.store)
        return operands[op.results[0]]


def is_only_prepared(op: Operation) -> bool:
    """Whether it is a weight that no kernel reads as it is."""
    readers = [use.operation for result in op.results for use in result.uses]
    return bool(readers) and all(isinstance(reader, PrepareOp) for reader in readers)


def stand_in(value: SSAValue) -> Any:
    """A tensor of the value's type, MISSING if its type is not wholly known."""
    shape, element = static_shape(value.type), element_of(value.type)
    if shape is None or element is None:
        return MISSING
    try:
        name = element_types.of_mlir(element).torch
    except RamielError:
        return MISSING
    dtype = getattr(torch, name)
    return (
        torch.rand(shape).to(dtype) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype)
    )


class Runner:
    """Runs kernels in order, as a cluster function would, and takes the time of each."""

    def __init__(self, kernels: Sequence[Kernel], inputs: Inputs) -> None:
        self.kernels, self.inputs = kernels, inputs
        self.stand_ins: dict[SSAValue, Any] = {}
        self.given: dict[SSAValue, Any] | None = None

    def run(self, deadline: float = float("inf")) -> list[int | None]:
        """The ns of each kernel; None for what was refused, failed or not begun in time."""
        if self.given is None:
            self.given = self.inputs.prepared()
        values = dict(self.given)
        times: list[int | None] = [None] * len(self.kernels)
        with torch.inference_mode():
            for index, kernel in enumerate(self.kernels):
                if time.perf_counter() > deadline:
                    break
                times[index] = self._run_one(kernel, values)
                for value in kernel.last_uses:
                    values.pop(value, None)
        return times

    def _run_one(self, kernel: Kernel, values: dict[SSAValue, Any]) -> int | None:
        op, taken, results = kernel.op, None, ()
        operands = [values.get(operand, MISSING) for operand in op.operands]
        if kernel.refusal is None and any(operand is MISSING for operand in operands):
            kernel.refusal = "an operand could not be made"
        if kernel.refusal is None:
            kernel.refusal = _size_unknown(op, operands)
        if kernel.refusal is None and kernel.function is not None:
            try:
                started = time.perf_counter_ns()
                result = kernel.function(*operands)
                taken = time.perf_counter_ns() - started
                results = (result,) if len(op.results) == 1 else tuple(result)
                if len(results) != len(op.results):
                    kernel.refusal, taken = f"it gave {len(results)} results", None
            except FAILURES as error:
                kernel.refusal = (
                    f"it failed: {str(error).splitlines()[0] if str(error) else error!r}"
                )
                taken = None
        if taken is None:
            results = [self._stand_in(result) for result in op.results]
        values.update(zip(op.results, results, strict=True))
        return taken

    def _stand_in(self, value: SSAValue) -> Any:
        if value not in self.stand_ins:
            small = byte_size(value.type) <= UNKNOWN_RESULT_BYTES
            self.stand_ins[value] = stand_in(value) if small else MISSING
        return self.stand_ins[value]


def _size_unknown(op: Operation, operands: Sequence[Any]) -> str | None:
    """Why an operation whose result's size is not in its type must not be run.

    Its size is found by a run on meta tensors, which hold nothing.
    """
    if all(static_shape(result.type) is not None for result in op.results):
        return None
    if not isinstance(op, CallOp):
        return None
    from ramiel.operators.evaluation import evaluate

    on_meta = [
        operand.to("meta") if isinstance(operand, torch.Tensor) else operand for operand in operands
    ]
    try:
        results = evaluate(op, on_meta)
    except FAILURES:
        return "the size of its result is not known"
    size = sum(item.nbytes for item in results if isinstance(item, torch.Tensor))
    return (
        None if size <= UNKNOWN_RESULT_BYTES else f"its {size} bytes of unknown shape are too many"
    )


def bytes_alive(graph: GraphOp, kernels: Sequence[Kernel]) -> tuple[int, int]:
    """The bytes that runs share, and the most that each has of its own at once.

    A run prepares weights for its width, and frees each result after its last use.
    """
    given = [op for op in graph.block.ops if _is_given(op) and not is_only_prepared(op)]
    shared = sum(byte_size(op.results[0].type) for op in given if not isinstance(op, PrepareOp))
    alive = sum(byte_size(op.results[0].type) for op in given if isinstance(op, PrepareOp))
    most = alive
    for kernel in kernels:
        alive += sum(byte_size(result.type) for result in kernel.op.results)
        most = max(most, alive)
        alive -= sum(
            byte_size(value.type)
            for value in kernel.last_uses
            if isinstance(value.owner, Operation) and not _is_given(value.owner)
        )
    return shared, most

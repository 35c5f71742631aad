"""From one onnx operation, or one of an extension's, to the torch.calls that it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import VerifyException

from ramiel import element_types, tensors
from ramiel.dialects.onnx import StringType
from ramiel.dialects.onnx_operation import CustomOp, OnnxOperation
from ramiel.errors import RamielError
from ramiel.locations import node_name
from ramiel.operators import registry
from ramiel.operators.emitter import Emitter, Unsupported
from ramiel.operators.registry import Values
from ramiel.weights import WeightStore

TAKE_ANYTHING = (
    "ramiel.operators.control_flow",
    "ramiel.operators.sequence",
    "ramiel.operators.encoding",
)
"""Families that hand values through, whatever they are, or know strings themselves."""


MALFORMED = (LookupError, ValueError, TypeError, ArithmeticError)
"""What a meaning stumbles on when attributes and operands contradict each other: a list of another
length than the rank, a mode that does not exist."""


def needs_lowering(op: Operation) -> bool:
    """Whether the operation is one that torch.calls stand for."""
    if isinstance(op, OnnxOperation | CustomOp):
        return True
    return registry.find_lowering(op) is not None


def lower(op: Operation, store: WeightStore) -> tuple[list[Operation], list[SSAValue | None]]:
    """The operations that stand for `op`, not inserted yet, and a value for each result of it.

    A result that nobody reads may be None.  Raises Unsupported if there is no meaning.
    """
    emit = Emitter(op, store)
    slots: Sequence[object | None] = op.results
    if isinstance(op, OnnxOperation):
        _refuse_carried(op, emit)
        meaning: Any = find_meaning(op, emit)
        slots = op.outputs
    else:
        meaning = registry.find_lowering(op)
    if meaning is None:
        emit.refuse("is not supported")
    try:
        values: Values = meaning(op, emit)
    except Unsupported:
        raise
    except (VerifyException, RamielError) as error:
        emit.refuse(str(error))
    except MALFORMED as error:
        emit.refuse(f"its attributes or operands do not fit the operator ({error!r:.200})")
    listed: list[SSAValue | None] = [values] if isinstance(values, SSAValue) else list(values)
    listed += [None] * (len(slots) - len(listed))
    present = [value for slot, value in zip(slots, listed, strict=False) if slot is not None]
    settled: list[SSAValue | None] = []
    for result, value in zip(op.results, present, strict=True):
        if value is None and bool(result.uses):
            emit.refuse(f"its output {result.index} is not supported")
        settled.append(None if value is None else _settle(op, result, value))
    return emit.emitted, settled


def _refuse_carried(op: OnnxOperation, emit: Emitter) -> None:
    """What ONNX does not define on an element type that torch only carries.

    Its meaning would compute with the carrier's dtype.  Raises Unsupported.
    """
    formals = op.SCHEMA.inputs
    for index, operand in enumerate(op.inputs):
        element = None if operand is None else tensors.carried_element(operand.type)
        if element is None or op.domain:
            continue
        allowed = formals[min(index, len(formals) - 1)].types
        if f"tensor({element.onnx_name})" not in allowed:
            emit.refuse(f"is not defined on {element.numpy}")


def find_meaning(op: OnnxOperation, emit: Emitter) -> Any:
    """The meaning of an operator: another one if an operand holds strings.

    Raises Unsupported for an operator that is not for strings.
    """
    own = registry.find_meaning(op.domain, op.operator, op.version)
    if own is not None and own.__module__ in TAKE_ANYTHING:
        return own
    if not any(isinstance(tensors.element_of(value.type), StringType) for value in op.operands):
        return own
    on_strings = registry.find_meaning(registry.STRINGS, op.operator, op.version)
    if op.domain or on_strings is None:
        emit.refuse("is not supported on strings")
    return on_strings


def lower_block(block: Block, store: WeightStore, errors: list[Unsupported]) -> None:
    """Lower the operations of a block in order; what cannot be lowered goes to `errors`."""
    for op in list(block.ops):
        if not needs_lowering(op):
            continue
        try:
            emitted, values = lower(op, store)
        except Unsupported as error:
            errors.extend(error.errors)
            continue
        Rewriter.insert_op(emitted, InsertPoint.before(op))
        for result, value in zip(op.results, values, strict=True):
            if isinstance(value, SSAValue):
                result.replace_all_uses_with(value)
        if not any(result.uses for result in op.results):
            Rewriter.erase_op(op)


def _settle(op: Operation, result: SSAValue, value: SSAValue) -> SSAValue:
    """The value with the result's name, and its declared type where that says more.

    Raises RamielError if the two types contradict each other: then the meaning, or the model, is
    wrong.
    """
    expected, found = tensors.dims_of(result.type), tensors.dims_of(value.type)
    if value.owner.parent is not None:
        # An operand that is handed through keeps its own name and type.
        return value
    value.name_hint = result.name_hint or value.name_hint
    carried = tensors.carried_element(result.type)
    if carried is not None:
        # To torch it is its carrier's dtype: only the model's type says what it is.
        element = tensors.element_of(value.type) or value.type
        if element_types.of_mlir(element).torch != carried.torch:
            message = f"{label(op)} has elements {element}, the model says {carried.mlir}"
            raise RamielError(message).about(op)
        value = Rewriter.replace_value_with_new_type(
            value, tensors.tensor_type(carried.mlir, found)
        )
    if found is None and (expected is not None or _knows_elements(op)):
        return Rewriter.replace_value_with_new_type(value, result.type)
    if expected is None or found is None:
        return value
    same_rank = len(expected) == len(found)
    if not same_rank or any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(expected, found, strict=False)
    ):
        message = f"{label(op)} has shape {found}, the model says {expected}"
        raise RamielError(message).about(op)
    return value


def _knows_elements(op: Operation) -> bool:
    """Whether the type of an operation's result tells its elements, even if not its rank."""
    return isinstance(op, OnnxOperation) and op.SCHEMA.has_type_and_shape_inference_function


def label(op: Operation) -> str:
    """How messages name an operation: `node "/conv1/Conv" (Conv, opset 11)`."""
    if isinstance(op, OnnxOperation):
        domain = f"{op.domain}." if op.domain else ""
        kind = f"{domain}{op.operator}, opset version {op.version}"
    elif isinstance(op, CustomOp):
        kind = f"{op.domain.data}.{op.op_type.data}, version {op.version.value.data}"
    else:
        kind = op.name
    return f"node {node_name(op)!r} ({kind})"


def report(errors: Sequence[Unsupported]) -> RamielError:
    """One error that lists every operation that cannot be lowered."""
    lines = [f"{label(error.op)}: {error}" for error in errors]
    if len(lines) == 1:
        return RamielError(lines[0]).about(errors[0].op)
    message = f"{len(lines)} nodes cannot be compiled:\n  " + "\n  ".join(lines)
    return RamielError(message).about(errors[0].op)

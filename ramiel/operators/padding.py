"""Padding: constant, reflected, repeated or wrapped."""

from __future__ import annotations

from typing import Any

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.syntax import Literal
from ramiel.operators.emitter import Emitter
from ramiel.operators.helpers.shape import pad, pad_by_index
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis

callee("torch.nn.functional.pad", "input, pad, /, mode='constant', value=None")
callee(
    "pad_with_tensor",
    "input, pad, value",
    "F.pad({input}, {pad}, value={value}.item())",
)
callee("operators.pad_by_index", "x, pads, mode", helper=pad_by_index)
_RUN_TIME = "x, pads, axes=None, mode='constant', value=0"
callee("pad_by_tensor", _RUN_TIME, "operators.pad({x}, {pads}.tolist(){...})", helper=pad)
callee(
    "pad_axes_by_tensor",
    "x, pads, axes, mode='constant', value=0",
    "operators.pad({x}, {pads}.tolist(), {axes}.tolist(){...})",
    helper=pad,
)
callee(
    "pad_by_tensor_with_tensor",
    "x, pads, value, axes=None",
    "operators.pad({x}, {pads}.tolist(), value={value}.item(){...})",
    helper=pad,
)

_TORCH_MODES = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@meaning("Pad")
def padding(op: OnnxOperation, emit: Emitter) -> Values:
    """x with borders; negative pads crop."""
    x = op.input(0)
    mode = op.text("mode", "constant")
    rank = emit.rank(x)
    from_attributes = "value" in op.SCHEMA.attributes
    value, literal = _value(op, emit, from_attributes)
    operand = None if from_attributes else op.optional_input(3)
    if operand is not None and emit.constant(operand) is None:
        if value is not None and literal is None:
            emit.refuse("with unknown axes needs a constant value")
        return emit("pad_axes_by_tensor", x, op.input(1), operand, mode=mode, value=literal or None)
    axes = _axes(op, emit, rank)
    if from_attributes:
        pads = op.integers("pads") or op.integers("paddings") or []
    else:
        array = emit.constant(op.input(1))
        if array is None:
            return _pad_at_run_time(emit, x, op.input(1), axes, mode, value, literal)
        pads = [int(item) for item in array.reshape(-1)]
    before, after = [0] * rank, [0] * rank
    for index, axis in enumerate(range(rank) if axes is None else axes):
        before[axis], after[axis] = pads[index], pads[index + len(pads) // 2]
    if not any(before) and not any(after):
        return x
    if mode != "constant":
        return _pad_from_inside(emit, x, before, after, mode)
    ends = _pairs(before, after)
    if value is not None and literal is None:
        return emit("pad_with_tensor", x, value, pad=ends)
    return emit("torch.nn.functional.pad", x, pad=ends, value=literal or None)


def _pairs(before: list[int], after: list[int]) -> list[int]:
    """Padding as F.pad has it: the last dimension first, without leading ones that have none."""
    ends = [end for pair in zip(reversed(before), reversed(after), strict=True) for end in pair]
    while ends[-2:] == [0, 0]:
        del ends[-2:]
    return ends


def _value(
    op: OnnxOperation, emit: Emitter, from_attributes: bool
) -> tuple[SSAValue | None, Literal]:
    """The operand that pads, if any, and its number if that is known and F.pad keeps it."""
    if from_attributes:
        return None, op.number("value", 0.0)
    value = op.optional_input(2)
    literal = emit.scalar(value)
    if isinstance(literal, int) and abs(literal) > 2**53:
        emit.refuse("is not supported with an integer that float64 does not hold")
    return value, float(literal) if isinstance(literal, bool) else literal


def _axes(op: OnnxOperation, emit: Emitter, rank: int) -> list[int] | None:
    axes = emit.integers(op.optional_input(3), "its axes")
    return None if axes is None else [normal_axis(emit, axis, rank) for axis in axes]


def _pad_from_inside(
    emit: Emitter, x: SSAValue, before: list[int], after: list[int], mode: str
) -> SSAValue:
    """Padding with elements of x."""
    if mode not in _TORCH_MODES:
        emit.refuse(f"has the unknown mode {mode!r}")
    if min(before + after) < 0 and mode != "edge":
        emit.refuse(f"in mode {mode!r} is not supported with negative pads")
    rank, shape = len(before), emit.shape(x)
    spatial = max(rank - 2, 1)
    first = rank - spatial
    largest = max(before + after)
    room = 0 if shape is None else min(shape[first:]) - (mode == "reflect")
    fits = (
        3 <= rank <= 5
        and not any(before[:first] + after[:first])
        and min(before + after) >= 0
        and (mode == "edge" or largest <= room)
        and emit.dtype(x).kind == "f"
        and shape is not None
        and 0 not in shape
    )
    if fits:
        ends = [end for at in reversed(range(first, rank)) for end in (before[at], after[at])]
        return emit("torch.nn.functional.pad", x, pad=ends, mode=_TORCH_MODES[mode])
    return emit("operators.pad_by_index", x, pads=before + after, mode=mode)


def _pad_at_run_time(
    emit: Emitter,
    x: SSAValue,
    pads: SSAValue,
    axes: list[int] | None,
    mode: str,
    value: SSAValue | None,
    literal: Literal,
) -> SSAValue:
    common: dict[str, Any] = {"axes": axes}
    if mode == "constant" and value is not None and literal is None:
        return emit("pad_by_tensor_with_tensor", x, pads, value, **common)
    if mode == "constant" and literal:
        common["value"] = literal
    return emit("pad_by_tensor", x, pads, mode=mode, **common)

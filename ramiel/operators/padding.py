"""Padding: constant, reflected, repeated or wrapped; or to a size, cropped where it is more."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.syntax import Literal
from ramiel.operators.emitter import Emitter
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis
from ramiel.operators.sizes import Size

callee("torch.nn.functional.pad", "input, pad, /, mode='constant', value=None")
callee(
    "pad_with_tensor",
    "input, pad, value",
    "F.pad({input}, {pad}, value={value}.item())",
)
callee("operators.pad_by_index", "x, pads, mode", helper="shape.pad_by_index")
callee(
    "pad_by_tensor",
    "x, pads, axes=None, mode='constant', value=0",
    "operators.pad({x}, {pads:sizes}{...})",
    helper="shape.pad",
)
callee(
    "pad_axes_by_tensor",
    "x, pads, axes, mode='constant', value=0",
    "operators.pad({x}, {pads:sizes}, {axes:sizes}{...})",
    helper="shape.pad",
)
callee("operators.center_crop_pad", "x, shape, axes", helper="shape.center_crop_pad")
callee(
    "center_crop_pad_by_tensor",
    "x, shape, axes",
    "operators.center_crop_pad({x}, {shape:sizes}, {axes})",
    helper="shape.center_crop_pad",
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
    if from_attributes:
        name = "pads" if "pads" in op.SCHEMA.attributes else "paddings"
        pads, axes = op.integers(name) or [], None
    else:
        array, wanted = emit.constant(op.input(1)), op.optional_input(3)
        if array is None or (wanted is not None and emit.constant(wanted) is None):
            return _pad_at_run_time(op, emit, mode, value if literal is None else literal)
        pads, axes = [int(item) for item in array.reshape(-1)], _axes(op, emit, rank)
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


def _pairs(before: Sequence[Size], after: Sequence[Size]) -> list[Size]:
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
    op: OnnxOperation, emit: Emitter, mode: str, value: SSAValue | Literal
) -> SSAValue:
    x, pads, axes = op.input(0), op.input(1), op.optional_input(3)
    fill = None if mode != "constant" or not value else value
    sizes = emit.sizes(pads) if mode == "constant" and axes is None else None
    if sizes is not None and not isinstance(value, SSAValue):
        half = len(sizes) // 2
        ends = _pairs(sizes[:half], sizes[half:])
        type = op.results[0].type
        return emit("torch.nn.functional.pad", x, pad=ends, value=fill, type=type)
    if axes is not None and emit.constant(axes) is None:
        return emit("pad_axes_by_tensor", x, pads, axes, mode=mode, value=fill)
    return emit("pad_by_tensor", x, pads, axes=_axes(op, emit, emit.rank(x)), mode=mode, value=fill)


@meaning("CenterCropPad")
def center_crop_or_pad(op: OnnxOperation, emit: Emitter) -> Values:
    """The middle of x, cropped or padded with zeros to a size."""
    x = op.input(0)
    rank = emit.rank(x)
    given = op.integers("axes")
    axes = list(range(rank)) if given is None else [normal_axis(emit, a, rank) for a in given]
    wanted = emit.constant(op.input(1))
    if wanted is None:
        return emit("center_crop_pad_by_tensor", x, op.input(1), axes=axes)
    sizes = [int(item) for item in wanted.reshape(-1)]
    return emit("operators.center_crop_pad", x, shape=sizes, axes=axes)

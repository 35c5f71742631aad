"""Resizing and resampling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter, shortest
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis


def resize_flops(op: CallOp) -> int:
    """A multiplication and an addition for each tap of each result."""
    taps = {"nearest": 0, "nearest-exact": 0, "linear": 2, "cubic": 4}
    taps |= {"bilinear": 4, "trilinear": 8, "bicubic": 16}
    return (1 + 2 * taps.get(str(op.literal("mode")), 4)) * known_elements(op.results[0])


callee(
    "torch.nn.functional.interpolate",
    "input, *, size=None, scale_factor=None, mode='nearest', align_corners=None, "
    "recompute_scale_factor=None, antialias=False",
    flops=resize_flops,
)
_OPTIONS = (
    "mode='nearest', coordinates='half_pixel', nearest_mode='round_prefer_floor', "
    "cubic_coeff_a=-0.75, exclude_outside=False, antialias=False, extrapolation_value=0.0, "
    "policy='stretch'"
)
_SIZES = "x, sizes=None, scales=None, axes=None, regions=None"
callee("operators.resize", f"{_SIZES}, *, {_OPTIONS}", flops=resize_flops, helper="resize.resize")
callee(
    "resize_to_tensor",
    f"x, sizes, axes=None, regions=None, *, {_OPTIONS}",
    "operators.resize({x}, {sizes:sizes}{...})",
    flops=resize_flops,
    helper="resize.resize",
)
callee(
    "resize_by_tensor",
    f"x, scales, axes=None, regions=None, *, {_OPTIONS}",
    "operators.resize({x}, scales={scales:sizes}{...})",
    flops=resize_flops,
    helper="resize.resize",
)
callee(
    "torch.nn.functional.grid_sample",
    "input, grid, mode='bilinear', padding_mode='zeros', align_corners=None",
    flops=resize_flops,
)
callee(
    "operators.grid_sample_nd",
    "x, grid, mode, padding_mode, align_corners",
    flops=resize_flops,
    helper="resize.grid_sample_nd",
)
callee("torch.nn.functional.affine_grid", "theta, size, /, align_corners=None")
callee(
    "affine_grid_by_tensor",
    "theta, size, align_corners=None",
    "F.affine_grid({theta}, {size:sizes}{...})",
)


@dataclass(frozen=True)
class Resizing:
    """What a Resize says, apart from its input: each list has an entry for each axis."""

    axes: list[int]
    sizes: list[int] | None
    scales: list[float] | None
    regions: list[float] | SSAValue | None
    mode: str
    coordinates: str
    nearest_mode: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    def arguments(self, rank: int) -> dict[str, Any]:
        """The keyword arguments of the helper that differ from its defaults."""
        return {
            "axes": None if self.axes == list(range(rank)) else self.axes,
            "regions": self.regions if self.coordinates == "tf_crop_and_resize" else None,
            "mode": self.mode,
            "coordinates": self.coordinates,
            "nearest_mode": self.nearest_mode if self.mode == "nearest" else None,
            **self.options,
        }


@meaning("Upsample", "Resize")
def resizing(op: OnnxOperation, emit: Emitter) -> Values:
    """x with other sizes, its elements repeated or interpolated."""
    x = op.input(0)
    rank = emit.rank(x)
    legacy = op.operator == "Upsample" or op.version < 11
    sizes, scales = _targets(op, emit, legacy)
    what = _resizing(op, emit, rank, legacy)
    wanted = None if sizes is None else _wanted(op, emit, sizes, what)
    if sizes is not None and wanted is None:
        return emit("resize_to_tensor", x, sizes, **what.arguments(rank))
    if scales is not None and emit.constant(scales) is None:
        return emit("resize_by_tensor", x, scales, **what.arguments(rank))
    known = _with_targets(op, emit, what, wanted, scales)
    by_torch = _by_torch(emit, x, known)
    if by_torch is not None:
        return by_torch
    targets: dict[str, Any] = {"sizes": known.sizes}
    if known.sizes is None:
        targets = {"scales": known.scales}
    return emit("operators.resize", x, **targets, **known.arguments(rank))


def _wanted(op: OnnxOperation, emit: Emitter, sizes: SSAValue, what: Resizing) -> list[int] | None:
    """The sizes to get: constant, or those of the result's type; None if they are not known."""
    if emit.constant(sizes) is not None:
        return emit.integers(sizes, "its sizes")
    declared = tensors.static_shape(op.results[0].type)
    if declared is None or what.options.get("policy", "stretch") != "stretch":
        return None
    return [declared[axis] for axis in what.axes]


def _targets(
    op: OnnxOperation, emit: Emitter, legacy: bool
) -> tuple[SSAValue | None, SSAValue | None]:
    """The operands that say sizes and scales: an empty one is absent."""
    if legacy:
        return None, op.optional_input(1) if len(op.SCHEMA.inputs) > 1 else None
    sizes, scales = op.optional_input(3), op.optional_input(2)
    if scales is not None and emit.shape(scales) == (0,):
        scales = None
    if sizes is not None and emit.shape(sizes) == (0,):
        sizes = None
    return sizes, None if sizes is not None else scales


def _resizing(op: OnnxOperation, emit: Emitter, rank: int, legacy: bool) -> Resizing:
    mode = op.text("mode", "nearest")
    if legacy:
        # Before opset 11: asymmetric coordinates, rounded down.
        modes = {"nearest": "nearest", "linear": "linear", "bilinear": "linear"}
        if mode not in modes:
            emit.refuse(f"has the unknown mode {mode!r}")
        axes = list(range(rank))
        return Resizing(axes, None, None, None, modes[mode], "asymmetric", "floor")
    given = op.integers("axes") if "axes" in op.SCHEMA.attributes else None
    axes = list(range(rank)) if given is None else [normal_axis(emit, a, rank) for a in given]
    coordinates = op.text("coordinate_transformation_mode")
    regions: list[float] | SSAValue | None = None
    if coordinates == "tf_crop_and_resize":
        roi = emit.constant(op.input(1))
        regions = op.input(1) if roi is None else [float(value) for value in roi.reshape(-1)]
    options: dict[str, Any] = {}
    if mode == "cubic":
        options["cubic_coeff_a"] = op.number("cubic_coeff_a")
    if op.integer("exclude_outside") and mode != "nearest":
        options["exclude_outside"] = True
    if "antialias" in op.SCHEMA.attributes and op.integer("antialias") and mode != "nearest":
        options["antialias"] = True
    if coordinates == "tf_crop_and_resize":
        options["extrapolation_value"] = op.number("extrapolation_value")
    if "keep_aspect_ratio_policy" in op.SCHEMA.attributes:
        options["policy"] = op.text("keep_aspect_ratio_policy")
    nearest_mode = op.text("nearest_mode")
    return Resizing(axes, None, None, regions, mode, coordinates, nearest_mode, options)


def _with_targets(
    op: OnnxOperation,
    emit: Emitter,
    what: Resizing,
    integers: list[int] | None,
    scales: SSAValue | None,
) -> Resizing:
    numbers: list[float] | None = None
    if integers is not None:
        pass
    elif scales is not None:
        array = emit.constant(scales)
        numbers = [] if array is None else [float(value) for value in array.reshape(-1)]
    else:
        given = op.attribute("scales") if "scales" in op.SCHEMA.attributes else None
        if given is None and "height_scale" in op.SCHEMA.attributes:
            given = [1.0, 1.0, op.number("height_scale"), op.number("width_scale")]
        if not isinstance(given, list):
            emit.refuse("needs sizes or scales")
        numbers = [float(value) for value in given if isinstance(value, int | float)]
    count = len(numbers if integers is None else integers)  # pyright: ignore[reportArgumentType]
    if count != len(what.axes):
        emit.refuse(f"has {count} sizes or scales for {len(what.axes)} axes")
    return Resizing(
        what.axes,
        integers,
        numbers,
        what.regions,
        what.mode,
        what.coordinates,
        what.nearest_mode,
        what.options,
    )


def _by_torch(emit: Emitter, x: SSAValue, what: Resizing) -> SSAValue | None:
    """F.interpolate where it computes the same, else None."""
    rank, dims = emit.rank(x), tensors.dims_of(x.type) or []
    plain = (
        rank in (3, 4, 5)
        and emit.dtype(x).kind == "f"
        and what.options.get("policy", "stretch") == "stretch"
        and not what.options.get("exclude_outside")
        and not what.options.get("antialias")
        and what.options.get("cubic_coeff_a", -0.75) == -0.75
        and what.coordinates != "tf_crop_and_resize"
    )
    if not plain:
        return None
    spatial: list[tuple[tensors.Dim, int | None, float | None]] = []
    for axis in range(rank):
        size = scale = None
        if axis in what.axes and what.sizes is not None:
            size = what.sizes[what.axes.index(axis)]
        elif axis in what.axes and what.scales is not None:
            scale = what.scales[what.axes.index(axis)]
        else:
            scale = 1.0
        if axis >= 2:
            spatial.append((dims[axis], size, scale))
        elif scale != 1.0 and size != dims[axis]:
            return None
    mode = _torch_mode(what, rank - 2, spatial)
    if mode is None:
        return None
    arguments: dict[str, Any] = {"mode": mode}
    if what.mode != "nearest" and what.coordinates == "align_corners":
        arguments["align_corners"] = True
    if any(size is None for _, size, _ in spatial):
        if any(scale is None for _, _, scale in spatial):
            return None
        factors = [shortest_scale(scale) for _, _, scale in spatial if scale is not None]
        arguments["scale_factor"] = factors[0] if len(set(factors)) == 1 else factors
    else:
        sizes = [size for _, size, _ in spatial if size is not None]
        arguments["size"] = sizes
    return emit("torch.nn.functional.interpolate", x, **arguments)


def shortest_scale(scale: float) -> float | int:
    """A scale as an integer if it is one."""
    number = shortest(np.float32(scale))
    assert not isinstance(number, bool)
    return int(number) if float(number).is_integer() else float(number)


def _torch_mode(
    what: Resizing, rank: int, spatial: list[tuple[tensors.Dim, int | None, float | None]]
) -> str | None:
    """The mode of F.interpolate that gives the same in each axis."""
    if what.mode == "nearest":
        for mode in ("nearest", "nearest-exact"):
            if all(_same_places(what, mode, *axis) for axis in spatial):
                return mode
        return None
    modes = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}, "cubic": {2: "bicubic"}}
    mode = modes.get(what.mode, {}).get(rank)
    for size, wanted, scale in spatial:
        if scale is not None and not _scales_alike(size, scale):
            return None
        count = wanted if wanted is not None else _scaled(size, scale)
        match what.coordinates:
            case "half_pixel":
                pass
            case "pytorch_half_pixel" if count is not None and count > 1:
                pass
            case "align_corners" if count is not None and (wanted or _is_whole(size, scale)):
                pass
            case "half_pixel_symmetric" if wanted is not None:
                pass
            case _:
                return None
    return mode


def _scaled(size: tensors.Dim, scale: float | None) -> int | None:
    """The scaled size, rounded down in float32 as in ONNX; None if it is not known."""
    if not isinstance(size, int) or scale is None:
        return None
    return int(np.float32(size) * np.float32(scale))


def _scales_alike(size: tensors.Dim, scale: float) -> bool:
    """Whether PyTorch, which scales sizes in float64, gets the same."""
    return isinstance(size, str) or int(size * shortest_scale(scale)) == _scaled(size, scale)


def _is_whole(size: tensors.Dim, scale: float | None) -> bool:
    """Whether a scaled size needs no rounding."""
    return isinstance(size, int) and scale is not None and (size * scale).is_integer()


LONGEST = 1 << 22
"""An axis, before or after, beyond which places are not compared one by one."""


def _same_places(
    what: Resizing, mode: str, size: tensors.Dim, wanted: int | None, scale: float | None
) -> bool:
    """Whether torch takes the same elements along an axis as ONNX says."""
    import torch

    from ramiel.operators.helpers.resize import nearest_places, source_coordinates

    if not isinstance(size, int):
        # Whole multiples: every element is repeated.
        whole = scale is not None and scale.is_integer() and scale > 0
        floors = what.coordinates == "asymmetric" and what.nearest_mode == "floor"
        halves = what.coordinates == "half_pixel" and what.nearest_mode.startswith("round")
        return whole and ((mode == "nearest" and floors) or halves)
    if size == 0:
        return False
    count = (_scaled(size, scale) or 0) if wanted is None else wanted
    factor = count / size if scale is None else scale
    if count < 1 or max(size, count) > LONGEST:  # comparing takes memory
        return False
    at = source_coordinates(size, count, factor, what.coordinates)
    ours = nearest_places(at, what.nearest_mode).clamp(0, size - 1).long()
    line = torch.arange(size, dtype=torch.float32).reshape(1, 1, -1)
    given: dict[str, Any] = (
        {"size": count} if scale is None else {"scale_factor": shortest_scale(scale)}
    )
    theirs = torch.nn.functional.interpolate(line, mode=mode, **given).flatten().long()
    return torch.equal(ours, theirs)


@meaning("GridSample")
def grid_sample(op: OnnxOperation, emit: Emitter) -> Values:
    """x sampled at the points of a grid in [-1, 1] (arXiv 1506.02025)."""
    x, grid = op.input(0), op.input(1)
    modes = {"bilinear": "linear", "bicubic": "cubic"}
    mode = op.text("mode")
    mode = modes.get(mode, mode)
    padding_mode, align = op.text("padding_mode"), bool(op.integer("align_corners"))
    rank = emit.rank(x)
    same_type = emit.dtype(x) == emit.dtype(grid) and emit.dtype(x).name in ("float32", "float64")
    # At the border PyTorch's cubic mode extrapolates, ONNX's moves the point to it first.
    differs = mode == "cubic" and (rank != 4 or padding_mode == "border")
    if same_type and rank in (4, 5) and not differs:
        names = {"linear": "bilinear", "cubic": "bicubic", "nearest": "nearest"}
        return emit(
            "torch.nn.functional.grid_sample",
            x,
            grid,
            mode=names[mode],
            padding_mode=padding_mode,
            align_corners=align,
        )
    return emit(
        "operators.grid_sample_nd",
        x,
        grid,
        mode=mode,
        padding_mode=padding_mode,
        align_corners=align,
    )


@meaning("AffineGrid")
def affine_grid(op: OnnxOperation, emit: Emitter) -> Values:
    """The grid that GridSample takes for an affine map: (N, 2, 3) to (N, H, W, 2), or in 3-d."""
    theta, size = op.input(0), emit.constant(op.input(1))
    align = bool(op.integer("align_corners"))
    if size is None:
        return emit("affine_grid_by_tensor", theta, op.input(1), align_corners=align)
    key = "torch.nn.functional.affine_grid"
    return emit(key, theta, size=[int(item) for item in size], align_corners=align)

"""Normalizations."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.dialects.torch import CallOp
from ramiel.operators.convolution import known_elements
from ramiel.operators.emitter import Emitter
from ramiel.operators.numbers import cast, coefficient
from ramiel.operators.registry import Values, callee, meaning
from ramiel.operators.shape import normal_axis


def normalization_flops(op: CallOp) -> int:
    """Mean, variance, scaling: about eight operations for each element."""
    return 8 * known_elements(op.operands[0])


def _callee(key: str, signature: str, template: str | None = None, **options: object) -> None:
    callee(key, signature, template, flops=normalization_flops, **options)  # pyright: ignore[reportArgumentType]


callee(
    "torch.nn.functional.batch_norm",
    "input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, "
    "eps=1e-05",
    flops=lambda op: 2 * known_elements(op.operands[0]),
)
_callee(
    "operators.batch_norm_training",
    "x, scale, bias, mean, var, eps=1e-05, momentum=0.9",
    helper="normalization.batch_norm_training",
)
_callee("torch.nn.functional.instance_norm", "input, *, weight=None, bias=None, eps=1e-05")
_callee(
    "operators.instance_norm", "x, scale, bias, eps=1e-05", helper="normalization.instance_norm"
)
_callee(
    "torch.nn.functional.local_response_norm",
    "input, size, /, alpha=0.0001, beta=0.75, k=1.0",
)
_callee(
    "operators.local_response_norm",
    "x, size, alpha=0.0001, beta=0.75, bias=1.0",
    helper="normalization.local_response_norm",
)
_callee(
    "torch.nn.functional.layer_norm",
    "input, normalized_shape, /, weight=None, bias=None, eps=1e-05",
)
_callee(
    "layer_norm_like_weight",
    "input, weight, bias=None, eps=1e-05",
    "F.layer_norm({input}, {weight}.shape, {weight}{...})",
)
_callee(
    "operators.layer_norm",
    "x, scale, bias=None, axis=-1, eps=1e-05",
    helper="normalization.layer_norm",
)
_callee("torch.nn.functional.group_norm", "input, num_groups, /, weight=None, bias=None, eps=1e-05")
callee("repeat_channels", "input, repeats", "{input}.repeat_interleave({repeats})")
_callee("torch.nn.functional.rms_norm", "input, normalized_shape, /, weight=None, eps=None")
_callee("operators.rms_norm", "x, scale, axis, eps=1e-05", helper="normalization.rms_norm")
_callee("operators.mean_variance_norm", "x, dims", helper="normalization.mean_variance_norm")
_callee("operators.lp_normalize", "x, p=2, dim=-1", helper="normalization.lp_normalize")


@meaning("BatchNormalization")
def batch_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """Each channel of (N, C, *spatial) shifted and scaled by its mean and variance."""
    x, scale, bias, mean, var = (op.input(index) for index in range(5))
    if "spatial" in op.SCHEMA.attributes and op.integer("spatial") != 1:
        emit.refuse("is supported with spatial = 1 only")
    if emit.rank(x) < 2:
        emit.refuse("needs an input with a channel dimension")
    eps = coefficient(op, emit, "epsilon", 1e-5)
    if "training_mode" in op.SCHEMA.attributes and op.integer("training_mode"):
        momentum = coefficient(op, emit, "momentum", 0.9)
        key = "operators.batch_norm_training"
        operands = x, scale, bias, mean, var
        return emit.many(key, *operands, count=3, eps=eps, momentum=momentum)
    # The parameters may be wider than x.
    parameters = [cast(emit, value, emit.dtype(mean)) for value in (scale, bias)]
    wide = cast(emit, x, emit.dtype(mean))
    y = emit(
        "torch.nn.functional.batch_norm",
        wide,
        mean,
        var,
        weight=parameters[0],
        bias=parameters[1],
        eps=eps,
    )
    return y if emit.dtype(x) == emit.dtype(mean) else emit("Tensor.to", y, dtype=emit.dtype(x))


@meaning("InstanceNormalization")
def instance_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """Each channel of each batch element normalized by its own mean and variance."""
    x, scale, bias = op.input(0), op.input(1), op.input(2)
    eps = coefficient(op, emit, "epsilon", 1e-5)
    sizes = (tensors.dims_of(x.type) or [])[2:]
    # PyTorch refuses a single spatial element.
    if any(isinstance(size, int) and size > 1 for size in sizes):
        key = "torch.nn.functional.instance_norm"
        return emit(key, x, weight=scale, bias=bias, eps=eps)
    return emit("operators.instance_norm", x, scale, bias, eps=eps)


@meaning("LRN")
def local_response_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """Division by the squares of neighbouring channels."""
    x, size = op.input(0), op.integer("size")
    defaults = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}
    alpha, beta, bias = (coefficient(op, emit, *default) for default in defaults.items())
    if size % 2 and emit.rank(x) >= 3:
        key = "torch.nn.functional.local_response_norm"
        return emit(key, x, size=size, alpha=alpha, beta=beta, k=bias)
    key = "operators.local_response_norm"
    return emit(key, x, size=size, alpha=alpha, beta=beta, bias=bias)


def _is_used(op: OnnxOperation, index: int) -> bool:
    outputs = op.outputs
    value = outputs[index] if index < len(outputs) else None
    return value is not None and bool(value.uses)


@meaning("LayerNormalization")
def layer_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """The dimensions from the axis on normalized by their mean and variance."""
    x, scale, bias = op.input(0), op.input(1), op.optional_input(2)
    dims = tensors.dims_of(x.type)
    if dims is None:
        emit.refuse("needs an input of known rank")
    axis = normal_axis(emit, op.integer("axis"), len(dims))
    eps = coefficient(op, emit, "epsilon", 1e-5)
    plain = _has_shape(scale, dims[axis:]) and (bias is None or _has_shape(bias, dims[axis:]))
    if plain and not _is_used(op, 1) and not _is_used(op, 2):
        sizes = emit.shape(scale)
        if sizes is None:
            return emit("layer_norm_like_weight", x, scale, bias=bias, eps=eps)
        key = "torch.nn.functional.layer_norm"
        return emit(key, x, weight=scale, bias=bias, normalized_shape=list(sizes), eps=eps)
    if emit.dtype(x).name == "float64" and op.integer("stash_type") == 1 and _is_used(op, 1):
        emit.refuse("in float64 cannot return its statistics in float32")
    return emit.many("operators.layer_norm", x, scale, bias=bias, count=3, axis=axis, eps=eps)


def _has_shape(value: SSAValue, dims: list[tensors.Dim]) -> bool:
    """Whether a tensor is known to have these dimensions: named alike, or of one size."""
    own = tensors.dims_of(value.type)
    return own == dims and "" not in dims


@meaning("GroupNormalization")
def group_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """Groups of channels normalized by their mean and variance, then scaled per channel."""
    x, scale, bias = op.input(0), op.input(1), op.input(2)
    groups = op.integer("num_groups")
    if op.version < 21:
        # Scale and bias are per group.
        channels = (tensors.dims_of(x.type) or [""])[1:2]
        if not channels or not isinstance(channels[0], int):
            emit.refuse("needs a known number of channels")
        repeats = channels[0] // groups
        if repeats != 1:
            scale = emit("repeat_channels", scale, repeats=repeats)
            bias = emit("repeat_channels", bias, repeats=repeats)
    return emit(
        "torch.nn.functional.group_norm",
        x,
        num_groups=groups,
        weight=scale,
        bias=bias,
        eps=coefficient(op, emit, "epsilon", 1e-5),
    )


@meaning("RMSNormalization")
def rms_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """The dimensions from the axis on divided by the root of their mean square."""
    x, scale = op.input(0), op.input(1)
    dims = tensors.dims_of(x.type)
    if dims is None:
        emit.refuse("needs an input of known rank")
    axis = normal_axis(emit, op.integer("axis"), len(dims))
    eps = coefficient(op, emit, "epsilon", 1e-5)
    sizes = emit.shape(scale)
    if sizes is not None and _has_shape(scale, dims[axis:]) and emit.dtype(x) == emit.dtype(scale):
        key = "torch.nn.functional.rms_norm"
        return emit(key, x, weight=scale, normalized_shape=list(sizes), eps=eps)
    return emit("operators.rms_norm", x, scale, axis=axis, eps=eps)


@meaning("MeanVarianceNormalization")
def mean_variance_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """(x - mean) / standard deviation over the axes."""
    dims = op.integers("axes") or [0, 2, 3]
    return emit("operators.mean_variance_norm", op.input(0), dims=dims)


@meaning("LpNormalization")
def lp_normalization(op: OnnxOperation, emit: Emitter) -> Values:
    """x divided by its p-norm along an axis."""
    return emit("operators.lp_normalize", op.input(0), p=op.integer("p"), dim=op.integer("axis"))

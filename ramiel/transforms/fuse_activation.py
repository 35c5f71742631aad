"""`fuse-activation`: oneDNN adds and activates a result before it writes it.

Each element then goes through memory once instead of two or three times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.syntax import Literal
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location
from ramiel.tensors import element_of, static_shape
from ramiel.transforms.torch_rewriting import TorchMatch, apply_torch_patterns, calls

CONV, LINEAR = "operators.conv2d", "operators.linear"
ACTIVATIONS: Mapping[str, tuple[str, Sequence[str]]] = {
    "torch.relu": ("relu", ()),
    "torch.sigmoid": ("sigmoid", ()),
    "torch.tanh": ("tanh", ()),
    "torch.nn.functional.silu": ("swish", ()),
    "torch.nn.functional.hardswish": ("hardswish", ()),
    "torch.nn.functional.leaky_relu": ("leaky_relu", ("negative_slope",)),
    "torch.nn.functional.gelu": ("gelu", ()),
}
"""oneDNN's names, and the literals that it takes as scalars."""
VIEWS = [
    f"Tensor.{name}"
    for name in ("reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "transpose", "permute")
]
"""What changes no element."""


@dataclass(frozen=True)
class FuseActivation(ModulePass):
    """act(operators.conv2d(x, w, b) + y) -> operators.conv2d(x, w, b, y, activation=act).

    So for operators.linear.
    """

    name = "fuse-activation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                fuse_sums(graph)
        apply_torch_patterns(op, [fuse_activation, fuse_swish, activate_parts])


def fuse_sums(graph: GraphOp) -> None:
    """conv2d(x, w, b) + y = conv2d(x, w, b, y), and linear(x, w, b) + y = linear(x, w, b, y)

    where y is there before the kernel starts.  Else it would wait for y, which a branch beside it
    may compute: so y must be no deeper in the graph than x.
    """
    depth: dict[SSAValue, int] = {}
    for op in list(graph.block.ops):
        kernel = _summand(op, depth) if isinstance(op, CallOp) else None
        if kernel is not None:
            op = _with_sum(op, kernel)
        level = 1 + max((depth.get(operand, 0) for operand in op.operands), default=0)
        depth.update(dict.fromkeys(op.results, level))


def _summand(op: CallOp, depth: Mapping[SSAValue, int]) -> CallOp | None:
    """The convolution or linear layer that can take the sum over."""
    if op.key.data != "operator.add" or len(op.operands) != 2:
        return None
    for value, other in (op.operands, reversed(op.operands)):
        kernel = value.owner
        if not isinstance(kernel, CallOp) or kernel.key.data not in (CONV, LINEAR):
            continue
        if not is_plain(kernel):
            continue
        alone = len(list(value.uses)) == 1 and kernel.parent is op.parent
        computed = other in depth and depth[other] <= depth.get(kernel.operands[0], 0)
        if alone and computed and same_tensors(value, other):
            return kernel
    return None


def _with_sum(op: Operation, kernel: CallOp) -> CallOp:
    other = next(value for value in op.operands if value.owner is not kernel)
    operands = kernel.positional
    [old] = op.results
    literals = kernel.literals.data
    fused = CallOp(kernel.key.data, operands, [old.type], literals, {"add": other})
    fused.results[0].name_hint = old.name_hint
    inherit_location(kernel, fused)
    Rewriter.replace_op(op, fused)
    Rewriter.erase_op(kernel)
    return fused


@calls(*ACTIVATIONS)
def fuse_activation(match: TorchMatch) -> None:
    """relu(view(conv2d(x, w, b))) = view(conv2d(x, w, b, activation="relu")); others in this way"""
    kernel, views = _behind_views(match)
    if kernel is None or not _can_activate(kernel, match.op.key.data):
        return
    name, scalars = ACTIVATIONS[match.op.key.data]
    literals: dict[str, Any] = {"activation": name}
    if scalars:
        literals["scalars"] = [match.op.literal(scalar) for scalar in scalars]
    if name == "gelu":
        literals["algorithm"] = match.op.literal("approximate")
    if not views:
        _replace(match, kernel, literals)
        return
    literals = {**kernel.literals.data, **literals}
    value = _insert(match, kernel, kernel.positional, literals, kernel.by_keyword)
    for view in reversed(views[1:]):
        value = _insert(match, view, [value], view.literals.data)
    match.become(views[0].key.data, [value], views[0].literals.data, named_after=views[0])


def _behind_views(match: TorchMatch) -> tuple[CallOp | None, list[CallOp]]:
    """The kernel whose elements the operation reads, and the views between them, the last first."""
    views: list[CallOp] = []
    value = match.op.operands[0]
    while (view := match.producer(value, *VIEWS)) is not None and len(view.operands) == 1:
        views.append(view)
        value = view.operands[0]
    return match.producer(value, CONV, LINEAR), views


def _insert(
    match: TorchMatch,
    like: CallOp,
    operands: Sequence[SSAValue],
    literals: Mapping[str, Literal | Attribute],
    keywords: Mapping[str, SSAValue] | None = None,
) -> SSAValue:
    """The same call on other operands, or with other literals."""
    types = [result.type for result in like.results]
    value = match.insert(CallOp(like.key.data, operands, types, literals, keywords or {}), like)
    value.name_hint = like.results[0].name_hint
    return value


@calls(*ACTIVATIONS)
def activate_parts(match: TorchMatch) -> None:
    """relu(cat(x, y)) = cat(relu(x), relu(y)) where a kernel can activate x; others in this way"""
    joined = match.producer(match.op.operands[0], "torch.cat")
    if joined is None:
        return
    kernels = [match.producer(part, CONV, LINEAR) for part in joined.operands]
    if not any(kernel and _can_activate(kernel, match.op.key.data) for kernel in kernels):
        return
    parts: list[SSAValue] = []
    for part in joined.operands:
        call = CallOp(match.op.key.data, [part], [part.type], match.op.literals.data)
        near = part.owner if isinstance(part.owner, CallOp) else None
        parts.append(match.insert(call, near))  # in the module of what it activates
        parts[-1].name_hint = f"{part.name_hint}_{match.op.key.data.rpartition('.')[2]}"
    match.become("torch.cat", parts, joined.literals.data, named_after=joined)


def _can_activate(kernel: CallOp, key: str) -> bool:
    """Whether a kernel can do what that callee does: with a sum that is ReLU alone."""
    name, _ = ACTIVATIONS[key]
    return kernel.literal("activation") is None and (name == "relu" or not _has_sum(kernel))


@calls("operator.mul")
def fuse_swish(match: TorchMatch) -> None:
    """x · sigmoid(x) = silu(x), which conv2d does: for x = conv2d(…) with no other reader"""
    if len(match.op.operands) != 2:
        return
    for x, gate in (match.op.operands, reversed(match.op.operands)):
        sigmoid = match.producer(gate, "torch.sigmoid")
        kernel = x.owner
        if sigmoid is None or sigmoid.operands[0] != x or not isinstance(kernel, CallOp):
            continue
        alone = len(list(x.uses)) == 2
        if kernel.key.data in (CONV, LINEAR) and alone and is_plain(kernel):
            _replace(match, kernel, {"activation": "swish"})
            return


def is_plain(kernel: CallOp) -> bool:
    """Whether it neither adds something to its result nor activates it."""
    return kernel.literal("activation") is None and not _has_sum(kernel)


def _has_sum(kernel: CallOp) -> bool:
    return "add" in kernel.bind()


def same_tensors(one: SSAValue, other: SSAValue) -> bool:
    """Whether two values have the same known shape and the same dtype."""
    shape = static_shape(one.type)
    same = shape is not None and shape == static_shape(other.type)
    return same and element_of(one.type) == element_of(other.type)


def _replace(
    match: TorchMatch, kernel: CallOp, literals: Mapping[str, Literal | Attribute]
) -> None:
    """The kernel again in the place of what follows it, with more arguments."""
    literals = {**kernel.literals.data, **literals}
    match.become(kernel.key.data, kernel.positional, literals, kernel.by_keyword, kernel)

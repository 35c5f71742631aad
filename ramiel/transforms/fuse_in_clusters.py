"""`fuse-in-clusters`: sums that one worker computes go into the kernel of one of their summands.

`fuse-activation` leaves two branches apart that meet in a sum, for they may run side by side.  Once
it is known that one worker runs both, the second one can add the first one's result to its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.syntax import Literal, to_attribute
from ramiel.dialects.task import ClusterOp, RecvOp
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location
from ramiel.transforms.fuse_activation import CONV, LINEAR, is_plain, same_tensors
from ramiel.transforms.task_graph import COST, cost_of


@dataclass(frozen=True)
class FuseInClusters(ModulePass):
    """relu(operators.conv2d(x, w, b) + y) -> operators.conv2d(x, w, b, y, activation="relu").

    So for operators.linear, and without relu.  No wait for a message comes between the kernel and
    the sum: the kernel would wait too.
    """

    name = "fuse-in-clusters"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for cluster in [nested for nested in op.walk() if isinstance(nested, ClusterOp)]:
            position = {inner: number for number, inner in enumerate(cluster.block.ops)}
            waits = [number for inner, number in position.items() if isinstance(inner, RecvOp)]
            for inner in position:
                kernel = _kernel(inner, position)
                if kernel is None or not isinstance(inner, CallOp):
                    continue
                if not any(position[kernel] < wait < position[inner] for wait in waits):
                    _fuse(inner, kernel)


def _kernel(op: Operation, position: Mapping[Operation, int]) -> CallOp | None:
    """The last convolution or linear layer that can take this sum over."""
    if not isinstance(op, CallOp) or op.key.data != "operator.add" or len(op.operands) != 2:
        return None
    if not same_tensors(*op.operands) or op.operands[0] == op.operands[1]:
        return None
    kernels = [value.owner for value in op.operands if _is_free(value)]
    found = [kernel for kernel in kernels if isinstance(kernel, CallOp) and kernel in position]
    return max(found, key=lambda kernel: position[kernel], default=None)


def _is_free(value: SSAValue) -> bool:
    """Whether a kernel computes a value that nothing but the sum reads, and does no more yet."""
    kernel = value.owner
    if not isinstance(kernel, CallOp) or kernel.key.data not in (CONV, LINEAR):
        return False
    return is_plain(kernel) and len(list(value.uses)) == 1


def _fuse(add: CallOp, kernel: CallOp) -> None:
    """Let the kernel, where the sum is, add the other summand, and activate that."""
    [summed] = add.results
    [other] = [value for value in add.operands if value.owner is not kernel]
    readers = [use.operation for use in summed.uses]
    relu = readers[0] if len(readers) == 1 else None
    literals: dict[str, Literal | Attribute] = dict(kernel.literals.data)
    replaced = add
    if isinstance(relu, CallOp) and relu.key.data == "torch.relu" and relu.parent is add.parent:
        literals["activation"] = "relu"
        replaced = relu
    [result] = replaced.results
    fused = CallOp(kernel.key.data, kernel.positional, [result.type], literals, {"add": other})
    fused.results[0].name_hint = result.name_hint
    inherit_location(kernel, fused)
    _sum_costs(fused, {kernel, add, replaced})
    Rewriter.insert_op(fused, InsertPoint.before(add))
    result.replace_all_uses_with(fused.results[0])
    for op in dict.fromkeys((replaced, add, kernel)):
        Rewriter.erase_op(op)


def _sum_costs(fused: CallOp, parts: set[CallOp]) -> None:
    """At most what all parts cost."""
    costs = [cost_of(part) for part in parts]
    known = [cost for cost in costs if cost is not None]
    if len(known) == len(costs):
        total = [sum(of_width) for of_width in zip(*known, strict=False)]
        fused.attributes[COST] = to_attribute(total)

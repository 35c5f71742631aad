"""Rewrite patterns on torch.calls: written as functions, applied to each graph of a module.

@calls("torch.relu")
def drop_second_relu(match: TorchMatch) -> None:
    \"\"\"relu(relu(x)) = relu(x)\"\"\"
    inner = match.producer(0, "torch.relu")
    if inner is not None:
        match.replace_by(inner.results[0])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.rewriter import InsertPoint

from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.syntax import Literal
from ramiel.dialects.torch import CalleeOperation, CallOp, PrepareOp
from ramiel.locations import inherit_location
from ramiel.tensors import Array
from ramiel.transforms.rewriting import graph_of
from ramiel.transforms.type_inference import constant_value
from ramiel.weights import WeightStore


class TorchMatch:
    """One torch.call that a pattern looks at, and the means to replace it."""

    def __init__(self, op: CallOp, rewriter: PatternRewriter) -> None:
        self.op = op
        self.rewriter = rewriter

    @property
    def store(self) -> WeightStore:
        """The weights of the graph around it."""
        return graph_of(self.op).store

    def producer(self, value: SSAValue | None, *keys: str) -> CallOp | None:
        """The call of one of these callees that computes a value, and is read by nothing else."""
        owner = value.owner if value is not None else None
        if not isinstance(owner, CallOp) or owner.key.data not in keys:
            return None
        alone = owner.parent is self.op.parent and len(list(owner.results[0].uses)) == 1
        return owner if alone else None

    def weight(self, value: SSAValue | None) -> WeightOp | None:
        """The weight that a value is."""
        owner = value.owner if value is not None else None
        return owner if isinstance(owner, WeightOp) else None

    def constant(self, value: SSAValue | None) -> Array | None:
        """The value if it is known when compiling and small."""
        return constant_value(value, self.store)

    def insert(self, op: Operation, near: Operation | None = None) -> SSAValue:
        """Put an operation before the matched one, under the location of `near`."""
        inherit_location(near or self.op, op)
        self.rewriter.insert(op, InsertPoint.before(self.op))
        return op.results[0]

    def prepare(self, key: str, weight: WeightOp, **literals: Literal | Attribute) -> SSAValue:
        """Insert what is done to a weight when the model is loaded."""
        type = weight.result.type
        value = self.insert(PrepareOp(key, [weight.result], [type], literals), weight)
        value.name_hint = weight.result.name_hint
        return value

    def become(
        self,
        key: str,
        operands: Sequence[SSAValue],
        literals: Mapping[str, Literal | Attribute],
        keywords: Mapping[str, SSAValue | None] | None = None,
        named_after: Operation | None = None,
    ) -> None:
        """Let another call take the operation's place; None among the keywords leaves it out."""
        [old] = self.op.results
        given = {name: value for name, value in (keywords or {}).items() if value is not None}
        new = CallOp(key, operands, [old.type], literals, given)
        new.attributes.update(self.op.attributes)
        result = self.insert(new, named_after)
        result.name_hint = old.name_hint
        self.rewriter.replace(self.op, [], [result])


class TorchPattern(RewritePattern):
    """A function on matches as an xDSL pattern, for the calls of some callees."""

    def __init__(self, keys: Sequence[str], function: Callable[[TorchMatch], None]) -> None:
        self.keys = frozenset(keys)
        self.function = function
        self.__doc__ = function.__doc__

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if isinstance(op, CallOp) and op.key.data in self.keys:
            self.function(TorchMatch(op, rewriter))


def calls(*keys: str) -> Callable[[Callable[[TorchMatch], None]], TorchPattern]:
    """Make a pattern of a function that rewrites calls of these callees."""
    return lambda function: TorchPattern(keys, function)


def apply_torch_patterns(module: ModuleOp, patterns: Sequence[RewritePattern]) -> None:
    """Apply patterns to each graph of a module until none matches; what is dead goes."""
    walker = PatternRewriteWalker(GreedyRewritePatternApplier(list(patterns), dce_enabled=True))
    for graph in module.ops:
        if isinstance(graph, GraphOp):
            walker.rewrite_region(graph.body)


def literals_of(op: CalleeOperation, *names: str) -> dict[str, Attribute]:
    """The literals of these names that the call has."""
    return {name: op.literals.data[name] for name in names if name in op.literals.data}

"""`upgrade-onnx`: older forms of operators become the newest, where that can say the same.

So most operators need one meaning only.  Forms that the newest cannot say stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from ramiel.dialects.onnx import operation_class
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.transforms.rewriting import Match, apply_patterns, graph_of, patterns_of
from ramiel.transforms.upgrades import attributes, broadcasting, defaults, resizing, softmax
from ramiel.transforms.upgrades.versions import MEANINGLESS, SAME_MEANING


class RenameVersion(RewritePattern):
    """onnx.X_vN(…) = onnx.X(…) where the table of versions says so"""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not isinstance(op, OnnxOperation) or op.domain:
            return
        newest = operation_class(op.operator)
        if newest is None or isinstance(op, newest):
            return
        versions = SAME_MEANING.get(op.operator, ())
        if op.version in versions and newest.SCHEMA.since_version in versions:
            match = Match(op, rewriter, graph_of(op).store)
            match.become(op.operator, op.inputs, without=tuple(MEANINGLESS))


PATTERNS: list[RewritePattern] = [
    RenameVersion(),
    *(
        pattern
        for module in (attributes, broadcasting, defaults, resizing, softmax)
        for pattern in patterns_of(module)
    ),
]


@dataclass(frozen=True)
class UpgradeOnnx(ModulePass):
    """onnx.X_vN(…) -> onnx.X(…)."""

    name = "upgrade-onnx"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, PATTERNS)

"""Control flow whose course is known."""

from __future__ import annotations

from xdsl.rewriter import InsertPoint

from ramiel.dialects.dataflow import OutputOp
from ramiel.transforms.rewriting import Match, rewrites


@rewrites("onnx.If")
def take_branch(match: Match) -> None:
    """If(true) {then, else} = then"""
    condition = match.constant(match.op.input(0))
    if condition is None:
        return
    name = "then_branch" if condition.reshape(-1)[0] else "else_branch"
    block = match.op.graph(name).block
    output = block.last_op
    assert isinstance(output, OutputOp)
    values = list(output.values)
    match.rewriter.erase(output)
    match.rewriter.inline_block(block, InsertPoint.before(match.op))
    match.replace_by(*values)

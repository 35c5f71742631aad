"""`choose-kernels`: of several implementations of a call, which give the same, the fastest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.cores import available_cores
from ramiel.costs.cost_file import read_kernels
from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.locations import inherit_location, node_name
from ramiel.recordable import is_recordable
from ramiel.tensors import byte_size
from ramiel.transforms.candidates import Candidate, candidates_of

SPARE_BYTES, GROWTH = 3 << 20, 0.7
"""Faster kernels may take so many bytes, and that part of what all weights take."""


@dataclass(frozen=True)
class ChooseKernels(ModulePass):
    """operators.conv2d(x, pack_conv2d(w)) -> operators.conv2d(x, conv2d_product(w)), and others.

    Args:
        measure: time each implementation once on this machine; else what is usually the fastest.
        costs: a costs.json whose choice goes before that.
        cores: the widest that is measured; None for the cores that may be used.
        recorded: measure them as a recorded cluster replays them, see record-clusters.

    Raises RamielError for a file that holds no costs.
    """

    name = "choose-kernels"

    measure: bool = False
    costs: str | None = None
    cores: int | None = None
    recorded: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        given = {} if self.costs is None else read_kernels(Path(self.costs))
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                self._choose(graph, given)

    def _choose(self, graph: GraphOp, given: dict[str, set[str]]) -> None:
        from ramiel.costs.choosing import fastest
        from ramiel.costs.kernels import layout_of

        channels_last = bool(layout_of(graph))
        open_choices: list[tuple[CallOp, list[Candidate]]] = []
        for call in [op for op in graph.block.ops if isinstance(op, CallOp)]:
            candidates = candidates_of(call, channels_last)
            named = given.get(node_name(call), set())
            known = next((item for item in candidates if item.name in named), None)
            if known is not None:
                _take(call, candidates, known)
            elif candidates:
                open_choices.append((call, candidates))
        if self.measure:
            cores = self.cores if self.cores is not None else available_cores()
            chosen = fastest(
                [candidates for _, candidates in open_choices],
                cores,
                self.recorded and is_recordable(graph.block),
                _spare_bytes(graph),
            )
        else:
            chosen = [candidates[0] for _, candidates in open_choices]
        for (call, candidates), best in zip(open_choices, chosen, strict=True):
            _take(call, candidates, best)


def _spare_bytes(graph: GraphOp) -> float:
    """So few that a package takes no more memory than peers do, which have weights twice."""
    weights = sum(byte_size(op.result.type) for op in graph.block.ops if isinstance(op, WeightOp))
    return SPARE_BYTES + GROWTH * weights


def _take(call: CallOp, candidates: list[Candidate], chosen: Candidate) -> None:
    """Put the chosen implementation into the place of the call."""
    for candidate in candidates:
        if candidate is not chosen:
            candidate.forget()
    old, new = call.results[0], chosen.call.results[0]
    if chosen.prepare is not None:
        inherit_location(chosen.prepare.weight, chosen.prepare)
        chosen.prepare.results[0].name_hint = call.operands[1].name_hint
        Rewriter.insert_op(chosen.prepare, InsertPoint.before(call))
    chosen.call.attributes.update(call.attributes)
    inherit_location(call, chosen.call)
    new.name_hint = old.name_hint
    Rewriter.replace_op(call, chosen.call)

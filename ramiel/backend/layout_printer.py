"""_layouts.py: for each cluster the weights that its kernels want in a layout of their own."""

from __future__ import annotations

from collections import Counter

from xdsl.ir import Block

from ramiel.backend.source import Source
from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.task import ClusterOp, ProgramOp
from ramiel.dialects.torch import PrepareOp
from ramiel.errors import RamielError
from ramiel.operators.rendering import quote, render


def prepared_names(block: Block) -> dict[PrepareOp, str]:
    """The names under which a cluster finds its prepared weights.

    A weight's own name, unless the cluster also reads it as it is, or prepares it in two ways.
    Raises RamielError where a constant is prepared: only weights have names.
    """
    prepared = [op for op in block.ops if isinstance(op, PrepareOp)]
    for op in prepared:
        if not isinstance(op.operands[0].owner, WeightOp):
            raise RamielError("prepares a constant: run --outline-constants first").about(op)
    ways = Counter(op.weight.weight_name.data for op in prepared)
    plain = {
        op.weight_name.data
        for op in block.ops
        if isinstance(op, WeightOp)
        and any(not isinstance(use.operation, PrepareOp) for use in op.result.uses)
    }
    names: dict[PrepareOp, str] = {}
    for op in prepared:
        name = op.weight.weight_name.data
        alone = ways[name] == 1 and name not in plain
        names[op] = name if alone else f"{name} {_way(op)}"
    taken = Counter(names.values())
    for index, (op, name) in enumerate(names.items()):
        if taken[name] > 1:
            names[op] = f"{name} {index}"
    return names


def _way(op: PrepareOp) -> str:
    helper = op.callee.helper_name or op.key.data
    return f"for {helper.removeprefix('pack_')}"


def has_layouts(cluster: ClusterOp) -> bool:
    """Whether the cluster prepares weights."""
    return any(isinstance(op, PrepareOp) for op in cluster.block.ops)


def layouts_module(program: ProgramOp) -> str | None:
    """The source of _layouts.py; None if no cluster prepares a weight."""
    clusters = [cluster for cluster in program.clusters if has_layouts(cluster)]
    if not clusters:
        return None
    source = Source()
    source.add('"""Weights in the layouts that the kernels of model.py want.')
    source.add("", "Called once for each cluster, in its own thread, when the model first runs.")
    source.add('"""', "", "from torch import Tensor", "")
    source.add("from . import _operators as operators", "from ._runtime import Weights")
    for cluster in clusters:
        _print_cluster(source, cluster)
    return source.text


def _print_cluster(source: Source, cluster: ClusterOp) -> None:
    names = prepared_names(cluster.block)
    name = cluster.sym_name.data
    source.add("", "", f"def {name}(w: Weights) -> dict[str, Tensor]:")
    source.add(f'    """The weights of {name} that have another layout than the file\'s."""')
    source.add("    layouts: dict[str, Tensor] = {}")
    for op, target in names.items():
        weight = f"w[{quote(op.weight.weight_name.data)}]"
        text = render(op, {op.operands[0]: weight}.__getitem__)
        source.statement(f"layouts[{quote(target)}] = {text}")
    source.add("    return layouts")

"""`recover-names`: weights that the exporter gave a number have the names of their module again."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.frontend.names import identifier
from ramiel.locations import node_name
from ramiel.operators.leaf_modules import leaf_module
from ramiel.transforms.module_paths import module_path

_NUMBERED = re.compile(r"(onnx::\w+_\d+|val_\d+)(_fused|\.T)?", re.ASCII)


@dataclass(frozen=True)
class RecoverNames(ModulePass):
    """conv2d(x, "onnx::Conv_226") at /layer1/conv1/Conv = conv2d(x, "layer1.conv1.weight")

    Exporters that change a parameter (fold a normalization into it, or a transpose) call it by a
    number: torch.onnx `onnx::Conv_226`, with dynamo `val_3`.  What several calls read keeps its
    name, and so does what stands in no module.
    """

    name = "recover-names"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                _recover(graph)


def is_numbered(name: str) -> bool:
    """Whether an exporter made a weight's name."""
    return _NUMBERED.fullmatch(name) is not None


def _recover(graph: GraphOp) -> None:
    weights = [op for op in graph.walk() if isinstance(op, WeightOp)]
    readers = Counter(op.weight_name.data for op in weights for _ in op.result.uses)
    for op in graph.block.ops:
        module = leaf_module(op) if isinstance(op, CallOp) else None
        path = module_path(node_name(op))
        if module is None or not path:
            continue
        for entry, value in module.weights.items():
            if isinstance(value.owner, WeightOp) and readers[value.owner.weight_name.data] == 1:
                _rename(graph, value.owner, f"{path}.{entry}")


def _rename(graph: GraphOp, weight: WeightOp, wanted: str) -> None:
    old = weight.weight_name.data
    if not is_numbered(old) or wanted in graph.store:
        return
    name = graph.store.add_reader(wanted, graph.store.reader(old))
    graph.store.overlay.pop(old, None)
    weight.properties["weight_name"] = type(weight.weight_name)(name)
    weight.result.name_hint = identifier(name, "weight")

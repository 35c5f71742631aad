"""`own-parameters`: every weight has a name that a module can have, and each module its own."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from dataclasses import dataclass

from torch import nn
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ramiel.dialects.dataflow import GraphOp, WeightOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_function import DEEPEST
from ramiel.frontend.names import identifier
from ramiel.locations import inherit_location, node_name
from ramiel.operators.leaf_modules import leaf_module
from ramiel.tensors import static_shape
from ramiel.transforms.module_paths import module_path
from ramiel.weights import WeightStore

RESERVED = frozenset({*dir(nn.Module()), "load", "forward"})
"""Names that a submodule cannot have: the class has them already."""


@dataclass(frozen=True)
class OwnParameters(ModulePass):
    """F.linear(x, w, shared) = F.linear(x, w, copy of shared), the copy under the module's name.

    Exporters store equal vectors once: all biases that are zero, say.  A matrix that several calls
    read is tied on purpose, and stays so.
    """

    name = "own-parameters"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                _split_shared_vectors(graph)
                _rename_illegal(graph)


def _split_shared_vectors(graph: GraphOp) -> None:
    seen: set[str] = set()
    readers = _readers(graph)
    for op in [op for op in graph.block.ops if isinstance(op, CallOp)]:
        module = leaf_module(op)
        if module is None:
            continue
        prefix = _prefix(op)
        for entry, value in module.weights.items():
            weight = value.owner
            if not isinstance(weight, WeightOp) or len(static_shape(value.type) or (0, 0)) != 1:
                continue
            name = weight.weight_name.data
            if name in seen or (readers[name] > 1 and name != f"{prefix}.{entry}"):
                _give_own(graph, op, value, f"{prefix}.{entry}" if prefix else name)
            seen.add(name)


def _prefix(op: CallOp) -> str:
    """The module's path: from a weight that only it has, else from the node's name."""
    owner = op.operands[1].owner if len(op.operands) > 1 else None
    if isinstance(owner, WeightOp) and len(static_shape(owner.result.type) or ()) > 1:
        path, dot, entry = owner.weight_name.data.rpartition(".")
        if dot and entry == "weight":
            return path
    return module_path(node_name(op))


def _readers(graph: GraphOp) -> Counter[str]:
    """How often each weight is read."""
    weights = (op for op in graph.walk() if isinstance(op, WeightOp))
    return Counter(op.weight_name.data for op in weights for _ in op.result.uses)


def _give_own(graph: GraphOp, op: CallOp, value: SSAValue, wanted: str) -> None:
    assert isinstance(value.owner, WeightOp)
    name = alias(graph.store, value.owner.weight_name.data, wanted)
    own = WeightOp(name, value.type)
    own.result.name_hint = identifier(name, "weight")
    inherit_location(value.owner, own)
    Rewriter().insert_op(own, InsertPoint.before(op))
    op.operands = [own.result if operand is value else operand for operand in op.operands]


def alias(store: WeightStore, name: str, wanted: str) -> str:
    """Another name for a weight of the store: the wanted one, or one like it."""
    if wanted in store and wanted not in store.overlay and (store[wanted] == store[name]).all():
        return wanted
    return store.add_reader(wanted, store.reader(name))


def _rename_illegal(graph: GraphOp) -> None:
    weights = [op for op in graph.block.walk() if isinstance(op, WeightOp)]
    names = {op.weight_name.data for op in weights}
    inner = {name[:end] for name in names for end in range(len(name)) if name[end] == "."}
    renamed: dict[str, str] = {}
    for op in weights:
        name = op.weight_name.data
        if is_path(name) and name not in inner:
            continue
        if name not in renamed:
            wanted = identifier(name, "weight")
            wanted = f"{wanted}_" if not is_path(wanted) or wanted in inner else wanted
            renamed[name] = alias(graph.store, name, wanted)
        op.properties["weight_name"] = type(op.weight_name)(renamed[name])


def is_path(name: str) -> bool:
    """Whether a module can have a parameter of this name."""
    return is_module_path(name) and not name.rpartition(".")[2].isdigit()


def is_module_path(path: str) -> bool:
    """Whether a module can have a module at this path."""
    return path.count(".") < DEEPEST and all(map(_is_segment, path.split(".")))


def _is_segment(segment: str) -> bool:
    if re.fullmatch(r"0|[1-9]\d*", segment):
        return True
    usable = segment.isascii() and segment.isidentifier() and not keyword.iskeyword(segment)
    # Inside a class Python mangles names with two underscores in front.
    return usable and segment not in RESERVED and not segment.startswith("__")

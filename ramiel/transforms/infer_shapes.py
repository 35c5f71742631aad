"""`infer-shapes`: result types from operand types, by ONNX's own inference, operation by operation.

`infer-shapes{dims="batch=1","sequence=128"}` fixes symbolic dimensions first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Attribute, Block, Region
from xdsl.passes import ModulePass

from ramiel.dialects.dataflow import GraphOp, OutputOp
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.errors import RamielError
from ramiel.onnx_process import OnnxCrash
from ramiel.remarks import remark
from ramiel.tensors import agreed_dims, dims_of, element_of, tensor_type
from ramiel.transforms.lowering import label
from ramiel.transforms.result_types import refresh_result_types
from ramiel.transforms.type_inference import contradict, infer_result_types, refined, set_type
from ramiel.weights import WeightStore


@dataclass(frozen=True)
class InferShapes(ModulePass):
    """Refines the type of each result; what a type says already is never lost.

    `dims` holds entries `name=size`.  Raises RamielError if an entry is malformed or names a
    dimension that no input has.
    """

    name = "infer-shapes"

    dims: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        sizes = parse_sizes(self.dims)
        for graph in op.ops:
            if isinstance(graph, GraphOp):
                if sizes:
                    fix_dimensions(graph, sizes)
                infer_block(graph.block, graph.store)
                refresh_result_types(graph)


def parse_sizes(entries: tuple[str, ...]) -> dict[str, int]:
    """`("batch=1",)` as a dictionary.  Raises RamielError for an entry of another form."""
    sizes: dict[str, int] = {}
    for entry in entries:
        name, _, size = entry.rpartition("=")
        if not name or not size.isdigit():
            raise RamielError(f"{entry!r} fixes no dimension: write name=size, as in batch=1")
        sizes[name] = int(size)
    return sizes


def fix_dimensions(graph: GraphOp, sizes: Mapping[str, int]) -> None:
    """Give symbolic dimensions a size, wherever in the graph their names stand.

    Raises RamielError if no input has a dimension of one of the names.
    """
    known = {dim for argument in graph.arguments for dim in dims_of(argument.type) or ()}
    for name in sizes:
        if name not in known:
            raise RamielError(f"no input of @{graph.sym_name.data} has a dimension {name!r}")

    def fix(type: Attribute) -> Attribute:
        dims, element = dims_of(type), element_of(type)
        if dims is None or element is None or not any(dim in sizes for dim in dims):
            return type
        return tensor_type(
            element, [sizes.get(dim, dim) if isinstance(dim, str) else dim for dim in dims]
        )

    blocks = [block for op in graph.walk() for region in op.regions for block in region.blocks]
    for block in blocks:
        for argument in block.args:
            set_type(argument, fix(argument.type))
        for op in block.ops:
            for result in op.results:
                set_type(result, fix(result.type))
    inputs = [argument.type for argument in graph.arguments]
    graph.function_type = FunctionType.from_lists(inputs, list(graph.output.values.types))


def infer_block(block: Block, store: WeightStore) -> None:
    """Refine the result types of a block's operations in order, inner blocks first."""
    for op in block.ops:
        for region in op.regions:
            for inner in region.blocks:
                infer_block(inner, store)
        if isinstance(op, OnnxOperation):
            infer_operation(op, store)


def infer_operation(op: OnnxOperation, store: WeightStore) -> None:
    """Refine the result types of one operation."""
    if op.operator == "If":
        inferred = _branch_types(op)
    elif op.operator == "Loop":
        inferred = _loop_types(op)
    elif op.operator == "Scan" and op.version >= 9:
        inferred = _scan_types(op)
    else:
        try:
            inferred = infer_result_types(op, store)
        except OnnxCrash as error:
            raise RamielError(f"{label(op)}: {error}") from error
        except RamielError as error:
            remark(f"its shape is not inferred: {error}", op)
            return
    for result, type in zip(op.results, inferred, strict=True):
        if type is None:
            continue
        if contradict(result.type, type):
            remark(f"declared as {result.type}, which should be {type}", op)
        set_type(result, refined(result.type, type))


def _branch_types(op: OnnxOperation) -> list[Attribute | None]:
    """The types of an If's results, as far as both branches agree."""
    types = [_yielded(region) for region in op.regions]
    if None in types:
        return [None] * len(op.results)
    return [_either(*pair) for pair in zip(*filter(None, types), strict=True)]


def _loop_types(op: OnnxOperation) -> list[Attribute | None]:
    """The types of a Loop's results: what it begins with or what its body yields; rows of scans."""
    yielded = _yielded(op.regions[0])
    if yielded is None or op.inputs[2:].count(None):
        return [None] * len(op.results)
    first = [value.type for value in op.inputs[2:] if value is not None]
    carried = [_either(*pair) for pair in zip(first, yielded[1:], strict=False)]
    return [*carried, *(_rows(type) for type in yielded[1 + len(first) :])]


def _scan_types(op: OnnxOperation) -> list[Attribute | None]:
    """The types of a Scan's results: its states as a Loop's, and rows along an axis."""
    yielded = _yielded(op.regions[0])
    if yielded is None:
        return [None] * len(op.results)
    states = op.operand_types[: len(op.operands) - op.integer("num_scan_inputs")]
    carried = [_either(*pair) for pair in zip(states, yielded, strict=False)]
    rows = yielded[len(states) :]
    axes = op.integers("scan_output_axes") or [0] * len(rows)
    return [*carried, *(_rows(*pair) for pair in zip(rows, axes, strict=True))]


def _yielded(region: Region) -> list[Attribute] | None:
    output = region.block.last_op
    return list(output.operand_types) if isinstance(output, OutputOp) else None


def _either(first: Attribute, second: Attribute) -> Attribute | None:
    """What is known of a value that has the one type or the other."""
    if first == second:
        return first
    dims, element = agreed_dims([first, second]), element_of(first)
    if dims is None or element is None or element != element_of(second):
        return None
    return tensor_type(element, dims)


def _rows(type: Attribute, axis: int = 0) -> Attribute | None:
    """Any number of tensors of a type, one after the other along a new axis."""
    dims, element = dims_of(type), element_of(type)
    if dims is None or element is None:
        return None
    place = axis if axis >= 0 else axis + len(dims) + 1
    return tensor_type(element, [*dims[:place], "", *dims[place:]])

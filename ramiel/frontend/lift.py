"""ONNX model -> one `dataflow.graph` of `onnx.*` operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    ModuleOp,
    NoneType,
    StringAttr,
    UnrankedTensorType,
    f32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from ramiel.dialects.dataflow import ConstantOp, GraphOp, OutputOp, WeightOp
from ramiel.dialects.onnx import StringType, operation_class
from ramiel.dialects.onnx_operation import CustomOp
from ramiel.errors import RamielError
from ramiel.frontend import attributes
from ramiel.frontend.functions import expand_functions
from ramiel.frontend.graph_checks import check_attributes, check_domains, check_graph, check_outputs
from ramiel.frontend.inference import GraphTypes, infer_types
from ramiel.frontend.initializers import decode, initializer_readers
from ramiel.frontend.module_metadata import (
    CLASSES_OF_MODULES,
    classes_of,
    hierarchical_name,
    module_of,
)
from ramiel.frontend.names import identifier, node_hint
from ramiel.frontend.operand_types import check_operand_types
from ramiel.frontend.types import from_proto
from ramiel.locations import node_location
from ramiel.operators.emitter import INLINE_ELEMENTS
from ramiel.tensors import Array, tensor_type, to_dense, type_of_array
from ramiel.weights import WeightStore

_NUMBERS = "biuf"
_MACHINE_DOMAIN = "com.microsoft.nchwc"
"""ONNX Runtime's operators on blocked channels, whose layout depends on the processor."""


class Scope:
    """The values of a graph by name, within those of the graphs around it."""

    def __init__(self, block: Block, types: GraphTypes, outer: Scope | None = None) -> None:
        self.block = block
        self.types = types
        self.outer = outer
        self.values: dict[str, SSAValue] = {}

    def find(self, name: str) -> SSAValue | None:
        """The value of a name, here or further out."""
        if name in self.values:
            return self.values[name]
        return self.outer.find(name) if self.outer is not None else None

    def type_of(self, name: str) -> TypeProto | None:
        """What ONNX knows of a value's type, here or further out."""
        if name in self.types.values:
            return self.types.values[name]
        return self.outer.type_of(name) if self.outer is not None else None

    def add(self, op: Operation) -> Operation:
        """Append an operation."""
        self.block.add_op(op)
        return op


class Lifter:
    """Lifts one model."""

    def __init__(self, model: ModelProto, directory: Path, name: str, path: str) -> None:
        check_domains(model)
        model = expand_functions(model)
        self.model = model
        self.directory = directory
        self.name = identifier(name, "graph")
        self.path = path
        self.opsets = {
            "" if entry.domain == "ai.onnx" else entry.domain: entry.version
            for entry in model.opset_import
        }
        self.types = infer_types(model)
        self.tensors = {tensor.name: tensor for tensor in model.graph.initializer}

    def lift(self) -> GraphOp:
        """The graph.  Raises RamielError naming the node that cannot be read."""
        graph = self.model.graph
        check_graph(graph)
        inputs = [value for value in graph.input if value.name not in self.tensors]
        types = [_type_in(self.types, value.name) for value in inputs]
        scope = Scope(Block(arg_types=types), self.types)
        for value, argument in zip(inputs, scope.block.args, strict=True):
            argument.name_hint = identifier(value.name, "input")
            scope.values[value.name] = argument
        self._lift_nodes(graph, scope)
        outputs = [self._output(scope, value.name) for value in graph.output]
        scope.add(OutputOp(outputs))
        readers = initializer_readers(self.model, self.directory)
        lifted = GraphOp(
            self.name,
            FunctionType.from_lists(types, [value.type for value in outputs]),
            Region(scope.block),
            weights=WeightStore.of_readers(self.path, readers),
            opset=DictionaryAttr(
                {domain or "ai.onnx": IntegerAttr(v, i64) for domain, v in self.opsets.items()}
            ),
            input_names=ArrayAttr([StringAttr(value.name) for value in inputs]),
            output_names=ArrayAttr([StringAttr(value.name) for value in graph.output]),
        )
        if classes := classes_of(graph):
            texts = {path: StringAttr(name) for path, name in classes.items()}
            lifted.attributes[CLASSES_OF_MODULES] = DictionaryAttr(texts)
        return lifted

    def _output(self, scope: Scope, name: str) -> SSAValue:
        value = self._value(scope, name)
        if value is None:
            raise RamielError(f"output {name!r} is computed by no node")
        return value

    def _lift_nodes(self, graph: GraphProto, scope: Scope) -> None:
        for node in graph.node:
            try:
                self._lift_node(node, scope)
            except (RamielError, VerifyException) as error:
                self._refuse(node, error)

    def _refuse(self, node: NodeProto, error: Exception) -> NoReturn:
        label = node.name or next(iter(node.output), "")
        raise RamielError(f"node {label!r} ({node.op_type}): {error}") from error

    def _value(self, scope: Scope, name: str) -> SSAValue | None:
        """The value of a name; an initializer of the main graph appears where it is first read."""
        found = scope.find(name)
        if found is not None or name not in self.tensors:
            return found
        main = scope
        while main.outer is not None:
            main = main.outer
        tensor, known = self.tensors[name], self.types.values
        op: Operation = WeightOp(name, from_proto(known[name]) if name in known else f32)
        if tensor.data_type == TensorProto.STRING:
            op = self._texts(tensor)
        op.results[0].name_hint = identifier(tensor.name, "weight")
        main.add(op)
        main.values[name] = op.results[0]
        return op.results[0]

    def _texts(self, tensor: TensorProto) -> Operation:
        """A Constant of the strings; no .safetensors file could hold them."""
        cls = operation_class("Constant", "", self.opsets.get("", 1))
        assert cls is not None
        attribute = AttributeProto(name="value", type=AttributeProto.TENSOR, t=tensor)
        type = tensor_type(StringType(), list(tensor.dims))
        value = attributes.convert(attribute, self.directory)
        return cls.build([], [type], {"value": value}, {})

    def _operands(self, node: NodeProto, scope: Scope) -> list[SSAValue | None]:
        operands: list[SSAValue | None] = []
        for name in node.input:
            value = self._value(scope, name) if name else None
            if name and value is None:
                raise RamielError(f"reads {name!r}, which no earlier node computes")
            operands.append(value)
        return operands

    def _lift_node(self, node: NodeProto, scope: Scope) -> None:
        domain = "" if node.domain == "ai.onnx" else node.domain
        check_outputs(node, lambda name: scope.find(name) is not None or name in self.tensors)
        if node.op_type == "Constant" and not domain:
            constant = self._constant(node, scope)
            if constant is not None:
                self._finish(node, constant, scope)
                return
        operands = self._operands(node, scope)
        version = self.opsets.get(domain)
        cls = operation_class(node.op_type, domain, version) if version else None
        if cls is None:
            self._finish(node, self._custom(node, domain, operands, scope), scope)
            return
        types = [_type_in(scope.types, name) if name else None for name in node.output]
        while types and types[-1] is None:
            types.pop()
        check_attributes(node, cls.SCHEMA)
        check_operand_types(node, cls.SCHEMA, scope.type_of)
        plain = {
            item.name: attributes.convert(item, self.directory)
            for item in node.attribute
            if item.type != AttributeProto.GRAPH
        }
        graphs = {
            item.name: self._region(item.g, scope, scope.types.of_body(node, item.name))
            for item in node.attribute
            if item.type == AttributeProto.GRAPH
        }
        self._finish(node, cls.build(operands, types, plain, graphs), scope)

    def _finish(self, node: NodeProto, op: Operation, scope: Scope) -> None:
        op.location = node_location(hierarchical_name(node) or next(iter(node.output), ""))
        names = [name for name in node.output if name]
        if len(names) != len(op.results):
            raise RamielError(f"computes {len(names)} values, the operator has {len(op.results)}")
        scope.add(op)
        module = module_of(node)
        hinting = f"/{module}/{node.op_type}" if module else node.name
        for name, result in zip(names, op.results, strict=True):
            result.name_hint = node_hint(hinting, node.op_type, name)
            scope.values[name] = result

    def _constant(self, node: NodeProto, scope: Scope) -> Operation | None:
        """A Constant of numbers: in the text if small, else a weight; None for other kinds."""
        if len(node.attribute) != 1:
            raise RamielError(f"has {len(node.attribute)} attributes, not one value")
        [attribute] = node.attribute
        if attribute.type == AttributeProto.TENSOR:
            if attribute.t.data_type == TensorProto.STRING:
                return self._texts(attribute.t)
            array = decode(attribute.t, self.directory)
        else:
            array = _literal_array(attribute)
        if array is None:
            return None
        if array.size <= INLINE_ELEMENTS and array.dtype.kind in _NUMBERS:
            return ConstantOp(to_dense(array))
        if scope.outer is not None:
            return None
        return WeightOp(node.output[0], type_of_array(array))

    def _custom(
        self, node: NodeProto, domain: str, operands: Sequence[SSAValue | None], scope: Scope
    ) -> Operation:
        if domain == _MACHINE_DOMAIN:
            raise RamielError(
                f"{domain} is ONNX Runtime's domain for one kind of processor: save the optimized "
                "model with the graph optimization level ORT_ENABLE_EXTENDED"
            )
        names = [name for name in node.output if name]
        found = {
            item.name: attributes.convert(item, self.directory)
            for item in node.attribute
            if item.type != AttributeProto.GRAPH
        }
        return CustomOp.create(
            operands=[value for value in operands if value is not None],
            result_types=[_type_in(scope.types, name) for name in names],
            properties={
                "domain": StringAttr(domain),
                "op_type": StringAttr(node.op_type),
                "version": IntegerAttr(self.opsets.get(domain, 0), i64),
                "node_attributes": DictionaryAttr(found),
            },
        )

    def _region(self, graph: GraphProto, outer: Scope, inner: GraphTypes) -> Region:
        """A graph attribute: its inputs are block arguments, outer values are captured."""
        check_graph(graph)
        # Weights of the main graph that the body reads must stand before the body.
        for name in _names_read(graph):
            if name in self.tensors:
                self._value(outer, name)
        types = [
            from_proto(value.type) if value.HasField("type") else NoneType()
            for value in graph.input
        ]
        scope = Scope(Block(arg_types=types), inner, outer)
        for value, argument in zip(graph.input, scope.block.args, strict=True):
            argument.name_hint = identifier(value.name, "input")
            scope.values[value.name] = argument
        for tensor in graph.initializer:
            if tensor.data_type == TensorProto.STRING:
                op = self._texts(tensor)
            else:
                op = ConstantOp(to_dense(decode(tensor, self.directory)))
            op.results[0].name_hint = identifier(tensor.name)
            scope.add(op)
            scope.values[tensor.name] = op.results[0]
        self._lift_nodes(graph, scope)
        scope.add(OutputOp([self._output(scope, value.name) for value in graph.output]))
        return Region(scope.block)


def _type_in(types: GraphTypes, name: str) -> Attribute:
    known = types.values.get(name)
    return UnrankedTensorType(f32) if known is None else from_proto(known)


def _names_read(graph: GraphProto) -> Iterable[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from _names_read(attribute.g)
    yield from (value.name for value in graph.output)


def _literal_array(attribute: AttributeProto) -> Array | None:
    """The tensor that a Constant's value_int, value_floats, … stands for."""
    import numpy as np

    match attribute.name:
        case "value_float":
            return np.array(attribute.f, np.float32)
        case "value_floats":
            return np.array(attribute.floats, np.float32)
        case "value_int":
            return np.array(attribute.i, np.int64)
        case "value_ints":
            return np.array(attribute.ints, np.int64)
        case _:
            return None


def lift_model(
    model: ModelProto,
    name: str = "model",
    *,
    directory: Path | None = None,
    path: str = "",
) -> ModuleOp:
    """Lift a model in memory.

    `path` is what the IR says of where the weights are, `directory` where external data lie.
    """
    graph = Lifter(model, directory or Path(), name, path).lift()
    return ModuleOp([graph])

"""The onnx dialect: one operation class for each (domain, operator, since-version).

The classes are made from the schemas in `onnx.defs`, with their history, and from those of ONNX
Runtime's own operators (onnx_microsoft.py). The newest form of an operator is `onnx.Slice`, an
older one `onnx.Slice_v1`; other domains stand before the name, as in `onnx.ai.onnx.ml.Scaler`. An
operator without a schema is an `onnx.custom`.

    %1 = onnx.Conv(%x, %w, _) {strides = [2, 2]} : (tensor<…>, tensor<…>) -> tensor<…>
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import ClassVar

import onnx.defs
from onnx.defs import OpSchema
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    AttrSizedResultSegments,
    IRDLOption,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    opt_result_def,
    param_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import OpTrait, Pure, RecursiveMemoryEffect

from ramiel.dialects import onnx_microsoft
from ramiel.dialects.onnx_operation import CustomOp, OnnxOperation

RANDOM_OPERATORS = frozenset(
    {
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    }
)
"""Operators whose results differ from call to call: never folded, cloned, merged or removed."""

_OPERAND = {
    OpSchema.FormalParameterOption.Single: operand_def,
    OpSchema.FormalParameterOption.Optional: opt_operand_def,
    OpSchema.FormalParameterOption.Variadic: var_operand_def,
}
_RESULT = {
    OpSchema.FormalParameterOption.Single: result_def,
    OpSchema.FormalParameterOption.Optional: opt_result_def,
    OpSchema.FormalParameterOption.Variadic: var_result_def,
}


@irdl_attr_definition
class SequenceType(ParametrizedAttribute, TypeAttribute):
    """A list of values of one type: `!onnx.sequence<tensor<?xf32>>`."""

    name = "onnx.sequence"
    element_type: Attribute = param_def(AnyAttr())


@irdl_attr_definition
class OptionalType(ParametrizedAttribute, TypeAttribute):
    """A value or none: `!onnx.optional<tensor<2xf32>>`."""

    name = "onnx.optional"
    element_type: Attribute = param_def(AnyAttr())


@irdl_attr_definition
class MapType(ParametrizedAttribute, TypeAttribute):
    """A dictionary: `!onnx.map<i64, tensor<f32>>`."""

    name = "onnx.map"
    key_type: Attribute = param_def(AnyAttr())
    value_type: Attribute = param_def(AnyAttr())


@irdl_attr_definition
class StringType(ParametrizedAttribute, TypeAttribute):
    """The element type of a tensor of strings: `tensor<2x!onnx.string>`."""

    name = "onnx.string"


def _graph_attributes(schema: OpSchema) -> list[str]:
    return [
        name
        for name, attribute in schema.attributes.items()
        if attribute.type == OpSchema.AttrType.GRAPH
    ]


def _traits(schema: OpSchema) -> tuple[OpTrait, ...]:
    if schema.name in RANDOM_OPERATORS:
        return ()
    if schema.name == "Dropout":
        # Random only when training_mode is true, which `ramiel` refuses.
        return (Pure(),)
    if _graph_attributes(schema):
        return (RecursiveMemoryEffect(),)
    return (Pure(),)


def _is_variable(parameters: Iterable[OpSchema.FormalParameter]) -> bool:
    """Whether the parameters are too many of variable length to tell the segments apart."""
    single = OpSchema.FormalParameterOption.Single
    return sum(parameter.option != single for parameter in parameters) > 1


def make_operation(schema: OpSchema, name: str) -> type[OnnxOperation]:
    """The operation class of a schema: operands, results, properties, regions and effects."""
    options: list[IRDLOption] = []
    if _is_variable(schema.inputs):
        options.append(AttrSizedOperandSegments(as_property=True))
    if _is_variable(schema.outputs):
        options.append(AttrSizedResultSegments(as_property=True))
    graphs = _graph_attributes(schema)
    members: dict[str, object] = {
        "__module__": __name__,
        "__doc__": f"ONNX {schema.domain or 'ai.onnx'}.{schema.name} {schema.since_version}.",
        "name": name,
        "__annotations__": {
            "SCHEMA": ClassVar[OpSchema],
            "GRAPH_NAMES": ClassVar[tuple[str, ...]],
        },
        "SCHEMA": schema,
        "GRAPH_NAMES": tuple(graphs),
        "irdl_options": tuple(options),
        "traits": traits_def(*_traits(schema)),
    }
    for index, parameter in enumerate(schema.inputs):
        members[f"input_{index}_{parameter.name}"] = _OPERAND[parameter.option]()
    for index, parameter in enumerate(schema.outputs):
        members[f"output_{index}_{parameter.name}"] = _RESULT[parameter.option]()
    for attribute in schema.attributes:
        if attribute in graphs:
            members[f"graph_{attribute}"] = region_def()
        else:
            members[f"attribute_{attribute}"] = opt_prop_def(AnyAttr(), prop_name=attribute)
    return irdl_op_definition(type(schema.name, (OnnxOperation,), members))


@functools.cache
def operations() -> dict[tuple[str, str, int], type[OnnxOperation]]:
    """All operation classes by domain ("" for ai.onnx), operator and since-version."""
    schemas = [*onnx.defs.get_all_schemas_with_history(), *onnx_microsoft.schemas()]
    newest: dict[tuple[str, str], int] = {}
    for schema in schemas:
        key = (schema.domain, schema.name)
        newest[key] = max(newest.get(key, 0), schema.since_version)
    classes: dict[tuple[str, str, int], type[OnnxOperation]] = {}
    for schema in schemas:
        domain, name, version = schema.domain, schema.name, schema.since_version
        text = f"onnx.{domain}.{name}" if domain else f"onnx.{name}"
        if version != newest[domain, name]:
            text += f"_v{version}"
        classes[domain, name, version] = make_operation(schema, text)
    return classes


@functools.cache
def _versions() -> dict[tuple[str, str], list[int]]:
    versions: dict[tuple[str, str], list[int]] = {}
    for domain, name, version in sorted(operations()):
        versions.setdefault((domain, name), []).append(version)
    return versions


def operation_class(
    name: str, domain: str = "", opset: int | None = None
) -> type[OnnxOperation] | None:
    """The class of an operator as of an opset version (None: the newest), None if there is none."""
    versions = _versions().get((domain, name), [])
    usable = [version for version in versions if opset is None or version <= opset]
    return operations()[domain, name, usable[-1]] if usable else None


def get_onnx() -> Dialect:
    """The dialect, made on demand: it takes a fifth of a second."""
    return Dialect(
        "onnx",
        [*operations().values(), CustomOp],
        [SequenceType, OptionalType, MapType, StringType],
    )

"""A task.program as model.py: a function for each cluster, and the module that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, SSAValue

from ramiel import element_types
from ramiel.backend.cluster_blocks import functions_of, print_functions, with_blocks
from ramiel.backend.cluster_printer import (
    arguments_read,
    cluster_name,
    cluster_of,
    milliseconds,
    print_cluster,
)
from ramiel.backend.layout_printer import has_layouts
from ramiel.backend.naming import Namespace, class_name, name_values
from ramiel.backend.source import Source, as_comment
from ramiel.backend.source_map import Lines, lines_of
from ramiel.backend.stretches import TORCH_COMPILE, stretches_of
from ramiel.backend.style_script import function_name
from ramiel.backend.timeline_printer import chart
from ramiel.backend.wrapping import LINE_LENGTH
from ramiel.dialects.dataflow import WeightOp
from ramiel.dialects.onnx import OptionalType, SequenceType, StringType
from ramiel.dialects.task import RECORDED, ProgramOp
from ramiel.dialects.task_workers import samples_of, stages_of
from ramiel.dialects.torch import CallOp
from ramiel.errors import RamielError
from ramiel.operators.rendering import format_literal, quote
from ramiel.tensors import dims_of, element_of

INFERENCE_ONLY = "inference_only"
"""The attribute of a program whose weights are no more the model's own."""
SEVERAL = 3
"""Fewer messages are listed one by one."""


@dataclass(frozen=True)
class PrintedModule:
    """model.py, and what a package needs to know of it."""

    text: str
    class_name: str
    source_map: Lines
    """Generated line -> {"node": ONNX node name, "operation": callee}."""


def print_module(program: ProgramOp, name: str | None = None) -> PrintedModule:
    """The Python module of a task program.

    Raises RamielError if an operation is no torch.call.
    """
    program = with_blocks(program)
    namespace = Namespace()
    title = class_name(name or program.sym_name.data)
    namespace.taken.add(title)
    called = [function_name(function.sym_name.data) for function in functions_of(program)]
    namespace.taken.update(called)
    for cluster in program.clusters:
        namespace.taken.add(cluster_name(cluster))
        stages = stages_of(cluster) if program.workers else ()
        if TORCH_COMPILE in program.attributes:
            namespace.taken.update(stretch.name for stretch in stretches_of(cluster))
        namespace.taken.update(f"{cluster_name(cluster)}_stage_{i}" for i in range(len(stages)))
    names = name_values(program, namespace)
    body = Source()
    if program.workers:
        from ramiel.backend.batch_printer import print_batch

        print_batch(body, program, title, names)
    else:
        print_functions(body, program, [title, *called])
        for cluster in program.clusters:
            body.add("", "")
            print_cluster(body, program, cluster, names)
        _print_class(body, program, title, names)
    source = Source()
    arguments = ", ".join(names[argument] for argument in program.arguments)
    _print_head(source, program, title, arguments, body.text)
    offset = len(source.lines)
    text = source.text + body.text
    compile(text, "model.py", "exec", dont_inherit=True)  # must not fail; faster than ast.parse
    return PrintedModule(text, title, lines_of(body, offset))


def _print_head(source: Source, program: ProgramOp, title: str, arguments: str, body: str) -> None:
    """The docstring and the imports that the body needs."""
    source.add(*_docstring(program, title, arguments), "")
    if program.workers:
        source.add("from typing import Any", "")
    source.add("import torch")
    if "F." in body:
        source.add("import torch.nn.functional as F")
    source.add("from torch import Tensor", "")
    if "layouts." in body:
        source.add("from . import _layouts as layouts")
    if "operators." in body:
        source.add("from . import _operators as operators")
    if program.workers:
        names = ("BatchModel", "Input", "Message", "SampleChannels", "Stage", "Weights")
        used = [name for name in names if name != "Message" or _has_messages(body)]
        source.add(f"from ._runtime import {', '.join(used)}")
        return
    names = ["Channels", "Cluster", "Input", "Message", "ParallelModel", "Weights", "compiled"]
    unused = {"Message": not _has_messages(body), "compiled": "@compiled" not in body}
    used = [name for name in names if not unused.get(name, False)]
    source.add(f"from ._runtime import {', '.join(used)}")


def _has_messages(body: str) -> bool:
    return "Message(" in body or "Message.several(" in body


def prediction(program: ProgramOp, key: str) -> int:
    """A figure that the scheduler attached to a program, in nanoseconds; 0 if there is none."""
    match program.attributes.get(key):
        case IntegerAttr(value=value):
            return value.data
        case _:
            return 0


def _docstring(program: ProgramOp, title: str, arguments: str) -> list[str]:
    count = len(program.clusters)
    origin = as_comment(program.store.path) if program.store.path else "a model in memory"
    opset = program.opset.data.get("ai.onnx") if program.opset is not None else None
    version = f" (ONNX opset {opset.value.data})" if isinstance(opset, IntegerAttr) else ""
    clusters = "one cluster" if count == 1 else f"{count} clusters that run side by side"
    if program.workers:
        clusters += f", {samples_of(program)} samples at a time"
    lines = [f'"""{title}, from {origin}{version}: {clusters}.', ""]
    if len(lines[0]) > LINE_LENGTH:
        lines = [f'"""{title}, from {origin}{version}.', "", f"{clusters.capitalize()}.", ""]
    package = program.sym_name.data
    lines += [
        f"    from {package} import Model",
        "",
        "    with Model.load() as model:",
        f"        outputs = model({arguments})",
        "",
    ]
    serial = prediction(program, "predicted_serial_ns")
    parallel = prediction(program, "predicted_makespan_ns")
    if serial and parallel:
        gain = serial / parallel
        lines += [
            f"Predicted: {milliseconds(serial)} on one core, {milliseconds(parallel)} in parallel: "
            f"{gain:.2f} times as fast.",
            "",
        ]
    timeline = [] if program.workers else chart(program)
    if timeline:
        lines += [*timeline, "", "    # computes, - now and then, . waits", ""]
    kind = "stage" if program.workers else "cluster"
    lines += [
        f"A {kind} is a coroutine: `await channels.recv` is where it waits for another cluster.",
        "Written by Ramiel; edit it freely.",
        '"""',
    ]
    return lines


def _print_class(
    source: Source, program: ProgramOp, title: str, names: Mapping[SSAValue, str]
) -> None:
    source.add("", "", f"class {title}(ParallelModel):")
    origin = as_comment(program.store.path) or "the model"
    source.add(f'    """The clusters of {origin} and the messages between them."""', "")
    inputs = [
        declared_input(name, argument)
        for name, argument in zip(program.argument_names(), program.arguments, strict=True)
    ]
    print_tuple(source, "inputs", inputs)
    print_tuple(source, "outputs", [quote(name) for name in program.result_names()])
    if INFERENCE_ONLY in program.attributes:
        source.add("    inference_only = True")
    elif statistics := running_statistics(program):
        print_tuple(source, "running_statistics", [quote(name) for name in statistics])
    clusters: list[str] = []
    for cluster in program.clusters:
        reads = [program.argument_names()[i] for i in arguments_read(program, cluster)]
        name = cluster_name(cluster)
        width = f", width={cluster.cores}" if cluster.cores != 1 else ""
        prepare = f", prepare=layouts.{name}" if has_layouts(cluster) else ""
        recorded = ", recorded=True" if RECORDED in cluster.attributes else ""
        clusters.append(f"Cluster({name}, reads={format_literal(reads)}{width}{prepare}{recorded})")
    print_tuple(source, "clusters", clusters)
    print_tuple(source, "channels", declared_messages(program, names))
    source.add("", "", f"Model = {title}")


def declared_messages(program: ProgramOp, names: Mapping[SSAValue, str]) -> list[str]:
    """The messages as the class lists them; those that are alike but for name and shape at once."""
    alike: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for channel in program.channels:
        source, destination = (
            quote(cluster_name(cluster_of(op))) for op in (channel.send, channel.recv)
        )
        dtype, shape = static_type(channel.recv.result.type) or ("", "")
        item = (quote(names[channel.send.value]), shape)
        alike.setdefault((source, destination, dtype), []).append(item)
    texts: list[str] = []
    for (source, destination, dtype), items in alike.items():
        if dtype and len(items) >= SEVERAL:
            shapes = ", ".join(f"{name}: {shape}" for name, shape in items)
            texts.append(f"*Message.several({source}, {destination}, {dtype}, {{{shapes}}})")
            continue
        for name, shape in items:
            known = f", {dtype}, {shape}" if dtype else ""
            texts.append(f"Message({name}, {source}, {destination}{known})")
    return texts


def print_tuple(source: Source, name: str, items: list[str]) -> None:
    """A class attribute that is a tuple."""
    if not items:
        source.add(f"    {name} = ()")
        return
    if len(items) == 1:
        source.statement(f"{name} = ({items[0]},)")
        return
    source.statement(f"{name} = ({', '.join(items)})")


def running_statistics(program: ProgramOp) -> list[str]:
    """The weights that batch norms read as mean and variance, which no gradient reaches."""
    found = {
        operand.owner.weight_name.data: None
        for op in program.walk()
        if isinstance(op, CallOp) and op.key.data == "torch.nn.functional.batch_norm"
        for operand in op.operands[1:3]
        if isinstance(operand.owner, WeightOp)
    }
    return list(found)


def static_type(type: Attribute) -> tuple[str, str] | None:
    """The dtype and the shape of a message, if every call has the same ones."""
    dims, element = dims_of(type), element_of(type)
    if dims is None or element is None or not all(isinstance(dim, int) for dim in dims):
        return None
    try:
        dtype = element_types.of_mlir(element).torch
    except RamielError:
        return None
    return (f"torch.{dtype}", format_literal(dims)) if dtype else None


def declared_input(name: str, argument: SSAValue, samples: int = 1) -> str:
    """An input as the class lists it; axis 0 of each of `samples` samples is one part of it."""
    kind, type = "", argument.type
    if isinstance(type, OptionalType):
        kind, type = "optional ", type.element_type
    if isinstance(type, SequenceType):
        kind, type = f"{kind}sequence", type.element_type
    elif kind:
        kind += "tensor"
    dims = dims_of(type)
    if samples > 1 and dims and isinstance(dims[0], int):
        dims = (samples * dims[0], *dims[1:])
    shape = "None" if dims is None else format_literal(dims)
    if isinstance(element_of(type), StringType) and not kind:
        return f'Input({quote(name)}, torch.uint8, {shape}, "strings")'
    text = f"{quote(name)}, torch.{_dtype(name, type)}, {shape}"
    return f"Input({text}, {quote(kind)})" if kind else f"Input({text})"


def _dtype(name: str, type: Attribute) -> str:
    """What an input's elements are in torch."""
    try:
        return element_types.of_mlir(element_of(type) or type).torch
    except RamielError as error:
        raise RamielError(f"input {name!r} is not supported: {error}") from None

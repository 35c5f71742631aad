"""Whatever a model's names and texts say, they come out as data: in a string or a comment."""

from __future__ import annotations

import ast
import keyword
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import Options

CANARY = "RAMIEL_CANARY"
RUN = f'__import__("os").environ.__setitem__("{CANARY}", "1")'
HOSTILE = {
    "double quote": f'"); {RUN}; ("',
    "single quote": f"'); {RUN}; ('",
    "docstring": f'"""\n{RUN}\n"""',
    "newline": f"a\n{RUN}\n#",
    "carriage return": f"a\r{RUN}\r#",
    "line separator": f"a\u2028{RUN}\u2029",
    "form feed": f"a\f{RUN}",
    "comment": f"# type: ignore\n{RUN}",
    "backslash": "\\",
    "escapes": '\\"\\\n\\x22\\N{QUOTATION MARK}',
    "braces": "{w} {0} {{}} %s ${x}",
    "null": f"a\0{RUN}",
    "bidirectional": "a\u202e\u2066 tuo",
    "ligature": "\ufb01lter",
    "full width": "\uff4f\uff53",
    "keyword": "lambda",
    "soft keyword": "match",
    "builtin": "print",
    "dunder": "__class__",
    "init": "__init__",
    "mangled in a class": "__private",
    "self": "self",
    "torch": "torch",
    "forward": "forward",
    "channels": "channels",
    "weights": "w",
    "metadata": "__metadata__",
    "state": "_parameters",
    "empty segment": "a..b",
    "slashes": "../../etc/passwd",
    "numeric": "123",
    "long": "x" * 100_000,
    "space": " ",
    "percent": "%25%2E",
}


FAITHFUL = Options(workers=2, preset="faithful")
"""Packages whose parameters are the model's own."""


def hostile_model(text: str) -> ModelProto:
    """y = relu(x + w) with the text wherever a model has one."""
    weight = numpy_helper.from_array(np.arange(32, dtype=np.float32), text)
    sequence = [
        helper.make_node("Add", ["x" + text, text], ["a" + text], text, doc_string=text),
        helper.make_node("Relu", ["a" + text], ["y" + text], text + "2"),
    ]
    types = [helper.make_tensor_value_info(n + text, TensorProto.FLOAT, [text, 32]) for n in "xy"]
    graph = helper.make_graph(sequence, text, types[:1], types[1:], [weight], doc_string=text)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(text, 1)],
        ir_version=8,
        producer_name=text,
        producer_version=text,
        doc_string=text,
        domain=text,
    )
    model.metadata_props.add(key=text, value=text)
    return model


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_names_and_texts_are_data(text: str, tmp_path: Path) -> None:
    compilation = compile_model(hostile_model(text), FAITHFUL, package=text[:500])
    write_package(compilation.program, tmp_path / "package")
    source = (tmp_path / "package" / "model.py").read_text(encoding="utf-8")
    assert source.isascii() or set(source) - set(map(chr, range(128))) <= {"µ"}
    assert all(line.isprintable() for line in source.split("\n"))
    assert names_in(source).isdisjoint({"os", "environ", "__import__", "__setitem__"})

    x = torch.linspace(-40, 4, 32).reshape(1, 32)
    with import_package(tmp_path / "package").Model.load("serial") as model:
        result = model(x)
        assert text in model.state_dict()
    assert CANARY not in os.environ
    torch.testing.assert_close(result, torch.relu(x + torch.arange(32.0)))


def names_in(source: str) -> set[str]:
    """Every identifier of a source."""
    tree = ast.parse(source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("text", ["keyword", "docstring", "newline", "backslash", "braces"])
def test_attribute_strings_are_data(text: str, tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("StringSplit", ["x"], ["y", "n"], delimiter=HOSTILE[text])],
        "strings",
        [helper.make_tensor_value_info("x", TensorProto.STRING, [1])],
        [
            helper.make_tensor_value_info("y", TensorProto.STRING, [1, "parts"]),
            helper.make_tensor_value_info("n", TensorProto.INT64, [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
    compilation = compile_model(model, Options(workers=1), package="strings")
    write_package(compilation.program, tmp_path / "package")
    with import_package(tmp_path / "package").Model.load("serial") as compiled:
        parts, count = compiled(np.array([f"left{HOSTILE[text]}right"], object))
    assert parts.tolist() == [["left", "right"]] and count.item() == 2
    assert CANARY not in os.environ


def test_the_file_and_the_folder_may_have_any_name(tmp_path: Path) -> None:
    for name in ('a"b', "it's\n#", "class", "-o", "ünïcode", "{x}"):
        folder = tmp_path / name
        folder.mkdir()
        onnx.save(hostile_model("v"), folder / f"{name}.onnx")
        compilation = compile_model(folder / f"{name}.onnx", package=name)
        write_package(compilation.program, folder / name)
        source = (folder / name / "model.py").read_text(encoding="utf-8")
        assert all(line.isprintable() for line in source.split("\n"))
        model = import_package(folder / name).Model
        assert model.__name__.isidentifier() and not keyword.iskeyword(model.__name__)


@pytest.mark.parametrize(
    "first,second",
    [
        *(("w.1", "w_1"), ("W", "w"), ("a/b", "a.b"), ("é", "è"), ("\ufb01lter", "filter")),
        *(("\uff57", "w"), ("K", "\u212a"), ("layer.Weight", "LAYER_WEIGHT")),
        *(("w\u0301", "\u1e83"), ("x" * 70, "y" + "x" * 69)),
    ],
)
def test_names_that_clean_to_one_identifier_stay_two(
    first: str, second: str, tmp_path: Path
) -> None:
    values = [np.full(32, value, np.float32) for value in (2, 3)]
    weights = [numpy_helper.from_array(v, n) for v, n in zip(values, (first, second), strict=True)]
    nodes = [
        helper.make_node("Mul", ["x", first], [f"v{first}"], first),
        helper.make_node("Add", [f"v{first}", second], [f"v{second}"], second),
        helper.make_node("Sub", [f"v{second}", f"v{first}"], ["y"], "y"),
        helper.make_node("Mul", [f"v{first}", f"v{second}"], ["z"], "z"),
    ]
    types = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [32]) for n in "xyz"]
    graph = helper.make_graph(nodes, "two", types[:1], types[1:], weights)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    write_package(compile_model(model, FAITHFUL, package="two").program, tmp_path / "two")
    with import_package(tmp_path / "two").Model.load("serial") as compiled:
        y, z = compiled(torch.ones(32))
        assert {first, second} <= set(compiled.state_dict())
    assert y.eq(3).all() and z.eq(10).all()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_functions_and_their_domains_are_data(text: str, tmp_path: Path) -> None:
    """A function with the text as its name, domain, input, attribute and inner node."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(f"own{text}", 1)]
    inner = helper.make_node("LeakyRelu", [f"a{text}"], [f"b{text}"], text, doc_string=text)
    inner.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name=text, type="FLOAT"))
    function = helper.make_function(
        *(f"own{text}", f"f{text}", [f"a{text}"], [f"b{text}"], [inner], opsets, [text]),
        doc_string=text,
    )
    node = helper.make_node(f"f{text}", ["x"], ["y"], text, domain=f"own{text}")
    node.attribute.append(helper.make_attribute(text, 0.5))
    types = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy"]
    graph = helper.make_graph([node], text, types[:1], types[1:])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=[function])
    write_package(compile_model(model, FAITHFUL, package="called").program, tmp_path / "called")
    source = (tmp_path / "called" / "model.py").read_text(encoding="utf-8")
    assert names_in(source).isdisjoint({"os", "environ", "__import__", "__setitem__"})
    with import_package(tmp_path / "called").Model.load("serial") as compiled:
        assert compiled(torch.tensor([-4.0, -1, 0, 2])).tolist() == [-2, -0.5, 0, 2]
    assert CANARY not in os.environ


def test_the_canary_would_sing() -> None:
    exec(RUN)
    assert os.environ.pop(CANARY) == "1"

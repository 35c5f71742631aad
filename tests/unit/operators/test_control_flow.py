"""If, Loop and Scan through the whole compiler, compared with ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import ModelProto, parser
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import Universe

import ramiel
from ramiel.backend.module_printer import print_module
from ramiel.dialects.task import RecvOp
from ramiel.dialects.torch_control import ForOp
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.onnx_backend import prepare
from ramiel.options import Options
from ramiel.transforms.task_graph import values_read

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'


def model_of(text: str) -> ModelProto:
    """A model in ONNX's text form."""
    return parser.parse_model(HEAD + text)


def check(model: ModelProto, *inputs: Any) -> list[Any]:
    """Assert that the compiled model gives what ONNX Runtime gives; returns that."""
    names = [value.name for value in model.graph.input]
    runtime: Any = onnxruntime
    session = runtime.InferenceSession(model.SerializeToString())
    expected = session.run(None, dict(zip(names, inputs, strict=True)))
    outputs = prepare(model).run(list(inputs))
    for output, wanted in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output, wanted, rtol=1e-6)
        assert output.dtype == wanted.dtype and output.shape == wanted.shape
    return list(expected)


def printed(model: ModelProto) -> str:
    """The generated model.py, two clusters at most."""
    program = compile_model(model, Options(workers=2, force_parallel=True), package="m").program
    return print_module(program).text


X = np.arange(4, dtype=np.float32) - 1

BRANCH = """agraph (bool c, float[4] x) => (float[4] y) {
   y = If (c) <then_branch = t () => (float[4] a) { a = Relu(x) },
               else_branch = e () => (float[4] b) { b = Neg(x) }>
}"""


@pytest.mark.parametrize("condition", [True, False])
def test_if_takes_the_branch_that_the_condition_says(condition: bool) -> None:
    check(model_of(BRANCH), np.array(condition), X)


def test_if_prints_as_if() -> None:
    text = printed(model_of(BRANCH))
    assert "    if c:\n        y = torch.relu(x)\n    else:\n        y = -x\n" in text


COUNTED = """agraph (float[4] x) => (float[4] last, float[k, 4] all)
<int64 n = {5}, bool yes = {1}> {
   zero = Sub(x, x)
   last, all = Loop (n, yes, zero) <body = b (int64 i, bool c, float[4] s)
       => (bool keep, float[4] next, float[4] out) {
      keep = Identity(c)
      number = Cast<to = 1>(i)
      scaled = Mul(x, number)
      next = Add(s, scaled)
      out = Mul(next, x)
   }>
}"""


def test_a_loop_that_only_counts_is_a_for_and_sees_the_values_around_it() -> None:
    check(model_of(COUNTED), X)
    text = printed(model_of(COUNTED))
    assert "in range(5):" in text and "while" not in text
    assert "torch.stack(" in text


SEARCH = """agraph (int64 n, float[4] x) => (float[4] y, float[k] sizes)
<bool yes = {1}, float limit = {20}, float two = {2}> {
   y, sizes = Loop (n, yes, x) <body = b (int64 i, bool c, float[4] s)
       => (bool keep, float[4] next, float size) {
      next = Mul(s, two)
      size = ReduceMax<keepdims = 0>(next)
      keep = Less(size, limit)
   }>
}"""


@pytest.mark.parametrize("trips", [1, 3, 100])
def test_a_loop_with_a_condition_is_a_while_that_also_counts(trips: int) -> None:
    check(model_of(SEARCH), np.array(trips, np.int64), X)
    assert "    while running and index < n_limit:\n" in printed(model_of(SEARCH))


def test_a_loop_that_never_runs_hands_on_what_it_got_and_collects_nothing() -> None:
    y, sizes = prepare(model_of(SEARCH)).run([np.array(0, np.int64), X])
    assert y.tolist() == X.tolist() and sizes.shape == (0,)


def test_carried_values_that_change_places() -> None:
    text = """agraph (float[4] x, float[4] y) => (float[4] p, float[4] q)
    <int64 n = {3}, bool yes = {1}> {
       p, q = Loop (n, yes, x, y) <body = b (int64 i, bool c, float[4] s, float[4] t)
           => (bool keep, float[4] s1, float[4] t1) {
          keep = Identity(c)
          s1 = Identity(t)
          t1 = Add(s, t)
       }>
    }"""
    check(model_of(text), X, X * X + 1)


def test_a_carried_value_may_change_its_shape() -> None:
    text = """agraph (float[n] x) => (float[m] y) <int64 n = {3}, bool yes = {1}> {
       y = Loop (n, yes, x) <body = b (int64 i, bool c, float[k] s) => (bool keep, float[l] t) {
          keep = Identity(c)
          t = Concat<axis = 0>(s, x)
       }>
    }"""
    check(model_of(text), X)
    check(model_of(text.replace("float[n] x", "float[4] x")), X)


def test_a_loop_that_never_ends_is_refused() -> None:
    text = """agraph (float[4] x) => (float[4] y) <bool yes = {1}> {
       y = Loop ("", yes, x) <body = b (int64 i, bool c, float[4] s) => (bool k, float[4] t) {
          k = Identity(c)
          t = Neg(s)
       }>
    }"""
    with pytest.raises(RamielError, match="never ends"):
        prepare(model_of(text.replace('""', "")))


def test_scan_in_both_directions_along_other_axes() -> None:
    text = """agraph (float[2] h, float[2, 3] x) => (float[2] y, float[2, 3] z) {
       y, z = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_input_directions = [1],
                    scan_output_axes = [1], scan_output_directions = [1],
                    body = b (float[2] s, float[2] v) => (float[2] t, float[2] o) {
          t = Add(s, v)
          o = Mul(t, v)
       }> (h, x)
    }"""
    check(model_of(text), X[:2], np.arange(6, dtype=np.float32).reshape(2, 3))


def nested(depth: int) -> ModelProto:
    """Loops in loops: the outer one runs twice, each inner one once; the innermost adds x."""

    def body(level: int) -> str:
        here = f"s{level} = Add(a{level}, x)"
        if level < depth:
            here = f"s{level} = Loop (one, yes, a{level}) <{body(level + 1)}>"
        return (
            f"body = b{level} (int64 i{level}, bool c{level}, float[4] a{level}) "
            f"=> (bool k{level}, float[4] s{level}) {{ k{level} = Identity(c{level})\n {here} }}"
        )

    return model_of(
        "agraph (float[4] x) => (float[4] y) <int64 one = {1}, int64 two = {2}, bool yes = {1}> "
        f"{{ y = Loop (two, yes, x) <{body(1)}> }}"
    )


@pytest.mark.parametrize("depth", [2, 25])
def test_loops_deeper_than_python_nests_are_functions(depth: int) -> None:
    model = nested(depth)
    [y] = prepare(model).run([X])
    assert y.tolist() == (3 * X).tolist()
    assert ("_part(" in printed(model)) == (depth == 25)


def test_random_numbers_in_a_branch_are_drawn_only_there() -> None:
    text = """agraph (bool c, float[4] x) => (float[4] y, float[4] z) {
       y = If (c) <then_branch = t () => (float[4] a) { r = RandomNormalLike(x)
                                                       a = Add(r, x) },
                   else_branch = e () => (float[4] b) { b = Identity(x) }>
       z = If (c) <then_branch = t2 () => (float[4] a2) { r2 = RandomNormalLike(x)
                                                         a2 = Add(r2, x) },
                   else_branch = e2 () => (float[4] b2) { b2 = Identity(x) }>
    }"""
    compiled = prepare(model_of(text))
    torch.manual_seed(0)
    drawn = compiled.run([np.array(True), X])
    assert not np.array_equal(drawn[0], drawn[1])
    for output in compiled.run([np.array(False), X]):
        np.testing.assert_array_equal(output, X)


def test_what_a_branch_cannot_do_is_refused_by_the_name_of_the_node_inside() -> None:
    model = model_of(BRANCH.replace("Neg(x)", "Det(x)"))
    model.graph.node[0].attribute[1].g.node[0].op_type = "Nonsense"
    model.graph.node[0].attribute[1].g.node[0].name = "inner_node"
    with pytest.raises(RamielError, match="inner_node"):
        prepare(model)


def test_weights_that_a_region_reads_reach_its_cluster() -> None:
    text = """agraph (bool c, float[4] x) => (float[4] y, float[4] z) {
       y = If (c) <then_branch = t () => (float[4] a) { a = Mul(x, w) },
                   else_branch = e () => (float[4] b) { b = Add(x, w) }>
       n = Neg(x)
       z = Exp(n)
    }"""
    model = model_of(text)
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(X + 2, "w"))
    check(model, np.array(True), X)
    assert 'y = x * w["w"]' in printed(model)


def test_a_loop_reads_what_another_cluster_computes() -> None:
    text = """agraph (float[64, 64] x) => (float[64, 64] y) <int64 n = {4}, bool yes = {1}> {
       a = MatMul(x, x)
       b = Exp(x)
       c = MatMul(b, b)
       d = Sin(c)
       z = Loop (n, yes, a) <body = k (int64 i, bool c0, float[64, 64] s)
           => (bool keep, float[64, 64] t) {
          keep = Identity(c0)
          u = Mul(s, d)
          t = Sub(u, b)
       }>
       y = Add(z, d)
    }"""
    model = model_of(text)
    program = compile_model(model, Options(workers=2, force_parallel=True)).program
    loop = next(op for op in program.walk() if isinstance(op, ForOp))
    received = {value for value in values_read(loop) if isinstance(value.owner, RecvOp)}
    assert len(program.clusters) == 2 and received
    x = torch.linspace(0, 0.01, 64 * 64).reshape(64, 64)
    parallel = ramiel.compile(model, workers=2, force_parallel=True)
    serial = ramiel.compile(model, workers=1, executor="serial")
    with parallel, serial:
        assert torch.equal(parallel(x), serial(x))


def test_every_stage_can_be_read_back() -> None:
    for text in (BRANCH, COUNTED, SEARCH):
        compilation = compile_model(model_of(text), Options(workers=2), keep_ir=True)
        for stage, printed_ir in compilation.stages:
            context = Context()
            for name, factory in Universe.get_multiverse().all_dialects.items():
                context.register_dialect(name, factory)
            Parser(context, printed_ir, stage).parse_module().verify()

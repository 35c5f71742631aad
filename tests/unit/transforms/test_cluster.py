from __future__ import annotations

import time
from io import StringIO

import pytest
from hypothesis import given, settings
from programs import apply, build_graph, clusters_of, computations, large_module, meanings, modules
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.printer import Printer

from ramiel.dialects.task import ProgramOp
from ramiel.errors import RamielError
from ramiel.scheduling.algorithms import ALGORITHMS
from ramiel.transforms.cluster import Cluster
from ramiel.transforms.merge_clusters import MergeClusters
from ramiel.universe import RAMIEL_UNIVERSE


def context() -> Context:
    result = Context()
    result.load_dialect(Builtin)
    for name, factory in RAMIEL_UNIVERSE.all_dialects.items():
        result.register_dialect(name, factory)
    return result


def printed(module: ModuleOp) -> str:
    stream = StringIO()
    Printer(stream, print_debuginfo=True).print_op(module)
    return stream.getvalue()


@given(modules())
def test_each_operation_once_and_the_outputs_mean_the_same(module: ModuleOp):
    graph = next(iter(module.ops))
    before = meanings(apply(module))
    operations = computations(apply(module))
    program = apply(module, Cluster())
    assert set(computations(program)) == set(operations)
    assert len(computations(program)) == len(operations)
    assert meanings(program) == before
    assert graph.parent is None


@given(modules())
def test_one_message_per_value_and_consumer(module: ModuleOp):
    program = apply(module, Cluster())
    assert isinstance(program, ProgramOp)
    pairs = [(channel.send.value, channel.recv.parent) for channel in program.channels]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@settings(max_examples=20)
@given(module=modules())
def test_the_verifier_accepts_what_each_algorithm_makes(module: ModuleOp, algorithm: str):
    program = apply(module, Cluster(algorithm), MergeClusters(max_clusters=2))
    assert len(clusters_of(program)) <= 2


@settings(max_examples=15)
@given(modules(max_steps=6))
def test_the_text_can_be_read_again(module: ModuleOp):
    apply(module, Cluster())
    text = printed(module)
    again = Parser(context(), text).parse_module()
    again.verify()
    assert printed(again) == text


def test_the_prediction_is_recorded():
    # 0 -> 1 -> 3 and 0 -> 2 -> 3; the messages of 2 take 10 us each.
    steps = [([0], 10_000, False), ([2], 90_000, False), ([2], 20_000, False), ([3, 4], 5, False)]
    program = apply(build_graph(steps, [5]), Cluster())
    assert isinstance(program, ProgramOp)
    assert str(program.attributes["predicted_serial_ns"]) == "120005 : i64"
    assert str(program.attributes["predicted_makespan_ns"]) == "100005 : i64"
    assert clusters_of(program) == ["cluster_0", "cluster_1"]


def test_twenty_thousand_operations():
    module = large_module(20_000)
    began = time.process_time()
    for each in (Cluster(), MergeClusters(max_clusters=2)):
        each.apply(Context(), module)
    assert time.process_time() - began < 60


def test_an_unknown_algorithm_and_a_negative_message():
    with pytest.raises(RamielError, match="cluster: there is no algorithm 'guess', only dsc"):
        Cluster("guess").apply(Context(), build_graph([], []))
    with pytest.raises(RamielError, match="message-ns"):
        Cluster(message_ns=-1).apply(Context(), build_graph([], []))

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import apply, build_graph, meanings, modules
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from ramiel.backend.target import PyTorchTarget
from ramiel.dialects.task import ProgramOp
from ramiel.dialects.task_workers import samples_of, stages_of
from ramiel.errors import RamielError
from ramiel.transforms.cluster import Cluster
from ramiel.transforms.hypercluster import Hypercluster


@given(modules(), st.integers(1, 3), st.integers(1, 4))
def test_the_verifier_accepts_it_and_a_sample_means_the_same(
    module: ModuleOp, workers: int, samples: int
):
    expected = meanings(apply(module, Cluster("list", workers)))
    program = apply(module, Hypercluster(samples))
    assert isinstance(program, ProgramOp)
    assert meanings(program) == expected
    assert samples_of(program) == samples
    assert len(program.workers) == len(program.clusters)
    runs = sum(len(worker.runs) for worker in program.workers)
    assert runs == samples * sum(len(stages_of(cluster)) for cluster in program.clusters)


def test_it_cannot_be_printed_yet():
    module = build_graph([([0], 10, False)], [2])
    apply(module, Cluster(), Hypercluster(2))
    with pytest.raises(RamielError, match="programs for several samples"):
        PyTorchTarget().emit(Context(), module, StringIO())

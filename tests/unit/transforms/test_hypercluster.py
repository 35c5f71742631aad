from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from programs import apply, meanings, modules
from xdsl.dialects.builtin import ModuleOp

from ramiel.dialects.task import ProgramOp
from ramiel.dialects.task_workers import samples_of, stages_of
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

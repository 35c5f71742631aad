"""The threads executor with one cluster: where a call runs."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor

from ramiel.runtime import Channels, ClosedError, Cluster, Weights
from ramiel.runtime.executor import Options
from ramiel.runtime.program import Program
from ramiel.runtime.threads import ThreadsExecutor


@pytest.mark.parametrize(("more", "timeout"), [(0, None), (1, None), (0, 60.0)])
def test_one_cluster_as_wide_as_the_caller_runs_on_its_thread(
    more: int, timeout: float | None
) -> None:
    seen: list[tuple[int, int]] = []

    async def only(x: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
        seen.append((threading.get_ident(), torch.get_num_threads()))
        return {"y": x + 1}

    width = torch.get_num_threads() + more
    program = Program("one", [Cluster(only, ("x",), width)], [])
    executor = ThreadsExecutor(program, Options(timeout=timeout))
    assert torch.equal(executor.run({"x": torch.zeros(2)}, Weights())["y"], torch.ones(2))
    [(thread, threads)] = seen
    assert (thread == threading.get_ident()) == (more == 0 and timeout is None)
    assert threads == width
    executor.close()
    with pytest.raises(ClosedError):
        executor.run({"x": torch.zeros(2)}, Weights())

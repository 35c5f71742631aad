"""The processes executor: how workers start, live and die, and what they share."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch
from acting import FAIL, HANG, KILL, NOTHING, ODD_FAILURE, PAUSE, Acting, Special
from torch import Tensor

from ramiel.runtime import (
    CallTimeout,
    ClosedError,
    Cluster,
    ClusterError,
    Input,
    Message,
    ModelError,
    ParallelModel,
)

X = torch.ones(3)
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def load(timeout: float | None = None) -> Any:
    """Workers that start at once."""
    return Acting({}, "processes", start_method="fork", timeout=timeout)


def processes(model: Any) -> list[int]:
    """The workers of a model."""
    pool = model._executor._pool
    return [process.pid for process in pool.processes] if pool is not None else []


def wait_until(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true, within seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def ended(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def gone(pid: int) -> bool:
    """Whether a process ends within seconds."""
    return wait_until(lambda: ended(pid))


@pytest.fixture(scope="module")
def model() -> Iterator[Any]:
    """A model whose workers live as long as this file."""
    with load() as loaded:
        yield loaded


@pytest.fixture(scope="module")
def spawned(branches: Any) -> Iterator[Any]:
    """A package with spawned workers."""
    with branches.load("processes") as loaded:
        yield loaded


def test_spawned_workers_compute_the_same(spawned: Any, example: Any, expected: Any) -> None:
    for mode in (torch.inference_mode, torch.no_grad, torch.enable_grad):
        with mode():
            outputs = spawned(*example)
        torch.testing.assert_close(outputs, expected)
        assert outputs[0].is_inference() == (mode is torch.inference_mode)


def test_workers_stay_and_have_their_width(model: Any) -> None:
    y, process, threads = model(X, NOTHING)
    assert y.tolist() == [2, 2, 2]
    assert int(process) == processes(model)[1] != os.getpid()
    assert int(threads) == 1
    assert model(X, NOTHING)[1] == process


def test_results_are_not_overwritten_by_later_calls(model: Any) -> None:
    results = [model(X * number, NOTHING)[0] for number in range(20)]
    assert [int(y[0]) for y in results] == list(range(1, 21))


def test_slots_grow(model: Any) -> None:
    for size in (1, 10_000, 7, 1_000_000, 3, 2_000_000):
        x = torch.randn(size)
        assert torch.equal(model(x, NOTHING)[0], x + 1)


async def give(x: Tensor, w: Any, channels: Any) -> dict[str, Any]:
    for index, value in enumerate(VALUES):
        channels.send(f"v{index}", value, to="take")
    return {"last": x.mT}


async def take(w: Any, channels: Any) -> dict[str, Any]:
    count = len(VALUES)
    return {"values": [await channels.recv(f"v{i}", source="give") for i in range(count)]}


VALUES: list[Any] = [
    *(7, None, "text", [torch.ones(2), torch.zeros(0)], torch.tensor(2.5)),
    *(torch.ones(3, dtype=torch.bfloat16), torch.randn(3, 4).T, [], torch.empty(2, 0)),
]


class Values(ParallelModel):
    inputs = (Input("x", torch.float32),)
    outputs = ("values", "last")
    clusters = (Cluster(give, reads=("x",)), Cluster(take))
    channels = tuple(Message(f"v{index}", "give", "take") for index in range(len(VALUES)))


def test_messages_of_every_kind() -> None:
    with Values({}, "processes", start_method="fork") as model:
        found, last = model(torch.ones(2, 3))
    assert last.shape == (3, 2)
    torch.testing.assert_close(found[3:], VALUES[3:])
    assert found[:3] == VALUES[:3]


def test_an_exception_is_the_cause_and_the_workers_stay(model: Any) -> None:
    before = model(X, NOTHING)[1]
    with pytest.raises(ClusterError, match=r"first, model.py line .*: Special: no luck") as caught:
        model(X, FAIL)
    assert isinstance(caught.value.__cause__, Special)
    assert "in act" in "".join(caught.value.__notes__)
    with pytest.raises(ClusterError, match="Odd: odd") as caught:
        model(X, ODD_FAILURE)
    assert caught.value.__cause__ is None
    assert model(X, NOTHING)[1] == before


def test_a_killed_worker_is_named_and_the_next_call_starts_new_ones() -> None:
    with load() as model:
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(ClusterError, match=r"first: its worker .* \(killed by SIGKILL\)"):
                model(X, KILL)
            assert time.monotonic() - started < 5
            assert model(X, NOTHING)[0][0] == 2
        old = processes(model)
        os.kill(old[0], signal.SIGKILL)
        assert wait_until(lambda: not model._executor._pool.alive())
        assert model(X, NOTHING)[0][0] == 2
        assert all(gone(pid) for pid in old)


def test_a_timeout_leaves_a_worker_that_comes_back_and_replaces_one_that_does_not() -> None:
    with load(timeout=0.3) as model:
        before = model(X, NOTHING)[1]
        with pytest.raises(CallTimeout, match=r"Acting: no result in 0\.3 s"):
            model(X, PAUSE)
        assert model(X, NOTHING)[1] == before
        with pytest.raises(CallTimeout):
            model(X, HANG)
        assert model(X, NOTHING)[1] != before


def test_ctrl_c(model: Any) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            model(X, HANG)
    finally:
        signal.signal(signal.SIGINT, before)
    assert model(X, NOTHING)[0][0] == 2


def test_close_ends_the_running_call() -> None:
    model = load()
    model(X, NOTHING)
    pids = processes(model)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(model, X, HANG)
        time.sleep(0.1)
        model.close()
        with pytest.raises(ClosedError, match="was closed during the call"):
            running.result(10)
    assert all(gone(pid) for pid in pids)
    with pytest.raises(ClosedError, match="Acting is closed"):
        model(X, NOTHING)


def test_garbage_collection_ends_the_workers() -> None:
    model = load()
    model(X, NOTHING)
    pids = processes(model)
    del model
    gc.collect()
    assert all(gone(pid) for pid in pids)


def test_calls_from_many_threads(model: Any) -> None:
    def calls(number: int) -> bool:
        return all(bool((model(X * i, NOTHING)[0] == i + 1).all()) for i in range(number))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(calls, [20] * 8))


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_nothing_is_left_after_many_calls_and_many_loads(model: Any) -> None:
    model(X, NOTHING)
    before = descriptors(), threading.active_count()
    gc.collect()
    gc.disable()
    try:
        for _ in range(300):
            model(X, NOTHING)
        assert gc.collect() < 50, "calls leave reference cycles"
    finally:
        gc.enable()
    for _ in range(5):
        with load() as other:
            other(X, NOTHING)
    assert (descriptors(), threading.active_count()) == before


def test_gradients_are_refused_not_lost(spawned: Any, example: Any, expected: Any) -> None:
    data = example[0].clone().requires_grad_()
    with pytest.raises(Exception, match="gradients do not cross processes"):
        spawned(data, example[1])
    with torch.no_grad():
        torch.testing.assert_close(spawned(data, example[1]), expected)


def test_the_weights_file_is_mapped_by_every_worker(spawned: Any, example: Any) -> None:
    spawned(*example)
    file = str(spawned.folder() / "weights.safetensors")
    for pid in processes(spawned):
        assert file in Path(f"/proc/{pid}/maps").read_text()


def test_changed_weights_are_seen_and_changed_back(
    branches: Any, example: Any, expected: Any, weights: Any
) -> None:
    zeros = {name: torch.zeros_like(w) for name, w in weights.items()}
    with branches.load("processes", start_method="fork") as model:
        torch.testing.assert_close(model(*example), expected)
        replaced = torch.func.functional_call(model, zeros, example)  # pyright: ignore
        assert not replaced[0].any()
        torch.testing.assert_close(model(*example), expected)
        model.load_state_dict(zeros)
        assert not model(*example)[0].any()
        model.load_state_dict(weights)
        torch.testing.assert_close(model(*example), expected)
        doubled = model.double()(*[tensor.double() for tensor in example])
        torch.testing.assert_close(doubled[0].float(), expected[0])


def test_a_weights_file_that_was_replaced_is_noticed(
    write_package: Any, import_package: Any, example: Any
) -> None:
    folder = write_package()
    with import_package(folder).Model.load("processes", start_method="fork") as model:
        file = folder / "weights.safetensors"
        file.write_bytes(file.read_bytes())
        with pytest.raises(RuntimeError, match="has changed since the model was loaded"):
            model(*example)


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("copier", [copy.deepcopy, pickled])
def test_copies_have_their_own_workers_and_weights(
    branches: Any, example: Any, expected: Any, copier: Any
) -> None:
    with branches.load("processes", start_method="fork") as model, copier(model) as twin:
        model(*example)
        with torch.no_grad():
            model.get_parameter("left.0.weight").zero_()
        torch.testing.assert_close(twin(*example), expected)
        assert not set(processes(model)) & set(processes(twin))


def test_a_forked_child_has_its_own_workers(model: Any) -> None:
    before = model(X, NOTHING)[1]
    child = os.fork()
    if child == 0:
        pids = processes(model)
        good = model(X, NOTHING)[0][0] == 2 and not pids
        model.close()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert model(X, NOTHING)[1] == before


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_start_inside_a_program_with_busy_threads(method: str) -> None:
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            torch.mm(torch.ones(100, 100), torch.ones(100, 100))
            queue.put(queue.get())

    queue: SimpleQueue[int] = SimpleQueue()
    queue.put(0)
    others = [threading.Thread(target=compute) for _ in range(2)]
    for thread in others:
        thread.start()
    try:
        for _ in range(5 if method == "fork" else 1):
            with Acting({}, "processes", start_method=method, timeout=60) as model:
                assert model(X, NOTHING)[0].tolist() == [2, 2, 2]
    finally:
        stop.set()
        queue.put(0)
        for thread in others:
            thread.join()


class Items:
    """A data set that calls a model."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return self.model(X * index, NOTHING)[0]


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_in_the_workers_of_a_data_loader(executor: str) -> None:
    with Acting({}, executor, start_method="fork") as model:
        model(X, NOTHING)
        data: Any = torch.utils.data
        loader = data.DataLoader(
            Items(model),
            num_workers=2,
            timeout=60,
            multiprocessing_context=multiprocessing.get_context("fork"),
        )
        assert [int(batch[0, 0]) for batch in loader] == [1, 2, 3, 4]


SCRIPT = """
import os, sys, time, torch
from {module} import Model
model = Model.load("processes", start_method=sys.argv[1])  # no `if __name__ == "__main__"`
with torch.inference_mode():
    y = model(torch.ones(2, 4), torch.ones(2, 1))
pids = [process.pid for process in model._executor._pool.processes]
print(*pids, flush=True)
if sys.argv[2] == "wait":
    time.sleep(60)
"""


@pytest.mark.parametrize(("method", "ending"), [("spawn", "kill"), ("fork", "exit")])
def test_workers_end_with_the_process_however_it_ends(
    branches: Any, method: str, ending: str
) -> None:
    segments = sorted(os.listdir("/dev/shm"))
    script = SCRIPT.format(module=branches.__module__)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, method, "wait" if ending == "kill" else ""],
        cwd=branches.folder().parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    if ending == "kill":
        parent.kill()
    assert parent.wait(30) == (-signal.SIGKILL if ending == "kill" else 0)
    parent.stdout.close()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)
    assert sorted(os.listdir("/dev/shm")) == segments


def test_a_class_that_no_new_process_can_import_is_refused() -> None:
    async def local(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
        return {"y": x}

    class Local(ParallelModel):
        inputs = (Input("x", torch.float32),)
        outputs = ("y",)
        clusters = (Cluster(local, reads=("x",)),)

    with pytest.raises(ModelError, match="cannot be imported by a new process"):
        Local({}, "processes")(X)
    with Local({}, "processes", start_method="fork") as model:
        assert model(X).tolist() == [1, 1, 1]

"""The threads executor: how long workers live, who may call, what stays as it was."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor

import ramiel.runtime.threads
from ramiel.runtime import Cluster, Input, Message, ParallelModel
from ramiel.runtime.program import Program
from ramiel.runtime.team import has_team

X = torch.ones(2)
seen_threads: dict[str, int] = {}


async def left(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    seen_threads["left"] = torch.get_num_threads()
    channels.send("x", x, to="right")
    return {"sum": x + await channels.recv("double", source="right")}


async def right(w: Any, channels: Any) -> dict[str, Tensor]:
    seen_threads["right"] = torch.get_num_threads()
    channels.send("double", await channels.recv("x", source="left") * 2, to="left")
    return {}


class Triple(ParallelModel):
    inputs = (Input("x", torch.float32, ("n",)),)
    outputs = ("sum",)
    clusters = (Cluster(left, reads=("x",)), Cluster(right))
    channels = (Message("x", "left", "right"), Message("double", "right", "left"))


def no_team(program: Program) -> None:
    """Every cluster gets a thread of its own."""


def team_of_two(program: Program) -> int:
    """Also lanes without a wide cluster run on a team."""
    return 2


@pytest.fixture(autouse=True, params=["team", "threads"])
def workers_of_a_call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that run a call: one with a team of OpenMP's, or one a cluster."""
    if request.param == "team":
        assert has_team(2)
        monkeypatch.setattr(ramiel.runtime.threads, "team_size", team_of_two)
        return ["Triple team"]
    monkeypatch.setattr(ramiel.runtime.threads, "team_size", no_team)
    return ["Triple left", "Triple right"]


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("Triple ")]


def wait_until(condition: Any) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return bool(condition())


def test_workers_start_at_the_first_call_and_stay(workers_of_a_call: list[str]) -> None:
    with Triple({}) as model:
        assert workers() == []
        model(X)
        first = workers()
        assert [thread.name for thread in first] == workers_of_a_call
        model(X)
        assert workers() == first
    assert workers() == []


def test_a_thousand_calls_keep_nothing() -> None:
    with Triple({"w": torch.zeros(1)}) as model:
        model(X)
        gc.collect()
        threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
        gc.disable()
        try:
            for number in range(1000):
                assert model(X * number)[0] == 3 * number
            assert gc.collect() < 50, "calls leave reference cycles"
        finally:
            gc.enable()
        assert threading.active_count() == threads
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_call_keeps_its_outputs_and_inputs_no_longer_than_the_caller(executor: str) -> None:
    with Triple({}, executor) as model:
        gc.disable()
        try:
            x = torch.ones(3)
            output = model(x)
            dead = [weakref.ref(x), weakref.ref(output)]
            del x, output
            assert wait_until(lambda: [ref() for ref in dead] == [None, None])
        finally:
            gc.enable()


def test_load_and_close_in_a_loop() -> None:
    before = threading.active_count()
    for _ in range(50):
        with Triple({}) as model:
            model(X)
    assert threading.active_count() == before


def test_garbage_collection_ends_the_workers(workers_of_a_call: list[str]) -> None:
    model = Triple({})
    model(X)
    assert len(workers()) == len(workers_of_a_call)
    del model
    assert wait_until(lambda: not workers())


CALL_FOR_EVER = """
def call():
    while True:
        model(torch.ones(2, 4), torch.ones(2, 1))
import threading
threading.Thread(target=call, daemon=True).start()
"""


@pytest.mark.parametrize("ending", ["", CALL_FOR_EVER], ids=["idle", "calling"])
def test_interpreter_exit(branches: Any, ending: str) -> None:
    program = (
        "import torch\n"
        f"from {branches.__module__} import Model\n"
        "model = Model.load()\n"
        "model(torch.ones(2, 4), torch.ones(2, 1))\n"
        f"{ending}\n"
    )
    folder = branches.folder().parent
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, timeout=60, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def in_new_thread(function: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_only_the_workers_run_on_one_thread() -> None:
    before = torch.get_num_threads()
    try:
        for number in (2, 3):
            torch.set_num_threads(number)
            with Triple({}) as model:
                model(X)
                assert torch.get_num_threads() == number
                assert in_new_thread(torch.get_num_threads) == number
                torch.mm(torch.ones(300, 300), torch.ones(300, 300))
                model(X)
                assert seen_threads == {"left": 1, "right": 1}
                assert torch.get_num_threads() == number
            assert torch.get_num_threads() == number
            assert in_new_thread(torch.get_num_threads) == number
    finally:
        torch.set_num_threads(before)


def test_a_wide_cluster_gets_its_threads() -> None:
    class Wide(Triple):
        clusters = (Cluster(left, reads=("x",)), Cluster(right, width=2))

    with Wide({}) as model:
        model(X)
    assert seen_threads == {"left": 1, "right": 2}


def test_calls_from_many_threads(executor: str) -> None:
    def calls(number: int) -> bool:
        return all(bool((model(X * i) == 3 * i).all()) for i in range(number, number + 25))

    with Triple({}, executor) as model, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(calls, range(0, 200, 25)))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_its_own_workers(executor: str) -> None:
    with Triple({}, executor) as model:
        model(X)
        child = os.fork()
        if child == 0:
            good = bool((model(X * 2) == 6).all()) and bool((model(X) == 3).all())
            model.close()
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(wait_for(child)) == 0
        assert model(X)[0] == 3


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_fork_while_another_thread_is_calling() -> None:
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            model(X)

    with Triple({}) as model:
        caller = threading.Thread(target=call)
        caller.start()
        try:
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    os._exit(0 if model(X)[0] == 3 else 1)
                assert os.waitstatus_to_exitcode(wait_for(child)) == 0
        finally:
            stop.set()
            caller.join()


def wait_for(child: int) -> int:
    """The child's status; kills it after ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.005)
    os.kill(child, 9)
    return os.waitpid(child, 0)[1]

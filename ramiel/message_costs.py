"""What one message between two clusters costs, measured: for each executor and size."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ramiel.errors import RamielError
from ramiel.runtime import Cluster, Input, Message, ModelError, ParallelModel

ROUNDS = 10
"""Messages there and back in one call."""
CALLS = 20
TIMEOUT = 60.0


async def near(x: Tensor, w: Any, channels: Any) -> dict[str, Tensor]:
    """Sends the tensor there and takes it back: the seconds of each round."""
    seconds: list[float] = []
    for number in range(ROUNDS):
        started = time.perf_counter()
        channels.send(f"there{number}", x, to="far")
        x = await channels.recv(f"back{number}", source="far")
        seconds.append(time.perf_counter() - started)
    return {"seconds": torch.tensor(seconds, dtype=torch.float64)}


async def far(w: Any, channels: Any) -> dict[str, Tensor]:
    """Sends everything back."""
    for number in range(ROUNDS):
        x = await channels.recv(f"there{number}", source="near")
        channels.send(f"back{number}", x, to="near")
    return {}


class Echo(ParallelModel):
    """Two clusters that do nothing but exchange one tensor."""

    inputs = (Input("x", torch.uint8, ("n",)),)
    outputs = ("seconds",)
    clusters = (Cluster(near, reads=("x",)), Cluster(far))
    channels = tuple(
        message
        for number in range(ROUNDS)
        for message in (
            Message(f"there{number}", "near", "far"),
            Message(f"back{number}", "far", "near"),
        )
    )


def message_seconds(executor: str, size: int) -> float:
    """The median seconds from a send of `size` bytes to the end of its recv, one way.

    Copies into and out of slots are part of it, and so is the wake-up of the receiver.  For
    distributed: two ranks on loopback.  Raises RamielError if the executor does not work here.
    """
    if executor == "distributed":
        return _between_ranks(size)
    try:
        with Echo({}, executor, timeout=TIMEOUT) as model:
            return _measure(model, size)
    except ModelError as error:
        raise RamielError(f"the executor {executor} does not work here: {error}") from error


def _measure(model: ParallelModel, size: int) -> float:
    x = torch.zeros(size, dtype=torch.uint8)
    rounds: list[float] = []
    with torch.inference_mode():
        model(x)
        for _ in range(CALLS):
            rounds += model(x).tolist()
    return statistics.median(rounds) / 2


def _between_ranks(size: int) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ranks = [_rank(number, port, size) for number in range(2)]
    try:
        output, errors = ranks[0].communicate(timeout=TIMEOUT)
        if ranks[0].returncode:
            raise RamielError(f"the executor distributed does not work here: {errors[-500:]}")
        return float(json.loads(output))
    except subprocess.TimeoutExpired:
        raise RamielError(f"the executor distributed: no answer in {TIMEOUT:.0f} s") from None
    finally:
        for process in ranks:
            process.kill()
            process.communicate()


def _rank(number: int, port: int, size: int) -> subprocess.Popen[str]:
    settings = {"RANK": str(number), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    settings |= {"MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "ramiel.message_costs", str(size)],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(arguments: Sequence[str]) -> None:
    """One of two ranks; rank 0 prints the seconds."""
    from ramiel.message_costs import Echo  # the class that both ranks know by this name

    with Echo({}, "distributed") as model:
        if os.environ["RANK"] == "0":
            print(_measure(model, int(arguments[0])))
        else:
            model.serve()


if __name__ == "__main__":
    main(sys.argv[1:])

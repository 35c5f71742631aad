"""What a message and a call cost with each executor, measured on packages made for that.

The packages are generated as every model's is and run through `Model.load(executor=…)`, so an
executor that is added to the runtime is measured as soon as it is there.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import Universe

from ramiel.backend.package import write_package
from ramiel.backend.target import find_program
from ramiel.costs.calibration import ExecutorCosts
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.message_costs import message_seconds
from ramiel.remarks import collected, remark
from ramiel.runtime.model import EXECUTORS

SIZES = (64, 1 << 16, 1 << 20, 1 << 22)
"""Bytes of the messages that are timed."""
LARGE = SIZES[-1]
HOPS = 34
"""Messages in a long program; the short one has two, so that start and end of the call drop out."""
SECONDS_FOR_ALL = 35
"""After that no further executor is begun."""
SECONDS = 0.15
"""For the calls of one program."""

Step = Callable[[str], None]


def measure_executors(
    step: Step = lambda what: None, names: Iterable[str] = EXECUTORS
) -> dict[str, ExecutorCosts]:
    """The costs of executors, all that there are by default.

    One that cannot run here, without ranks or several processes, say, is left out with a remark.
    """
    costs: dict[str, ExecutorCosts] = {}
    deadline = time.perf_counter() + SECONDS_FOR_ALL
    with tempfile.TemporaryDirectory(prefix="ramiel-") as folder:
        for name in names:
            step(f"messages, {name}")
            if time.perf_counter() > deadline:
                remark(f"executor {name} is not calibrated: the time was up")
                continue
            try:
                between_ranks = name == "distributed"
                costs[name] = (
                    measure_ranks() if between_ranks else measure_executor(name, Path(folder))
                )
            # Each package has a ModelError of its own.
            except (RuntimeError, ValueError, RamielError) as error:
                remark(f"executor {name} is not calibrated: {error}")
    return costs


def measure_ranks() -> ExecutorCosts:
    """The costs of messages between two ranks on this machine; those of a call are not known."""
    messages = {size: round(message_seconds("distributed", size) * 1e9) for size in SIZES}
    latency, per_byte = fit(messages)
    return ExecutorCosts(
        message_ns=latency,
        ns_per_byte=per_byte,
        send_ns=0,
        receive_ns=0,
        send_ns_per_byte=0.0,
        call_ns=0,
        serial_call_ns=0,
        messages={str(size): ns for size, ns in messages.items()},
    )


def measure_executor(executor: str, folder: Path) -> ExecutorCosts:
    """The costs of one executor; packages are written to the folder."""

    def timed(text: str, size: int) -> float:
        return time_program(text, size, executor, folder)

    def each(program: Callable[[int, int], str], size: int) -> float:
        """The ns by which one more step makes a program longer."""
        return (timed(program(size, HOPS), size) - timed(program(size, 2), size)) / (HOPS - 2)

    small = SIZES[0]
    view = each(chain, small)
    serial = time_program(apart(small, 1), small, "serial", folder)
    call = timed(apart(small, 2), small)
    own = max(0, round(each(stream, small) / 2 - view))
    # They fill the caches: where a message is copied to was last seen a call ago, as in a model.
    copied = timed(stream(LARGE, HOPS), LARGE) / HOPS - own
    messages = {str(size): max(0, round(each(ping_pong, size) - view)) for size in SIZES}
    latency, per_byte = fit({int(size): ns for size, ns in messages.items()})
    return ExecutorCosts(
        message_ns=latency,
        ns_per_byte=per_byte,
        send_ns=min(own, latency // 2),
        receive_ns=min(own, latency // 2),
        send_ns_per_byte=max(0.0, float(f"{copied / LARGE:.3g}")),
        call_ns=round(max(0.0, call - view)),
        serial_call_ns=round(max(0.0, serial - view)),
        messages=messages,
    )


def fit(messages: dict[int, int]) -> tuple[int, float]:
    """α and β of α + β · bytes: α from the small messages, β by least squares from all.

    Both are at least 0.
    """
    alpha = statistics.median([ns for size, ns in messages.items() if size <= 1 << 16])
    numerator = sum(size * (ns - alpha) for size, ns in messages.items())
    beta = numerator / sum(size * size for size in messages)
    return round(alpha), max(0.0, float(f"{beta:.3g}"))


def time_program(text: str, size: int, executor: str, folder: Path) -> float:
    """The median ns of a call of a program, given as text, on an input of `size` bytes."""
    package = Path(tempfile.mkdtemp(dir=folder)) / "measured"
    with collected():  # its operations have no costs, and need none
        write_package(find_program(_parse(text)), package)
    tensor = torch.zeros(size // 4)
    times: list[float] = []
    with import_package(package).Model.load(executor=executor) as model, torch.inference_mode():
        for _ in range(5):
            model(tensor)
        deadline = time.perf_counter() + SECONDS
        while len(times) < 10 or time.perf_counter() < deadline:
            started = time.perf_counter_ns()
            model(tensor)
            times.append(time.perf_counter_ns() - started)
    return statistics.median(times)


def apart(size: int, clusters: int) -> str:
    """Clusters that exchange nothing: a call's start and end."""
    bodies = [[_view("%x", f"%y{i}", size), _output(f"%y{i}", i, size)] for i in range(clusters)]
    return _program(size, [], bodies, results=clusters)


def chain(size: int, steps: int) -> str:
    """One cluster that sends nothing: the operations that stand between messages, views."""
    body = [_view("%x", "%v0", size)]
    body += [_view(f"%v{index}", f"%v{index + 1}", size) for index in range(steps)]
    return _program(size, [], [[*body, _output(f"%v{steps}", 0, size)]])


def ping_pong(size: int, messages: int) -> str:
    """A message to and fro: each worker always waits for the other."""
    bodies: list[list[str]] = [[_view("%x", "%v0", size)], []]
    for index in range(messages):
        here, there = index % 2, 1 - index % 2
        bodies[here].append(_send(f"%v{index}", index, size))
        bodies[there].append(_recv(f"%r{index}", index, size))
        bodies[there].append(_view(f"%r{index}", f"%v{index + 1}", size))
    bodies[messages % 2].append(_output(f"%v{messages}", 0, size))
    return _program(size, list(range(messages)), bodies)


def stream(size: int, messages: int) -> str:
    """Messages one after the other in one direction: nobody waits long."""
    bodies: list[list[str]] = [[], []]
    for index in range(messages):
        bodies[0].append(_view("%x", f"%v{index}", size))
        bodies[0].append(_send(f"%v{index}", index, size))
        bodies[1].append(_recv(f"%r{index}", index, size))
        bodies[1].append(_view(f"%r{index}", f"%w{index}", size))
    bodies[1].append(_output(f"%w{messages - 1}", 0, size))
    return _program(size, list(range(messages)), bodies)


def _type(size: int) -> str:
    return f"tensor<{size // 4}xf32>"


def _view(value: str, result: str, size: int) -> str:
    return (
        f'{result} = torch.call "Tensor.reshape"({value}) {{shape = [{size // 4}]}} : '
        f"({_type(size)}) -> {_type(size)}"
    )


def _send(value: str, channel: int, size: int) -> str:
    return f"task.send {value}, %c{channel} : {_type(size)}"


def _recv(result: str, channel: int, size: int) -> str:
    return f"{result} = task.recv %c{channel} : {_type(size)}"


def _output(value: str, index: int, size: int) -> str:
    return f"task.output {value}, {index} : {_type(size)}"


def _program(size: int, channels: list[int], bodies: list[list[str]], results: int = 1) -> str:
    type = _type(size)
    lines = [f"task.program @measured(%x : {type}) -> ({', '.join([type] * results)}) {{"]
    lines += [f"%c{index} = task.channel : !task.channel<{type}>" for index in channels]
    for index, body in enumerate(bodies):
        lines += [f"task.cluster @cluster_{index} {{", *body, "}"]
    return "\n".join([*lines, "}"])


def _parse(text: str) -> Any:
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    module = Parser(context, text).parse_module()
    module.verify()
    return module

"""How the whole compiler grows: an ONNX model of up to 20,000 operations, from file to package.

python benchmarks/pipeline_scale.py [OPERATIONS …]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from ramiel.backend.package import write_package
from ramiel.driver import Pipeline, find_program, load, passes_of
from ramiel.options import Options
from ramiel.scheduling.simulator import simulate
from ramiel.transforms.clustered_tasks import take_apart

SIZES = (2_000, 5_000, 20_000)
WORKERS = 2
OPERATORS = ("Relu", "Exp", "Tanh", "Neg", "Add", "Mul", "Sub", "Max")


def write_model(operations: int, path: Path) -> None:
    """A model in which each operation reads one or two of the fifty before it."""
    generator = random.Random(0)
    names = ["x"]
    nodes: list[onnx.NodeProto] = []
    for number in range(operations - 1):
        operator = generator.choice(OPERATORS)
        count = 1 if operator in OPERATORS[:4] else 2
        # Always one of the last few, so that little is dead in the end.
        inputs = [
            names[-1 - generator.randrange(min(5 + 45 * i, len(names)))] for i in range(count)
        ]
        names.append(f"v{number}")
        nodes.append(helper.make_node(operator, inputs, [names[-1]], name=f"node{number}"))
    read = {name for node in nodes for name in node.input}
    ends = [name for name in names[1:] if name not in read]
    nodes.append(helper.make_node("Sum", ends, ["y"], name="sum"))
    shape = [64, 256]
    graph = helper.make_graph(
        nodes,
        "scale",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, path)


def compile_all(path: Path, folder: Path) -> list[tuple[str, float]]:
    """Every step of `ramiel compile` by name, with its seconds of one core."""
    steps: list[tuple[str, float]] = []
    began = time.process_time()

    def step(name: str) -> None:
        nonlocal began
        now = time.process_time()
        steps.append((name, now - began))
        began = now

    running = "lift"

    def begin(name: str) -> None:
        nonlocal running
        step(running)
        running = name

    pipeline = Pipeline(load(path), progress=begin)
    cluster = f"cluster{{algorithm=moldable max-clusters={WORKERS}}}"
    # Runs as of `ramiel compile`, and merge-clusters; each verifies what its last pass leaves.
    pipeline.run(passes_of(Options()))
    for name in ("estimate-cost", "clone", cluster, "merge-clusters", "duplicate-tasks"):
        pipeline.run(name)
    step(running)
    program = find_program(pipeline.module)
    write_package(program, folder, None)
    step("print")
    clustered = take_apart(program)
    simulate(clustered.tasks.graph, clustered.clusters)
    step("simulate")
    return steps


def main() -> None:
    """Print the seconds of each step, by size; the sum and the peak of memory."""
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scale.onnx"
            write_model(size, path)
            steps = compile_all(path, Path(folder) / "scale")
        totals: dict[str, float] = {}
        for name, seconds in steps:
            totals[name] = totals.get(name, 0.0) + seconds
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{size} operations: {sum(totals.values()):.1f} s, peak {memory} MiB")
        for name, seconds in totals.items():
            print(f"  {name:22} {seconds:6.1f}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

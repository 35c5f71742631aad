"""The paper's models as small task graphs: writes contracted_models.json, from build/models.

`python tests/unit/scheduling/contraction.py`, after `make test-models` has exported the models.
Then prove the optima again (optimum.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from families import MODELS

from ramiel.driver import load, lower_model, tasks_of
from ramiel.options import Options
from ramiel.scheduling.task_graph import TaskGraph

Pair: TypeAlias = tuple[int, int]
FOLDER = Path(__file__).parents[3] / "build" / "models"
NAMES = (
    *("squeezenet", "googlenet", "inception_v3", "inception_v4", "yolov5s", "retinanet"),
    *("bert_base", "nasnet_mobile", "nasnet_large", "resnet50", "mobilenet_v2"),
)
MOST_TASKS = 50
"""The optimum of more is seldom proven."""


def contracted(graph: TaskGraph) -> TaskGraph:
    """Chains become one task each, then the cheapest neighbours until few enough tasks are left.

    Neighbours join if one is the only reader, or the only source, of the other: so no cycle comes
    to be.  Costs are in µs, at least 1; parallel edges are one that carries the bytes of all.
    """
    costs = dict(enumerate(graph.costs))
    carried = {(source, reader): size for source, reader, size in graph.edges()}
    while found := _next_edge(costs, carried):
        kept, gone = found
        costs[kept] += costs.pop(gone)
        for source, reader in [edge for edge in carried if gone in edge]:
            size = carried.pop((source, reader))
            source, reader = (kept if task == gone else task for task in (source, reader))
            if source != reader:
                carried[source, reader] = carried.get((source, reader), 0) + size
    number = {task: index for index, task in enumerate(costs)}
    edges = [(number[source], number[reader], size) for (source, reader), size in carried.items()]
    return TaskGraph([max(1, cost // 1000) for cost in costs.values()], edges)


def _next_edge(costs: Mapping[int, int], edges: Iterable[Pair]) -> Pair | None:
    """The next two tasks to join, None if there are none or few enough tasks are left."""
    edges = list(edges)
    readers = Counter(source for source, _ in edges)
    sources = Counter(reader for _, reader in edges)
    chains = [edge for edge in edges if readers[edge[0]] == sources[edge[1]] == 1]
    if chains:
        return chains[0]
    if len(costs) <= MOST_TASKS:
        return None
    free = [edge for edge in edges if readers[edge[0]] == 1 or sources[edge[1]] == 1]
    return min(free, key=lambda edge: costs[edge[0]] + costs[edge[1]], default=None)


def static_graph(model: Path) -> TaskGraph:
    """The tasks of a model with static costs."""
    pipeline = lower_model(load(model), Options(cost_model="static"))
    pipeline.run("estimate-cost")
    return tasks_of(pipeline.module).graph


def main() -> None:
    """Write the file."""
    found: dict[str, Any] = {}
    for name in NAMES:
        graph = contracted(static_graph(FOLDER / f"{name}.onnx"))
        found[name] = {"costs": graph.costs, "edges": [list(edge) for edge in graph.edges()]}
        print(name, len(graph), flush=True)
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in found]
    MODELS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The paper's models as small task graphs: writes contracted_models.json, from build/models.

`python tests/unit/scheduling/contraction.py`, after `make test-models` has exported the models.
Then prove the optima again (optimum.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from families import MODELS

from ramiel.driver import Options, load, lower_model, tasks_of
from ramiel.scheduling.task_graph import TaskGraph

FOLDER = Path(__file__).parents[3] / "build" / "models"
NAMES = (
    *("squeezenet", "googlenet", "inception_v3", "inception_v4", "yolov5s", "retinanet"),
    *("bert_base", "nasnet_large", "resnet50", "mobilenet_v2"),
)
MOST_TASKS = 50
"""Of a larger graph the first so many tasks are kept: the optimum of more is seldom proven."""


def contracted(graph: TaskGraph) -> TaskGraph:
    """Chains become one task each: a task that is the only reader of its only predecessor joins it.

    Costs are in µs, at least 1; parallel edges are one that carries the bytes of all.
    """
    home = list(range(len(graph)))
    for task in graph.order:
        if len(graph.predecessors[task]) == 1:
            (source,) = graph.predecessors[task]
            if len(graph.successors[source]) == 1:
                home[task] = home[source]
    kept = sorted(set(home), key=graph.order.index)[:MOST_TASKS]
    number = {task: index for index, task in enumerate(kept)}
    costs = [0] * len(kept)
    for task, cost in enumerate(graph.costs):
        if home[task] in number:
            costs[number[home[task]]] += cost
    edges = [
        (number[home[source]], number[home[reader]], size)
        for source, reader, size in graph.edges()
        if home[source] != home[reader] and {home[source], home[reader]} <= number.keys()
    ]
    return TaskGraph([max(1, cost // 1000) for cost in costs], edges)


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
    MODELS.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

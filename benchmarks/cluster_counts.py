"""Linear clusters before and after merging, beside those of a public re-implementation.

python benchmarks/cluster_counts.py [MODEL...]

Static costs, no limit on the number of workers, no cloning.  The other's graphs are torch.fx's,
ours ONNX's, pruned and lowered.  Models are exported first (tests/models/export.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ramiel.driver import load, lower_model, tasks_of
from ramiel.options import Options
from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.merging import merge_clusters
from ramiel.scheduling.ordering import order_by_priority
from ramiel.scheduling.simulator import simulate
from ramiel.scheduling.task_graph import MessageCost, TaskGraph

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "build" / "models"
KNOWN = {
    "squeezenet": (9, 2),
    "googlenet": (28, 4),
    "resnet50": (5, 2),
    "densenet121": (1, 1),
    "inception_v3": (36, 6),
}
"""Clusters before and after merging in the public re-implementation."""


def task_graph(model: Path) -> TaskGraph:
    """The tasks of a model with static costs."""
    pipeline = lower_model(load(model), Options(cost_model="static"))
    pipeline.run("estimate-cost")
    return tasks_of(pipeline.module).graph


def most_at_once(graph: TaskGraph, clusters: list[list[int]], message: MessageCost) -> int:
    """The most workers that are busy at the same time in the simulation: no fewer will do."""
    timeline = simulate(graph, clusters, message)
    running = {task for task in range(len(graph)) if timeline.end[task] > timeline.start[task]}
    # Ends before starts, so that what follows at once is not counted beside it.
    changes = [(timeline.start[task], 1) for task in running]
    changes += [(timeline.end[task], -1) for task in running]
    busy = most = 0
    for _, change in sorted(changes):
        busy += change
        most = max(most, busy)
    return most


def joined_by_distance(graph: TaskGraph, clusters: list[list[int]]) -> int:
    """How many are left if clusters join whose spans of distances to the end do not overlap.

    A span begins at the first task's distance and ends where the last task does.  Nothing is
    simulated: every branch of a module counts as busy right before the module's end, however
    early it could be done.
    """
    distance = distances_to_end(graph)
    spans = [(-distance[c[0]], graph.costs[c[-1]] - distance[c[-1]]) for c in clusters]
    ends: list[int] = []  # of the workers, whose number is the least for such spans
    for start, end in sorted(spans):
        free = next((i for i, last in enumerate(ends) if last <= start), None)
        if free is None:
            ends.append(end)
        else:
            ends[free] = end
    return len(ends)


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--folder", type=Path, default=MODELS, help="where the .onnx files are")
    arguments = parser.parse_args()
    names: list[str] = arguments.models or list(KNOWN)
    if missing := [name for name in names if not (arguments.folder / f"{name}.onnx").exists()]:
        export = ROOT / "tests" / "models" / "export.py"
        subprocess.run([sys.executable, str(export), *missing], check=True)
    print("| model | tasks | clusters | merged | busy at once | by distance | re-implementation |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    message = MessageCost()
    for name in names:
        graph = task_graph(arguments.folder / f"{name}.onnx")
        clusters = order_by_priority(graph, linear_clusters(graph), message)
        merged = merge_clusters(graph, clusters, message)
        most = most_at_once(graph, merged, message)
        before, after = KNOWN.get(name, ("?", "?"))
        distant = joined_by_distance(graph, clusters)
        ours = f"{len(graph)} | {len(clusters)} | {len(merged)} | {most} | {distant}"
        print(f"| {name} | {ours} | {before} → {after} |", flush=True)


if __name__ == "__main__":
    main()

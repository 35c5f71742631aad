"""Linear clusters before and after merging, beside those of a public re-implementation.

python benchmarks/cluster_counts.py [MODEL...]

Static costs, no limit on the number of workers, no cloning.  The other's graphs are torch.fx's,
ours ONNX's, pruned and lowered.  Models are exported first (tests/models/export.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from itertools import combinations
from pathlib import Path

from ramiel.driver import Options, load, lower_model, tasks_of
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


def joined_pair_by_pair(
    graph: TaskGraph, clusters: list[list[int]], message: MessageCost
) -> list[list[int]]:
    """The plain way to merge: the first two clusters whose spans do not overlap, again and again.

    Spans have each task as early as it can start.
    """
    while True:
        spans = simulate(graph, clusters, message).spans
        pairs = combinations(sorted(range(len(clusters)), key=spans.__getitem__), 2)
        found = next(((i, j) for i, j in pairs if spans[i][1] <= spans[j][0]), None)
        if found is None:
            return clusters
        joined = [task for index in found for task in clusters[index]]
        clusters = [*(c for index, c in enumerate(clusters) if index not in found), joined]


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
    print("| model | tasks | clusters | merged | busy at once | pair by pair | re-implementation |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    message = MessageCost()
    for name in names:
        graph = task_graph(arguments.folder / f"{name}.onnx")
        clusters = order_by_priority(graph, linear_clusters(graph), message)
        merged = merge_clusters(graph, clusters, message)
        most = most_at_once(graph, merged, message)
        before, after = KNOWN.get(name, ("?", "?"))
        pairwise = len(joined_pair_by_pair(graph, clusters, message))
        ours = f"{len(graph)} | {len(clusters)} | {len(merged)} | {most} | {pairwise}"
        print(f"| {name} | {ours} | {before} → {after} |", flush=True)


if __name__ == "__main__":
    main()

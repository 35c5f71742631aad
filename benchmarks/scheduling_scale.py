"""How scheduling grows: graphs of 3,000 to 100,000 tasks, each with two inputs.

python benchmarks/scheduling_scale.py [--plot FILE.svg]
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import defaultdict
from pathlib import Path

from ramiel.scheduling.algorithms import NAMES, schedule_widths
from ramiel.scheduling.report import report_schedule
from ramiel.scheduling.task_graph import Edge, MessageCost, TaskGraph

SIZES = (3_000, 10_000, 30_000, 100_000)
WORKERS = 8


def random_graph(tasks: int) -> TaskGraph:
    """Each task reads two of the hundred before it; costs from 1 to 200 µs."""
    generator = random.Random(0)
    edges: list[Edge] = []
    for task in range(1, tasks):
        near = range(max(0, task - 100), task)
        sources = generator.sample(near, min(2, len(near)))
        edges += [(source, task, generator.randrange(1000)) for source in sources]
    return TaskGraph([generator.randrange(1_000, 200_000) for _ in range(tasks)], edges)


def main() -> None:
    """Print seconds, memory and gap by size and algorithm, and draw the seconds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--plot", type=Path, help="an SVG file with the seconds over the tasks")
    arguments = parser.parse_args()
    taken: defaultdict[str, dict[int, float]] = defaultdict(dict)
    print(f"{'tasks':>7}  {'algorithm':10} {'seconds':>7}  {'gap':>6}  {'peak MiB':>8}")
    for size in SIZES:
        started = time.process_time()
        graph = random_graph(size)
        print(f"{size:7}  {'(graph)':10} {time.process_time() - started:7.1f}")
        for name in NAMES:
            started = time.process_time()
            clusters, widths = schedule_widths(name, graph, MessageCost(), WORKERS)
            report = report_schedule(graph, clusters, MessageCost(), WORKERS, widths=widths)
            seconds = taken[name][size] = time.process_time() - started
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            gap = f"{report.gap_percent:.1f} %"
            print(f"{size:7}  {name:10} {seconds:7.1f}  {gap:>6}  {memory:8}", flush=True)
    if arguments.plot is not None:
        from scale_plot import plot

        plot(taken, arguments.plot)


if __name__ == "__main__":
    main()

"""Families of task graphs as they are usual in the scheduling literature, with fixed seeds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import networkx as nx

from ramiel.scheduling.task_graph import MessageCost, TaskGraph

Pairs = list[tuple[int, int]]
MODELS = Path(__file__).with_name("contracted_models.json")
"""The paper's models with static costs in µs, chains contracted: by name, costs and edges."""


def chains(generator: random.Random) -> tuple[int, Pairs]:
    """Four chains that do not know of each other."""
    lengths = [generator.randrange(3, 8) for _ in range(4)]
    pairs: Pairs = []
    first = 0
    for length in lengths:
        pairs += [(task, task + 1) for task in range(first, first + length - 1)]
        first += length
    return first, pairs


def fork_join(generator: random.Random) -> tuple[int, Pairs]:
    """Four modules one after the other, each with two to five branches."""
    pairs: Pairs = []
    fork = 0
    for _ in range(4):
        branches = range(fork + 1, fork + 1 + generator.randrange(2, 6))
        join = branches.stop
        pairs += [(fork, task) for task in branches] + [(task, join) for task in branches]
        fork = join
    return fork + 1, pairs


def trees(generator: random.Random) -> tuple[int, Pairs]:
    """Each task but the first has one parent; every other tree runs towards its root."""
    size = 20
    pairs = [(generator.randrange(max(0, task - 6), task), task) for task in range(1, size)]
    if generator.random() < 0.5:
        pairs = [(size - 1 - child, size - 1 - parent) for parent, child in pairs]
    return size, pairs


def layered(generator: random.Random) -> tuple[int, Pairs]:
    """Six layers of four tasks, each of which reads one or two of the layer before."""
    width = 4
    pairs = [
        (layer * width + source, (layer + 1) * width + task)
        for layer in range(5)
        for task in range(width)
        for source in generator.sample(range(width), generator.randrange(1, 3))
    ]
    return 6 * width, pairs


def series_parallel(generator: random.Random) -> tuple[int, Pairs]:
    """An edge, in which edges are replaced by two in series or doubled, with a task between."""
    edges: Pairs = [(0, 1)]
    size = 2
    while size < 20:
        source, target = edges.pop(generator.randrange(len(edges)))
        edges += [(source, size), (size, target)]
        if generator.random() < 0.6:
            edges += [(source, size + 1), (size + 1, target)]
            size += 1
        size += 1
    return size, edges


def watts_strogatz(generator: random.Random) -> tuple[int, Pairs]:
    """Small worlds, as Xie et al. (ICCV 2019) wire networks: edges run to the larger number."""
    seed = generator.randrange(1 << 30)
    graph = cast("nx.Graph[int]", nx.connected_watts_strogatz_graph(20, 4, 0.5, seed=seed))  # pyright: ignore[reportUnknownVariableType]
    return 20, [(min(pair), max(pair)) for pair in cast("Pairs", list(graph.edges))]


SHAPES: dict[str, Callable[[random.Random], tuple[int, Pairs]]] = {
    "chains": chains,
    "fork-join": fork_join,
    "trees": trees,
    "layered": layered,
    "series-parallel": series_parallel,
    "Watts-Strogatz": watts_strogatz,
}
SEEDS = 3


@dataclass(frozen=True)
class Instance:
    """A graph, the price of messages in it, and how many workers there are."""

    name: str
    family: str
    graph: TaskGraph
    message: MessageCost
    workers: int


def instances() -> Iterator[Instance]:
    """Every family, with P of 2 and 4 and communication to computation of 0.1, 1 and 5."""
    for family, graphs in _graphs().items():
        for label, graph in graphs:
            carried = [size for sizes in graph.sent_bytes for size in sizes]
            mean_cost = sum(graph.costs) / len(graph)
            mean_bytes = sum(carried) / max(1, len(carried))
            for workers in (2, 4):
                for ratio in (0.1, 1, 5):
                    message = MessageCost(0, ratio * mean_cost / mean_bytes)
                    name = f"{family} {label}, P={workers}, CCR={ratio:g}"
                    yield Instance(name, family, graph, message, workers)


def _graphs() -> dict[str, list[tuple[str, TaskGraph]]]:
    found: dict[str, list[tuple[str, TaskGraph]]] = {}
    for family, shape in SHAPES.items():
        for seed in range(SEEDS):
            generator = random.Random(seed)
            size, pairs = shape(generator)
            costs = [generator.randrange(10, 100) for _ in range(size)]
            edges = [(first, then, generator.randrange(10, 100)) for first, then in pairs]
            found.setdefault(family, []).append((str(seed), TaskGraph(costs, edges)))
    models = json.loads(MODELS.read_text())
    found["models"] = [
        (name, TaskGraph(model["costs"], [tuple(edge) for edge in model["edges"]]))
        for name, model in models.items()
    ]
    return found

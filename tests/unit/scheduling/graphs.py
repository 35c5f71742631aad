"""Task graphs for the tests: a hypothesis strategy, and large ones of a fixed seed."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from ramiel.scheduling.task_graph import Edge, MessageCost, TaskGraph


@st.composite
def task_graphs(draw: st.DrawFn, max_tasks: int = 14) -> TaskGraph:
    """Graphs of any shape, with tasks that cost nothing, in a numbering that is not topological."""
    size = draw(st.integers(0, max_tasks))
    costs = draw(st.lists(st.integers(0, 20), min_size=size, max_size=size))
    pairs = [(first, then) for then in range(size) for first in range(then)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    carried = draw(st.lists(st.integers(0, 50), min_size=len(chosen), max_size=len(chosen)))
    names = draw(st.permutations(range(size)))
    edges: list[Edge] = [
        (names[first], names[then], size)
        for (first, then), size in zip(chosen, carried, strict=True)
    ]
    return TaskGraph(costs, edges)


def messages() -> st.SearchStrategy[MessageCost]:
    """Message costs from nothing to more than any task."""
    return st.builds(MessageCost, st.integers(0, 40), st.sampled_from([0.0, 0.5, 2.0]))


def random_graph(tasks: int, seed: int = 0, reach: int = 100) -> TaskGraph:
    """A long graph in which each task reads about two of those shortly before it."""
    generator = random.Random(seed)
    edges = [
        (max(0, task - 1 - generator.randrange(reach)), task, generator.randrange(1000))
        for task in range(1, tasks)
        for _ in range(2)
    ]
    return TaskGraph([generator.randrange(1_000, 200_000) for _ in range(tasks)], edges)


def inception(modules: int) -> TaskGraph:
    """Modules of four branches between a fork and a join; the first branch is the dearest."""
    costs: list[int] = [1]
    edges: list[Edge] = []
    for _ in range(modules):
        fork = len(costs) - 1
        costs += [40, 30, 20, 10, 1]
        join = len(costs) - 1
        for branch in range(fork + 1, join):
            edges += [(fork, branch, 0), (branch, join, 0)]
    return TaskGraph(costs, edges)

"""The clustering algorithms by name: what `cluster{algorithm=…}` chooses from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ramiel.scheduling.linear_clustering import linear_clusters
from ramiel.scheduling.task_graph import Clusters, TaskGraph

Algorithm: TypeAlias = Callable[[TaskGraph], Clusters]
"""Puts each task into one cluster; the order inside the clusters is chosen afterwards."""

ALGORITHMS: dict[str, Algorithm] = {"linear": linear_clusters}


def find_algorithm(name: str) -> Algorithm:
    """The algorithm of a name.  Raises ValueError that lists the names there are."""
    if name not in ALGORITHMS:
        raise ValueError(f"there is no algorithm {name!r}, only {', '.join(sorted(ALGORITHMS))}")
    return ALGORITHMS[name]

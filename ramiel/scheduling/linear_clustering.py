"""Linear clustering: the critical path becomes a cluster, then that of what is left, and so on.

Das and Rauchwerger, "Automatic Task Parallelization of Dataflow Graphs in ML/DL models"
(arXiv 2308.11192), after Kim and Browne's linear clustering (ICPP 1988).
"""

from __future__ import annotations

from ramiel.scheduling.critical_path import distances_to_end
from ramiel.scheduling.task_graph import Clusters, TaskGraph


def linear_clusters(graph: TaskGraph) -> Clusters:
    """Clusters, each a path of the graph, in the order in which they were found.

    Distances to the end are computed once, on the whole graph.  A cluster starts at the task that
    is left with the largest distance and goes on to the successor that is left with the largest
    distance, until there is none; among equals the smallest number wins.  So a task is weighed by
    how urgent it is, also where what follows it already has a cluster.  O(tasks · log + edges).
    """
    distance = distances_to_end(graph)
    taken = [False] * len(graph)
    clusters: Clusters = []
    for start in sorted(range(len(graph)), key=lambda task: (-distance[task], task)):
        if taken[start]:
            continue
        cluster: list[int] = []
        task: int | None = start
        while task is not None:
            taken[task] = True
            cluster.append(task)
            left = [reader for reader in graph.successors[task] if not taken[reader]]
            task = max(left, key=lambda reader: (distance[reader], -reader), default=None)
        clusters.append(cluster)
    return clusters


def keep_together(clusters: Clusters, group: list[int]) -> Clusters:
    """The clusters with all tasks of a group moved into the cluster of its first task.

    The order inside that cluster is the group's at the end: order the result again.
    """
    if not group:
        return clusters
    members = set(group)
    home = next(index for index, tasks in enumerate(clusters) if group[0] in tasks)
    moved = [[task for task in tasks if task not in members] for tasks in clusters]
    moved[home] += group
    return [tasks for tasks in moved if tasks]

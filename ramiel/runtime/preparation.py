"""What executors have made ready of a cluster: weights as its kernels want them, and recordings."""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Mapping
from typing import Any

import torch
from torch import Tensor

from .channels import Channels
from .onednn import onednn
from .program import Cluster
from .recorded_cluster import RecordedCluster
from .weights import Weights


class Preparation:
    """What an executor's clusters have made of the weights.

    The layout may depend on the number of threads inside an operator, so each cluster prepares its
    own, where it runs.  A model with prepared weights is for inference: they never change.
    """

    def __init__(self) -> None:
        self._made: dict[str, Weights] = {}
        self.recorded: dict[str, RecordedCluster] = {}
        """By the cluster's name."""
        self.renew_locks()

    def renew_locks(self) -> None:
        """In a forked child: another thread of the parent's may have held one."""
        self._lock, self._turn = threading.Lock(), threading.Lock()
        for recorded in self.recorded.values():
            recorded.renew_locks(self._turn)

    def forget_recordings(self) -> None:
        """Give back their memory; calls that run keep theirs."""
        self.recorded.clear()

    def started(
        self, cluster: Cluster, inputs: Mapping[str, Tensor], w: Weights, channels: Channels
    ) -> Coroutine[Any, Any, dict[str, Tensor]]:
        """A cluster's part of a call, which has not begun to run."""
        weights = self.weights_of(cluster, w)
        arguments = [inputs[name] for name in cluster.reads]
        if not cluster.recorded or cluster.prepare is None or onednn() is None:
            return cluster.function(*arguments, weights, channels)
        recorded = self.recorded.get(cluster.name)
        if recorded is None:
            made = RecordedCluster(cluster, weights, self._turn)
            recorded = self.recorded.setdefault(cluster.name, made)
        return recorded(arguments, channels)

    def weights_of(self, cluster: Cluster, w: Weights) -> Weights:
        """The weights that the cluster reads."""
        if cluster.prepare is None:
            return w
        made = self._made.get(cluster.name)
        if made is None:
            with self._lock, torch.inference_mode(False), torch.no_grad():
                made = Weights({**w, **cluster.prepare(w)})
                self._made[cluster.name] = made
        return made

"""Weights as a cluster's kernels want them: made once, in the thread that runs the cluster."""

from __future__ import annotations

import threading

import torch

from .program import Cluster
from .weights import Weights


class Preparation:
    """What an executor's clusters have made of the weights.

    The layout may depend on the number of threads inside an operator, so each cluster prepares its
    own, where it runs.  A model with prepared weights is for inference: they never change.
    """

    def __init__(self) -> None:
        self._made: dict[str, Weights] = {}
        self._lock = threading.Lock()

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

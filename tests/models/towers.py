"""A recommender with towers of unequal depth: several inputs, several outputs, a GRU, experts."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

WIDTH = 64
EXPERTS = 4
TASKS = 3
USER, ITEM, CONTEXT, EVENT = 48, 32, 16, 24
"""Features of a user, an item, a context, and one event of the user's history."""


def layers(*widths: int) -> nn.Sequential:
    """Linear, BatchNorm and PReLU from each width to the next."""
    pairs = pairwise(widths)
    return nn.Sequential(
        *(nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.PReLU()) for a, b in pairs)
    )


class Towers(nn.Module):
    """Four towers, two cross layers (Wang et al., "Deep & Cross Network", 2017), and experts that
    three tasks mix (Ma et al., "Modeling Task Relationships in Multi-task Learning", KDD 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self.user = layers(USER, 256, 256, 128, WIDTH)
        self.item = layers(ITEM, 256, WIDTH)
        self.context = layers(CONTEXT, 128, 128, 128, 128, WIDTH)
        self.history = nn.GRU(EVENT, WIDTH, batch_first=True)
        joined = 4 * WIDTH
        self.cross = nn.ModuleList(nn.Linear(joined, joined) for _ in range(2))
        self.experts = nn.ModuleList(layers(joined, 256, 128) for _ in range(EXPERTS))
        self.gates = nn.ModuleList(nn.Linear(joined, EXPERTS) for _ in range(TASKS))
        self.heads = nn.ModuleList(
            nn.Sequential(layers(128, 64), nn.Linear(64, 1)) for _ in range(TASKS)
        )

    def forward(self, user: Tensor, item: Tensor, context: Tensor, history: Tensor):
        """[batch, features] each, history [batch, events, features], to one [batch, 1] per task."""
        _, last = self.history(history)
        joined = torch.cat([self.user(user), self.item(item), self.context(context), last[0]], 1)
        crossed = joined
        for layer in self.cross:
            crossed = joined * layer(crossed) + crossed
        opinions = torch.stack([expert(crossed) for expert in self.experts], 1)
        chances: list[Tensor] = []
        for gate, head in zip(self.gates, self.heads, strict=True):
            shares = gate(crossed).softmax(-1).unsqueeze(-1)
            chances.append(torch.sigmoid(head((shares * opinions).sum(1))))
        return tuple(chances)


def example(batch: int) -> tuple[Tensor, ...]:
    """Random inputs."""
    features = [torch.randn(batch, width) for width in (USER, ITEM, CONTEXT)]
    return (*features, torch.randn(batch, 20, EVENT))

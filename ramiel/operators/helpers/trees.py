"""Ensembles of decision trees (ai.onnx.ml)."""

from __future__ import annotations

import operator

import torch

COMPARISONS = (
    operator.le,
    operator.lt,
    operator.ge,
    operator.gt,
    operator.eq,
    operator.ne,
)
"""By the numbers that ONNX gives them: ≤ < ≥ > = ≠."""


def find_leaves(
    x: torch.Tensor,
    features: torch.Tensor,
    splits: torch.Tensor,
    modes: torch.Tensor,
    children: torch.Tensor,
    missing: torch.Tensor,
    roots: torch.Tensor,
    depth: int,
) -> torch.Tensor:
    """The node, [rows, trees], at which each row of x ends in each tree.

    `children` is [2, nodes], where the comparison is false and where it is true; leaves are their
    own children.  `missing`: whether a feature that is NaN counts as true.
    """
    node = roots.expand(x.shape[0], -1)
    for _ in range(depth):
        value, split, mode = x.gather(1, features[node]), splits[node], modes[node]
        true = missing[node] & value.isnan()
        for number, compare in enumerate(COMPARISONS):
            true |= (mode == number) & compare(value, split)
        node = torch.where(true, children[1][node], children[0][node])
    return node


def aggregate_leaves(
    leaves: torch.Tensor, weights: torch.Tensor, function: str = "SUM"
) -> torch.Tensor:
    """The weights, [nodes, targets], of the leaves of each row, over all trees."""
    found = weights[leaves]
    match function:
        case "AVERAGE":
            return found.mean(1)
        case "MIN":
            return found.amin(1)
        case "MAX":
            return found.amax(1)
        case _:
            return found.sum(1)

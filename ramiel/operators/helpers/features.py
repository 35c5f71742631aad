"""Rows of features, and scores of classes (ai.onnx.ml)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F


def normalize_rows(x: torch.Tensor, norm: str = "MAX") -> torch.Tensor:
    """Each row of x, or x itself if it is a vector, divided by a norm (ONNX Normalizer-1)."""
    match norm:
        case "MAX":
            size = x.abs().amax(-1, keepdim=True)
        case "L1":
            size = x.abs().sum(-1, keepdim=True)
        case _:
            size = x.square().sum(-1, keepdim=True).sqrt()
    return x / size.clamp(min=1e-30)


def join_features(*inputs: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Matrices, or columns, side by side, each cut or filled with zeros to its size.

    The result is float32 (ONNX FeatureVectorizer-1).
    """
    matrices = [x.float()[:, None] if x.ndim == 1 else x.float() for x in inputs]
    fitted = [
        F.pad(x, (0, size - x.shape[1]))
        for x, size in zip(matrices, sizes, strict=True)
    ]
    return torch.cat(fitted, dim=1)


def transform_scores(scores: torch.Tensor, transform: str) -> torch.Tensor:
    """SOFTMAX_ZERO: softmax in which a score of 0 stays 0.  PROBIT: the normal quantile.

    The quantile is Winitzki's approximation, which ONNX's evaluators use.
    """
    if transform == "SOFTMAX_ZERO":
        top = scores.amax(1, keepdim=True)
        nearly_zero = scores.abs() <= 1e-7
        powers = torch.where(
            nearly_zero, scores * torch.exp(-top), torch.exp(scores - top)
        )
        total = powers.sum(1, keepdim=True)
        return torch.where(total == 0, 0.5, powers / total)
    centred = 2 * scores - 1
    log = torch.log((1 - centred) * (1 + centred))
    half = 2 / (math.pi * 0.147) + 0.5 * log
    root = torch.sqrt(torch.sqrt(half * half - log / 0.147) - half)
    return 1.41421356 * torch.where(centred < 0, -root, root)


def name_classes(scores: torch.Tensor, names: Sequence[str]) -> Any:
    """The name of the class that has the largest score, for each row."""
    return np.array(names, dtype=object)[scores.argmax(1).numpy()]

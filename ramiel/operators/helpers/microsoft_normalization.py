"""Normalizations of ONNX Runtime that PyTorch's functions do not have."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import torch
import torch.nn.functional as F


def simplified_layer_norm(
    x: torch.Tensor, scale: torch.Tensor, axis: int = -1, eps: float = 1e-05
) -> tuple[torch.Tensor, torch.Tensor]:
    """x over the root of its mean square from the axis on, scaled, and the inverse of that root.

    ONNX Runtime's SimplifiedLayerNormalization, computed in float32 for 16-bit floats.
    """
    wide = x if x.dtype == torch.float64 else x.float()
    dims = tuple(range(axis % x.dim(), x.dim()))
    inverse = torch.rsqrt(wide.square().mean(dims, keepdim=True) + eps)
    return (wide * inverse * scale).to(scale.dtype), inverse


def embed_layer_norm(
    input_ids: torch.Tensor,
    word_embedding: torch.Tensor,
    position_embedding: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    segment_ids: torch.Tensor | None = None,
    segment_embedding: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    position_ids: torch.Tensor | None = None,
    eps: float = 1e-12,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX Runtime's EmbedLayerNormalization of input_ids (B, L).

    Gives y (B, L, H), how many positions of each sequence the mask shows (B,), and the sum of the
    embeddings (B, L, H).
    """
    if position_ids is None:
        position_ids = torch.arange(input_ids.shape[1], device=input_ids.device)
    total = word_embedding[input_ids.long()] + position_embedding[position_ids.long()]
    if segment_ids is not None and segment_embedding is not None:
        total = total + segment_embedding[segment_ids.long()]
    y = F.layer_norm(total, gamma.shape, gamma, beta, eps)
    counts = (torch.zeros_like(input_ids) if mask is None else mask == 1).sum(1)
    return y, counts.to(torch.int32), total

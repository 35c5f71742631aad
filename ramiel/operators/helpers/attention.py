"""Attention in the forms that F.scaled_dot_product_attention does not have."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def visible_keys(
    queries: int,
    keys: int,
    offset: torch.Tensor,
    is_causal: bool,
    left_window: int,
    right_window: int,
) -> torch.Tensor:
    """Which keys each query may see by position alone: bool (B or 1, 1, queries, keys).

    Query i stands at offset + i; a window of -1 has no bound.
    """
    places = torch.arange(keys, device=offset.device)
    ahead = places - torch.arange(queries, device=offset.device)[:, None]
    ahead = ahead - offset.reshape(-1, 1, 1, 1)
    visible = torch.ones_like(ahead, dtype=torch.bool)
    if is_causal:
        visible = visible & (ahead <= 0)
    if left_window >= 0:
        visible = visible & (-ahead <= left_window)
    if right_window >= 0:
        visible = visible & (ahead <= right_window)
    return visible


def softmax_in_steps(x: torch.Tensor, dim: int) -> torch.Tensor:
    """ONNX Softmax, each step rounded to the dtype of x, as its function body has it.

    torch.softmax rounds once, which in float16 differs in the last bits of every other element.
    """
    if x.numel() == 0:
        return x
    exponentials = torch.exp(x - x.amax(dim, keepdim=True))
    return exponentials / exponentials.sum(dim, keepdim=True)


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    past_key: torch.Tensor | None = None,
    past_value: torch.Tensor | None = None,
    key_lengths: torch.Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_dtype: torch.dtype | None = None,
    left_window: int = -1,
    right_window: int = -1,
    scores_mode: int = 0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX Attention of query (B, Hq, L, E), key (B, H, S, E), value (B, H, S, V).

    Gives y (B, Hq, L, V), the keys and values with their past, and the scores (B, Hq, L, S):
    raw (`scores_mode` 0), after softcap (1), with the mask (2) or after softmax (3).
    """
    offset = torch.zeros(1, dtype=torch.int64, device=query.device)
    if past_key is not None and past_value is not None:
        offset = offset + past_key.shape[2]
        key = torch.cat([past_key, key], dim=2)
        value = torch.cat([past_value, value], dim=2)
    elif key_lengths is not None:
        offset = key_lengths - query.shape[2]
    repeats = query.shape[1] // key.shape[1]
    keys, values = (x.repeat_interleave(repeats, dim=1) for x in (key, value))
    # The scale is split between both sides, which matters in 16 bits.
    root = math.sqrt(1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    root = torch.tensor(root, dtype=query.dtype).item()
    raw = (query * root) @ (keys * root).mT
    capped = torch.tanh(raw / softcap) * softcap if softcap > 0 else raw
    allowed = visible_keys(
        query.shape[2], keys.shape[2], offset, is_causal, left_window, right_window
    )
    if key_lengths is not None:
        places = torch.arange(keys.shape[2], device=query.device)
        allowed = allowed & (places < key_lengths.reshape(-1, 1, 1, 1))
    masked = capped
    if mask is not None:
        missing = keys.shape[2] - mask.shape[-1]
        if mask.dtype == torch.bool:
            allowed = allowed & F.pad(mask, (0, missing), value=False)
        else:
            masked = masked + F.pad(mask, (0, missing), value=-torch.inf)
    masked = masked.masked_fill(~allowed, -torch.inf)
    logits = masked.to(softmax_dtype or masked.dtype)
    weights = (
        softmax_in_steps(logits, -1) if logits.itemsize < 4 else logits.softmax(-1)
    )
    weights = weights.to(query.dtype)
    # A query that sees no key gets zeros.
    weights = weights.masked_fill((masked == -torch.inf).all(-1, keepdim=True), 0)
    scores = (raw, capped, masked, weights)[scores_mode]
    return weights @ values, key, value, scores


def rotary_embedding(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor | None = None,
    rotary_dim: int = 0,
    interleaved: bool = False,
) -> torch.Tensor:
    """ONNX RotaryEmbedding (arXiv 2104.09864) of x (B, H, L, E), the first rotary_dim of E.

    cos and sin are (positions, rotary_dim / 2), or (B, L, rotary_dim / 2) without `positions`.
    """
    if positions is not None:
        cos, sin = cos[positions], sin[positions]
    cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
    width = rotary_dim or x.shape[-1]
    rotated, rest = x[..., :width], x[..., width:]
    if interleaved:
        first, second = rotated[..., 0::2], rotated[..., 1::2]
    else:
        first, second = rotated.chunk(2, dim=-1)
    real = cos * first - sin * second
    imaginary = sin * first + cos * second
    if interleaved:
        rotated = torch.stack([real, imaginary], dim=-1).flatten(-2)
    else:
        rotated = torch.cat([real, imaginary], dim=-1)
    return torch.cat([rotated, rest], dim=-1)


def causal_conv_with_state(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    past_state: torch.Tensor | None = None,
    silu: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX CausalConvWithState: x (B, C, L), weight (C, 1, k), past_state (B, C, k - 1).

    Gives y (B, C, L) and the last k - 1 positions.
    """
    reach = weight.shape[-1] - 1
    if past_state is None:
        past_state = x.new_zeros(x.shape[0], x.shape[1], reach)
    whole = torch.cat([past_state, x], dim=-1)
    y = F.conv1d(whole, weight, bias, groups=x.shape[1])
    return F.silu(y) if silu else y, whole[..., whole.shape[-1] - reach :]


def linear_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    past_state: torch.Tensor | None = None,
    decay: torch.Tensor | None = None,
    beta: torch.Tensor | None = None,
    *,
    query_heads: int,
    key_heads: int,
    scale: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """ONNX LinearAttention: query (B, T, Hq·K), key (B, T, H·K), value (B, T, H·V).

    With decay the state fades (gated), with beta it is corrected (delta).  Gives the output
    (B, T, Hq·V) and the state (B, H, K, V); computed in float32.
    """
    q = query.unflatten(2, (query_heads, -1)).float()
    k, v = (x.unflatten(2, (key_heads, -1)).float() for x in (key, value))
    batch, steps, _, width = q.shape
    fade = None if decay is None else decay.unflatten(2, (key_heads, -1)).float().exp()
    if past_state is None:
        state = q.new_zeros(batch, key_heads, width, v.shape[-1])
    else:
        state = past_state.float()
    factor = scale or 1 / math.sqrt(width)
    outputs: list[torch.Tensor] = []
    for t in range(steps):
        if fade is not None:
            state = state * fade[:, t, :, :, None]
        new = v[:, t]
        if beta is not None:
            seen = (k[:, t, :, None] @ state).squeeze(2)
            new = beta[:, t, :, None].float() * (new - seen)
        state = state + k[:, t, :, :, None] * new[:, :, None]
        read = state.repeat_interleave(query_heads // key_heads, dim=1)
        outputs.append(factor * (q[:, t, :, None] @ read).squeeze(2))
    output = torch.stack(outputs, dim=1).flatten(2).to(query.dtype)
    return output, state.to(query.dtype if past_state is None else past_state.dtype)

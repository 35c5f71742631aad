"""Attention of ONNX Runtime: masks of every form, and caches."""

# torch leaves some of its results untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import torch


def key_mask(mask: torch.Tensor, batch: int, keys: int) -> torch.Tensor | None:
    """Which keys may be seen, as bool that broadcasts against (B, N, L, S).

    `mask` is (B,) lengths, (2B,) ends and then starts, or numbers above 0 for what may be seen:
    (B, S) or (B, L, S).  None if it hides nothing: (B, 1) stands for no mask.
    """
    places = torch.arange(keys, device=mask.device)
    if mask.dim() == 1:
        visible = places < mask[:batch, None]
        if mask.shape[0] == 2 * batch:
            visible = visible & (places >= mask[batch:, None])
        return visible[:, None, None]
    if mask.dim() == 3:
        return (mask > 0).unsqueeze(1)
    if mask.shape[1] == 1 and keys > 1:
        return None
    return (mask > 0)[:, None, None]


def masked_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    past_key: torch.Tensor | None = None,
    past_value: torch.Tensor | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    mask_value: float = -10000.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Attention of query (B, N, L, E) to key (B, N, S, E) and value (B, N, S, V), with their past.

    What the mask hides gets mask_value added to its score, and so stays visible where all is
    hidden.  Gives y (B, N, L, V), and keys and values with the past.
    """
    before = 0
    if past_key is not None and past_value is not None:
        before = past_key.shape[2]
        key = torch.cat([past_key, key], dim=2)
        value = torch.cat([past_value, value], dim=2)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.mT * factor
    added = torch.zeros((), dtype=scores.dtype, device=scores.device)
    visible = None if mask is None else key_mask(mask, query.shape[0], key.shape[2])
    if visible is not None:
        added = torch.where(visible, added, mask_value)
    if is_causal:
        reach = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device)
        # The last query sees all keys, also where there are more keys than queries.
        is_last = (
            torch.arange(query.shape[2], device=scores.device) == query.shape[2] - 1
        )
        seen = reach.tril(before) | is_last[:, None]
        added = torch.where(seen, added, torch.finfo(scores.dtype).min)
    scores = scores + added
    if bias is not None:
        scores = scores + bias
    return torch.softmax(scores, dim=-1) @ value, key, value


def rotate(
    x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, interleaved: bool
) -> torch.Tensor:
    """The first 2R of the last dimension of x (B, N, L, E) rotated by angles (B or 1, L, R)."""
    cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
    width = 2 * cos.shape[-1]
    turned, rest = x[..., :width], x[..., width:]
    if interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned.chunk(2, dim=-1)
    pair = [first * cos - second * sin, first * sin + second * cos]
    turned = (
        torch.stack(pair, dim=-1).flatten(-2)
        if interleaved
        else torch.cat(pair, dim=-1)
    )
    return torch.cat([turned, rest], dim=-1)


def rotate_positions(
    x: torch.Tensor,
    positions: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    rotary_dim: int = 0,
    interleaved: bool = False,
) -> torch.Tensor:
    """ONNX Runtime's RotaryEmbedding of x (B, N, L, E).

    cos and sin are (positions, R); `positions` is (B, L), or (1,) for the first of a sequence.
    """
    if positions.dim() == 1:
        positions = (positions + torch.arange(x.shape[2], device=x.device)).unsqueeze(0)
    half = rotary_dim // 2 or cos.shape[1]
    return rotate(x, cos[positions, :half], sin[positions, :half], interleaved)


def extend_cache(
    past: torch.Tensor | None, new: torch.Tensor, starts: torch.Tensor, length: int
) -> torch.Tensor:
    """The cache (B, G, length, E) with `new` (B, G, L, E) from each sequence's start on."""
    batch, groups, count, width = new.shape
    cache = new.new_zeros(batch, groups, length, width)
    if past is not None:
        cache[:, :, : past.shape[2]] = past
        kept = torch.arange(length, device=new.device) < starts[:, None]
        cache = cache * kept[:, None, :, None]
    places = starts[:, None] + torch.arange(count, device=new.device)
    index = places[:, None, :, None].expand_as(new)
    return cache.scatter(2, index, new)


def group_query_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    last_keys: torch.Tensor,
    total_length: torch.Tensor,
    past_key: torch.Tensor | None = None,
    past_value: torch.Tensor | None = None,
    cos: torch.Tensor | None = None,
    sin: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    sink: torch.Tensor | None = None,
    *,
    scale: float | None = None,
    softcap: float = 0.0,
    window: int = -1,
    interleaved: bool = False,
    smooth: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX Runtime's GroupQueryAttention of query (B, N, L, E), key and value (B, G, L, E).

    `last_keys` (B,) is the place of each sequence's last key, `total_length` the longest length
    with the past.  Gives y (B, N, L, E) and the caches (B, G, S, E).
    """
    steps, totals = query.shape[2], last_keys.reshape(-1).long() + 1
    is_prompt = int(total_length) == steps
    starts = torch.zeros_like(totals) if is_prompt else totals - steps
    own = starts[:, None] + torch.arange(steps, device=query.device)
    if cos is not None and sin is not None:
        query, key = (rotate(x, cos[own], sin[own], interleaved) for x in (query, key))
    length = max(int(total_length), 0 if past_key is None else past_key.shape[2])
    present_key = extend_cache(past_key, key, starts, length)
    present_value = extend_cache(past_value, value, starts, length)
    repeats = query.shape[1] // key.shape[1]
    keys, values = (
        x.repeat_interleave(repeats, dim=1) for x in (present_key, present_value)
    )
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ keys.mT * factor
    scores = torch.tanh(scores / softcap) * softcap if softcap > 0 else scores
    if bias is not None:
        scores = scores + torch.nn.functional.pad(bias, (0, length - bias.shape[-1]))
    ahead = torch.arange(length, device=query.device) - own[:, :, None]
    seen = (ahead <= 0) & (
        torch.arange(length, device=query.device) < totals[:, None, None]
    )
    if window > 0:
        seen = seen & (ahead > -window)
    scores = scores.masked_fill(~seen.unsqueeze(1), -torch.inf)
    weights = softmax_with_sink(scores, sink, smooth)
    return weights @ values, present_key, present_value


def softmax_with_sink(
    scores: torch.Tensor, sink: torch.Tensor | None, smooth: bool
) -> torch.Tensor:
    """The softmax of (B, N, L, S) beside one more score that gets a share: the head's, or 0."""
    if sink is None and not smooth:
        return torch.softmax(scores, dim=-1)
    extra = scores.new_zeros(scores.shape[1]) if sink is None else sink.to(scores.dtype)
    column = extra.reshape(-1, 1, 1).expand(*scores.shape[:-1], 1)
    return torch.softmax(torch.cat([scores, column], dim=-1), dim=-1)[..., :-1]

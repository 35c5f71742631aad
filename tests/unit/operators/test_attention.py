"""Attention, rotary embeddings and linear attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, lines, model_of

RANDOM = np.random.default_rng(8)


def normal(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(shape).astype(np.float32)


Q, K, V = normal(2, 4, 3, 8), normal(2, 4, 5, 8), normal(2, 4, 5, 6)


@pytest.mark.parametrize(
    "attributes",
    [{}, {"is_causal": 1}, {"scale": 0.2}, {"softcap": 2.0}, {"is_causal": 1, "softcap": 1.5}],
)
@pytest.mark.parametrize("masked", [None, "float", "bool"])
def test_attention(attributes: dict[str, Any], masked: str | None) -> None:
    mask = {None: [], "float": [normal(3, 5)], "bool": [RANDOM.random((3, 5)) > 0.4]}[masked]
    check("Attention", [Q, K, V, *mask], opset=23, **attributes)


def test_grouped_queries() -> None:
    check("Attention", [Q, K[:, :2], V[:, :2]], opset=23, dynamic=False)


def test_packed_heads() -> None:
    inputs = [normal(2, 3, 32), normal(2, 5, 16), normal(2, 5, 12)]
    check("Attention", inputs, opset=23, q_num_heads=4, kv_num_heads=2, dynamic=False)


@pytest.mark.parametrize("is_causal", [0, 1])
@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_past_and_scores(is_causal: int, mode: int) -> None:
    inputs = [Q, K, V, None, normal(2, 4, 2, 8), normal(2, 4, 2, 6)]
    attributes: dict[str, Any] = {"is_causal": is_causal, "qk_matmul_output_mode": mode}
    check("Attention", inputs, 4, opset=23, **attributes)


def test_attention_reads_as_written_by_hand() -> None:
    printed = lines(model_of("Attention", [Q, K, V], opset=23, is_causal=1))
    assert printed == ["F.scaled_dot_product_attention(x0, x1, x2, is_causal=True)"]


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("rotary_dim", [0, 4])
def test_rotary_embedding(interleaved: int, rotary_dim: int) -> None:
    half = (rotary_dim or 8) // 2
    positions = RANDOM.integers(0, 10, (2, 3))
    attributes: dict[str, Any] = {"interleaved": interleaved, "rotary_embedding_dim": rotary_dim}
    caches = normal(10, half), normal(10, half)
    check("RotaryEmbedding", [Q, *caches, positions], opset=23, **attributes)
    check("RotaryEmbedding", [Q, normal(2, 3, half), normal(2, 3, half)], opset=23, **attributes)


@pytest.mark.parametrize("activation", ["none", "silu"])
def test_causal_convolution(activation: str) -> None:
    inputs = [normal(2, 3, 5), normal(3, 1, 4), normal(3), normal(2, 3, 3)]
    check("CausalConvWithState", inputs, 2, opset=27, activation=activation)
    check("CausalConvWithState", inputs[:2], 2, opset=27, activation=activation)


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
def test_linear_attention(rule: str) -> None:
    decay = -RANDOM.random((2, 4, 2)).astype(np.float32) if "gated" in rule else None
    beta = RANDOM.random((2, 4, 2)).astype(np.float32) if "delta" in rule else None
    inputs = [normal(2, 4, 12), normal(2, 4, 6), normal(2, 4, 10), normal(2, 2, 3, 5)]
    heads: dict[str, Any] = {"q_num_heads": 4, "kv_num_heads": 2}
    inputs = [*inputs, decay, beta]
    check("LinearAttention", inputs, 2, opset=27, update_rule=rule, **heads, atol=1e-4)

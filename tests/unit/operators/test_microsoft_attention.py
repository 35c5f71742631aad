"""ONNX Runtime's attention operators against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from checking import check, compiled, lines, model_of

from ramiel.dialects.onnx_microsoft import MICROSOFT
from ramiel.errors import RamielError

RANDOM = np.random.default_rng(23)
Numbers = np.ndarray[Any, Any]


def against_runtime(
    operator: str, inputs: Sequence[Numbers | None], outputs: int = 1, **options: Any
) -> None:
    """Compare with ONNX Runtime."""
    check(operator, inputs, outputs, domain=MICROSOFT, oracle="onnxruntime", opset=17, **options)


def normal(*shape: int) -> Numbers:
    return RANDOM.standard_normal(shape).astype(np.float32)


def i32(*values: int) -> Numbers:
    return np.array(values, np.int32)


def coins(*shape: int) -> Numbers:
    return RANDOM.integers(0, 2, shape).astype(np.int32)


MASKS = {
    "none": None,
    "lengths": i32(4, 2),
    "ends and starts": i32(4, 3, 1, 0),
    "keys": coins(2, 4),
    "dummy": np.ones((2, 1), np.int32),
    "queries and keys": coins(2, 4, 4),
    "all hidden": np.zeros((2, 4), np.int32),
}
X, WEIGHTS, BIAS = normal(2, 4, 12), normal(12, 48), normal(48)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("unidirectional", [0, 1])
def test_attention(mask: str, unidirectional: int) -> None:
    inputs = [X, WEIGHTS, BIAS, MASKS[mask]]
    against_runtime("Attention", inputs, num_heads=2, unidirectional=unidirectional, scale=0.3)


def test_attention_with_a_past_and_a_bias() -> None:
    past = normal(2, 2, 2, 3, 8)
    inputs = [X, WEIGHTS, BIAS, coins(2, 7), past]
    against_runtime("Attention", inputs, 2, num_heads=2, unidirectional=1)
    against_runtime("Attention", [X, WEIGHTS, BIAS, None, None, normal(2, 2, 4, 4)], num_heads=2)


def test_attention_with_values_of_another_size() -> None:
    sizes = [16, 16, 32]
    against_runtime(
        "Attention", [X, normal(12, 64), normal(64)], num_heads=2, qkv_hidden_sizes=sizes
    )


def test_attention_reads_as_written_by_hand() -> None:
    printed = lines(model_of("Attention", [X, WEIGHTS, BIAS], domain=MICROSOFT, num_heads=2))
    assert printed[:3] == ["x0 @ x1", "v0 + x2", "v1.chunk(3, dim=-1)"]
    assert printed[-3].startswith("F.scaled_dot_product_attention(")


def test_quantized_attention() -> None:
    x = RANDOM.integers(0, 256, (2, 4, 12)).astype(np.uint8)
    weights = RANDOM.integers(-128, 128, (12, 48)).astype(np.int8)
    scales = np.array(0.01, np.float32), np.array(0.01, np.float32)
    inputs = [x, weights, BIAS, *scales, coins(2, 4), np.array(120, np.uint8), np.array(0, np.int8)]
    against_runtime("QAttention", inputs, num_heads=2, rtol=1e-4, atol=1e-4)


Q, K, V = normal(2, 4, 16), normal(2, 5, 16), normal(2, 5, 16)


@pytest.mark.parametrize("mask", [None, i32(5, 3), coins(2, 5), coins(2, 4, 5)])
@pytest.mark.parametrize("bias", [None, normal(2, 2, 4, 5), normal(1, 1, 4, 5)])
def test_multi_head_attention(mask: Numbers | None, bias: Numbers | None) -> None:
    against_runtime("MultiHeadAttention", [Q, K, V, None, mask, bias], num_heads=2)


@pytest.mark.parametrize("keys", [4, 5])
def test_causal_heads(keys: int) -> None:
    """With more keys than queries ONNX Runtime shows the last query all of them."""
    inputs = [Q, K[:, :keys].copy(), V[:, :keys].copy()]
    against_runtime("MultiHeadAttention", inputs, num_heads=2, unidirectional=1)


def test_heads_with_a_past_and_a_projection_bias() -> None:
    past = normal(2, 2, 3, 8), normal(2, 2, 3, 8)
    inputs = [Q, K, V, normal(48), None, None, *past]
    against_runtime("MultiHeadAttention", inputs, 3, num_heads=2, dynamic=False)


def test_heads_whose_keys_are_split_already() -> None:
    keys = normal(2, 2, 5, 8), normal(2, 2, 5, 8)
    against_runtime("MultiHeadAttention", [Q, *keys], num_heads=2)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved: int) -> None:
    cos, sin, places = normal(20, 4), normal(20, 4), RANDOM.integers(0, 20, (2, 4))
    way = {"interleaved": interleaved}
    against_runtime("RotaryEmbedding", [Q, places, cos, sin], **way)
    against_runtime("RotaryEmbedding", [Q, np.array([3]), cos, sin], **way)
    against_runtime("RotaryEmbedding", [normal(2, 2, 4, 8), places, cos, sin], **way)
    half = [Q, places, normal(20, 2), normal(20, 2)]
    against_runtime("RotaryEmbedding", half, num_heads=2, rotary_embedding_dim=4, **way)


GROUPS: dict[str, Any] = {"num_heads": 4, "kv_num_heads": 2}
CACHES = normal(20, 8), normal(20, 8)
PROMPT = [normal(2, 4, 64), normal(2, 4, 32), normal(2, 4, 32), None, None]
LENGTHS = [i32(3, 1), np.array(4, np.int32)]


@pytest.mark.parametrize(
    "attributes",
    [{}, {"scale": 0.2}, {"softcap": 2.0}, {"local_window_size": 2}, {"smooth_softmax": 1}],
)
def test_grouped_queries_of_a_prompt(attributes: dict[str, Any]) -> None:
    inputs = [*PROMPT, i32(3, 3), LENGTHS[1]]
    against_runtime("GroupQueryAttention", inputs, 3, **GROUPS, **attributes)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_grouped_queries_with_positions(interleaved: int) -> None:
    rotary: dict[str, Any] = {**GROUPS, "do_rotary": 1, "rotary_interleaved": interleaved}
    against_runtime("GroupQueryAttention", [*PROMPT, *LENGTHS, *CACHES], 3, **rotary)
    packed = [normal(2, 4, 128), None, None, None, None, *LENGTHS, *CACHES]
    against_runtime("GroupQueryAttention", packed, 3, **rotary)


@pytest.mark.parametrize("capacity", [6, 10])
def test_grouped_queries_with_a_past(capacity: int) -> None:
    step = [normal(2, 1, 64), normal(2, 1, 32), normal(2, 1, 32)]
    past = [normal(2, 2, capacity, 16), normal(2, 2, capacity, 16)]
    inputs = [*step, *past, i32(6, 4), np.array(7, np.int32), *CACHES]
    against_runtime("GroupQueryAttention", inputs, 3, **GROUPS, do_rotary=1)


def test_grouped_queries_with_bias_and_sink() -> None:
    lengths = [i32(3, 3), LENGTHS[1]]
    bias = [*PROMPT, *lengths, None, None, None, normal(1, 4, 4, 4)]
    against_runtime("GroupQueryAttention", bias, 3, **GROUPS)
    sink = [*PROMPT, *lengths, None, None, None, None, normal(4)]
    against_runtime("GroupQueryAttention", sink, 3, **GROUPS)


def test_what_is_not_supported_is_refused_by_name() -> None:
    inputs = [*PROMPT, *LENGTHS, *CACHES, RANDOM.integers(0, 20, (2, 4))]
    model = model_of("GroupQueryAttention", inputs, 3, domain=MICROSOFT, **GROUPS, do_rotary=1)
    with pytest.raises(RamielError, match=r"GroupQueryAttention.*with position_ids"):
        compiled(model)

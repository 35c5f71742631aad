"""Small models with what large ones have: branches, several inputs and outputs, recurrence."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper, parser

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'

TOWERS = """
towers (float[4,12] user, float[4,6] item, float[4,5,8] history)
  => (float[4,1] click, float[4,1] like)
  <float[16,12] user_weight, float[16] user_bias, float[1] user_slope,
   float[16,6] item_weight, float[16] item_bias,
   float[16] item_bn_scale, float[16] item_bn_shift, float[16] item_bn_mean, float[16] item_bn_var,
   float[1,48,8] gru_w, float[1,48,16] gru_r, float[1,96] gru_b,
   float[48,48] cross_weight, float[48] cross_bias,
   float[8,48] click_weight, float[1,8] click_out, float[8,48] like_weight, float[1,8] like_out>
{
  [user_fc] user_hidden = Gemm <transB = 1> (user, user_weight, user_bias)
  [user_prelu] user_tower = PRelu (user_hidden, user_slope)
  [item_fc] item_hidden = Gemm <transB = 1> (item, item_weight, item_bias)
  [item_bn] item_normal = BatchNormalization
    (item_hidden, item_bn_scale, item_bn_shift, item_bn_mean, item_bn_var)
  [item_relu] item_tower = Relu (item_normal)
  [by_time] by_time = Transpose <perm = [1, 0, 2]> (history)
  [gru] steps, last = GRU <hidden_size = 16, linear_before_reset = 1> (by_time, gru_w, gru_r, gru_b)
  [first] first = Constant <value = int64[1] {0}> ()
  [history_tower] history_tower = Squeeze (last, first)
  [joined] joined = Concat <axis = 1> (user_tower, item_tower, history_tower)
  [cross_fc] cross_hidden = Gemm <transB = 1> (joined, cross_weight, cross_bias)
  [cross_mul] cross_product = Mul (joined, cross_hidden)
  [cross_add] crossed = Add (cross_product, joined)
  [click_fc] click_hidden = Gemm <transB = 1> (crossed, click_weight)
  [click_tanh] click_tanh = Tanh (click_hidden)
  [click_out] click_logit = Gemm <transB = 1> (click_tanh, click_out)
  [click] click = Sigmoid (click_logit)
  [like_fc] like_hidden = Gemm <transB = 1> (crossed, like_weight)
  [like_relu] like_relu = Relu (like_hidden)
  [like_out] like_logit = Gemm <transB = 1> (like_relu, like_out)
  [like] like = Sigmoid (like_logit)
}
"""
"""Three towers, one of them recurrent; a cross layer; two heads."""

TRANSFORMER = """
transformer (int64[2,6] ids) => (float[2,6,16] hidden)
  <float[50,16] embedding, float[16,48] qkv_weight, float[48] qkv_bias, float[16,16] out_weight,
   float[16] norm_scale, float[16] norm_shift, float[16,64] up_weight, float[64] up_bias,
   float[64,16] down_weight>
{
  [embed] tokens = Gather (embedding, ids)
  [mean] mean = ReduceMean <axes = [-1]> (tokens)
  [centered] centered = Sub (tokens, mean)
  [two] two = Constant <value = float {2.0}> ()
  [square] square = Pow (centered, two)
  [variance] variance = ReduceMean <axes = [-1]> (square)
  [epsilon] epsilon = Constant <value = float {0.00001}> ()
  [stable] stable = Add (variance, epsilon)
  [deviation] deviation = Sqrt (stable)
  [normal] normal = Div (centered, deviation)
  [scaled] scaled = Mul (normal, norm_scale)
  [norm] norm = Add (scaled, norm_shift)
  [qkv_matmul] qkv_product = MatMul (norm, qkv_weight)
  [qkv] qkv = Add (qkv_product, qkv_bias)
  [split] q, k, v = Split <axis = -1> (qkv)
  [shape] shape = Shape (norm)
  [at_0] at_0 = Constant <value = int64[1] {0}> ()
  [at_1] at_1 = Constant <value = int64[1] {1}> ()
  [batch] batch = Gather (shape, at_0)
  [length] length = Gather (shape, at_1)
  [heads] heads = Constant <value = int64[2] {4, 4}> ()
  [head_shape] head_shape = Concat <axis = 0> (batch, length, heads)
  [q_heads] q_heads = Reshape (q, head_shape)
  [k_heads] k_heads = Reshape (k, head_shape)
  [v_heads] v_heads = Reshape (v, head_shape)
  [q_first] q_first = Transpose <perm = [0, 2, 1, 3]> (q_heads)
  [k_first] k_first = Transpose <perm = [0, 2, 3, 1]> (k_heads)
  [v_first] v_first = Transpose <perm = [0, 2, 1, 3]> (v_heads)
  [scores] scores = MatMul (q_first, k_first)
  [half] scaled_scores = Div (scores, two)
  [attention] attention = Softmax <axis = -1> (scaled_scores)
  [mixed] mixed = MatMul (attention, v_first)
  [back] back = Transpose <perm = [0, 2, 1, 3]> (mixed)
  [minus] rest = Constant <value = int64[1] {-1}> ()
  [flat_shape] flat_shape = Concat <axis = 0> (batch, length, rest)
  [flat] flat = Reshape (back, flat_shape)
  [out] out = MatMul (flat, out_weight)
  [residual] residual = Add (tokens, out)
  [up_matmul] up_product = MatMul (residual, up_weight)
  [up] up = Add (up_product, up_bias)
  [root] root = Constant <value = float {1.41421356}> ()
  [gelu_div] gelu_div = Div (up, root)
  [gelu_erf] gelu_erf = Erf (gelu_div)
  [one] one = Constant <value = float {1.0}> ()
  [gelu_add] gelu_add = Add (gelu_erf, one)
  [gelu_mul] gelu_mul = Mul (up, gelu_add)
  [gelu] gelu = Div (gelu_mul, two)
  [down] down = MatMul (gelu, down_weight)
  [hidden] hidden = Add (residual, down)
}
"""
"""One block as exporters write it: normalization, shapes and GELU spelled out."""

INCEPTION = """
inception (float[1,3,24,24] image) => (float[1,10] scores, float[1,24,5,5] features)
  <float[8,3,3,3] stem_weight,
   float[8] stem_bn_scale, float[8] stem_bn_shift, float[8] stem_bn_mean, float[8] stem_bn_var,
   float[8,8,1,1] a_weight, float[8] a_bias,
   float[4,8,1,1] b1_weight, float[8,4,3,3] b2_weight,
   float[8] b_bn_scale, float[8] b_bn_shift, float[8] b_bn_mean, float[8] b_bn_var,
   float[4,8,1,1] c_weight, float[4] c_bias, float[4,8,1,1] d_weight,
   float[10,24] fc_weight, float[10] fc_bias>
{
  [stem_conv] stem_conv = Conv <kernel_shape = [3, 3], strides = [2, 2]> (image, stem_weight)
  [stem_bn] stem_bn = BatchNormalization
    (stem_conv, stem_bn_scale, stem_bn_shift, stem_bn_mean, stem_bn_var)
  [stem_relu] stem_relu = Relu (stem_bn)
  [stem] stem = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (stem_relu)
  [a_conv] a_conv = Conv (stem, a_weight, a_bias)
  [a] a = Relu (a_conv)
  [b1_conv] b1_conv = Conv (stem, b1_weight)
  [b1] b1 = Relu (b1_conv)
  [b2_conv] b2_conv = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (b1, b2_weight)
  [b2_bn] b2_bn = BatchNormalization <epsilon = 0.001>
    (b2_conv, b_bn_scale, b_bn_shift, b_bn_mean, b_bn_var)
  [zero] zero = Constant <value = float {0.0}> ()
  [six] six = Constant <value = float {6.0}> ()
  [b] b = Clip (b2_bn, zero, six)
  [c_pool] c_pool = MaxPool <kernel_shape = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]> (stem)
  [c_conv] c_conv = Conv (c_pool, c_weight, c_bias)
  [c] c = LeakyRelu <alpha = 0.1> (c_conv)
  [d_pool] d_pool = AveragePool
    <kernel_shape = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]> (stem)
  [d] d = Conv (d_pool, d_weight)
  [features] features = Concat <axis = 1> (a, b, c, d)
  [pool] pool = GlobalAveragePool (features)
  [flat] flat = Flatten (pool)
  [fc] scores = Gemm <transB = 1> (flat, fc_weight, fc_bias)
}
"""
"""A stem and four branches; BatchNormalization after two of the convolutions."""


def filled(text: str) -> ModelProto:
    """The model that a text describes, its declared weights given seeded values."""
    model = parser.parse_model(HEADER + text)
    graph = model.graph
    generator = np.random.default_rng(0)
    for declared in graph.value_info:
        tensor = declared.type.tensor_type
        assert tensor.elem_type == TensorProto.FLOAT
        shape = [dim.dim_value for dim in tensor.shape.dim]
        values = weight(generator, declared.name, shape).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, declared.name))
    del graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    return model


def weight(generator: np.random.Generator, name: str, shape: list[int]) -> np.ndarray:
    """Random values that keep activations in range."""
    if name.endswith(("_scale", "_var", "_slope")):
        return generator.uniform(0.5, 1.5, shape)
    if len(shape) == 1:
        return generator.standard_normal(shape) * 0.1
    return generator.standard_normal(shape) / max(1, np.prod(shape[1:])) ** 0.5


def cells() -> ModelProto:
    """A network of cells of separable convolutions, few and small."""
    return importlib.import_module("cell_network").build(cells=2, channels=8, size=16)


def fusion() -> ModelProto:
    """The network of `make demo`, with fewer moments and smaller LSTMs."""
    return importlib.import_module("fusion_network").build(moments=5, hidden=6)


SMALL_MODELS: dict[str, Callable[[], ModelProto]] = {
    "towers": lambda: filled(TOWERS),
    "transformer": lambda: filled(TRANSFORMER),
    "inception": lambda: filled(INCEPTION),
    "cells": cells,
    "fusion": fusion,
}

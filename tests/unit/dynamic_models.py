"""Models that compute with sizes, written as exporters write them; their sizes are given at run
time."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper, parser

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'

ATTENTION = """
attention (int64[batch, length] ids, int64[batch, length] mask) => (float[batch, length, 24] y)
  <float[30,24] words, int64[1,64] positions, float[64,24] places,
   float[24,24] q, float[24,24] k, float[24,24] v, float[24,24] o>
{
  zero = Constant <value = int64 {0}> ()
  one = Constant <value = int64 {1}> ()
  zeros = Constant <value = int64[1] {0}> ()
  ones = Constant <value = int64[1] {1}> ()
  four = Constant <value = int64[1] {4}> ()
  six = Constant <value = int64[1] {6}> ()
  width = Constant <value = int64[1] {24}> ()
  axes = Constant <value = int64[2] {1, 2}> ()
  scale = Constant <value = float {2.449}> ()
  full = Constant <value = float {1.0}> ()
  lowest = Constant <value = float {-10000.0}> ()
  sizes = Shape (ids)
  batch = Gather (sizes, zero)
  length = Gather (sizes, one)
  length_vector = Unsqueeze (length, zeros)
  batch_vector = Unsqueeze (batch, zeros)
  numbers = Slice (positions, zeros, length_vector, ones)
  by_word = Gather (words, ids)
  by_place = Gather (places, numbers)
  x = Add (by_word, by_place)
  kept = Cast <to = 1> (mask)
  shown = Unsqueeze (kept, axes)
  hidden = Sub (full, shown)
  bias = Mul (hidden, lowest)
  heads = Concat <axis = 0> (batch_vector, length_vector, four, six)
  queries = MatMul (x, q)
  query_heads = Reshape (queries, heads)
  query = Transpose <perm = [0, 2, 1, 3]> (query_heads)
  keys = MatMul (x, k)
  key_heads = Reshape (keys, heads)
  key = Transpose <perm = [0, 2, 3, 1]> (key_heads)
  values = MatMul (x, v)
  value_heads = Reshape (values, heads)
  value = Transpose <perm = [0, 2, 1, 3]> (value_heads)
  product = MatMul (query, key)
  scaled = Div (product, scale)
  masked = Add (scaled, bias)
  weights = Softmax <axis = -1> (masked)
  context = MatMul (weights, value)
  by_length = Transpose <perm = [0, 2, 1, 3]> (context)
  together = Concat <axis = 0> (batch_vector, length_vector, width)
  joined = Reshape (by_length, together)
  y = MatMul (joined, o)
}
"""
"""BERT: positions cut to the length, heads split and joined by computed shapes, a mask."""

PATCHES = """
patches (float[batch, 3, 16, 16] image) => (float[batch, 17, 8] y)
  <float[8,3,4,4] patch, float[1,1,8] token, float[1,17,8] place>
{
  zero = Constant <value = int64 {0}> ()
  zeros = Constant <value = int64[1] {0}> ()
  kept = Constant <value = int64[2] {-1, -1}> ()
  rest = Constant <value = int64[2] {8, -1}> ()
  missing = Constant <value = int64[3] {-1, -1, -1}> ()
  ones = Constant <value = int64[3] {1, 1, 1}> ()
  maps = Conv <kernel_shape = [4, 4], strides = [4, 4]> (image, patch)
  sizes = Shape (maps)
  batch = Gather (sizes, zero)
  batch_vector = Unsqueeze (batch, zeros)
  flat_shape = Concat <axis = 0> (batch_vector, rest)
  flat = Reshape (maps, flat_shape)
  tokens = Transpose <perm = [0, 2, 1]> (flat)
  wanted = Concat <axis = 0> (batch_vector, kept)
  is_missing = Equal (wanted, missing)
  shape = Where (is_missing, ones, wanted)
  class_tokens = Expand (token, shape)
  sequence = Concat <axis = 1> (class_tokens, tokens)
  y = Add (sequence, place)
}
"""
"""A vision transformer: the class token is expanded to the batch."""

GRID = """
grid (float[batch, 6, height, width] maps) => (float[batch, boxes, 3] y)
{
  two = Constant <value = int64 {2}> ()
  three = Constant <value = int64 {3}> ()
  zero = Constant <value = int64 {0}> ()
  one = Constant <value = int64 {1}> ()
  zeros = Constant <value = int64[1] {0}> ()
  ones = Constant <value = int64[1] {1}> ()
  first = Constant <value = int64[2] {0, 2}> ()
  all = Constant <value = int64[1] {-1}> ()
  scale = Constant <value = float {0.5}> ()
  pair = Constant <value = int64[1] {2}> ()
  triple = Constant <value = int64[1] {3}> ()
  sizes = Shape (maps)
  batch = Gather (sizes, zero)
  height = Gather (sizes, two)
  width = Gather (sizes, three)
  batch_vector = Unsqueeze (batch, zeros)
  height_vector = Unsqueeze (height, zeros)
  width_vector = Unsqueeze (width, zeros)
  rows = Range (zero, height, one)
  columns = Range (zero, width, one)
  map_shape = Concat <axis = 0> (height_vector, width_vector)
  column_shape = Concat <axis = 0> (height_vector, ones)
  rows_column = Reshape (rows, column_shape)
  row_grid = Expand (rows_column, map_shape)
  column_grid = Expand (columns, map_shape)
  row_numbers = Cast <to = 1> (row_grid)
  column_numbers = Cast <to = 1> (column_grid)
  places = Add (row_numbers, column_numbers)
  boxes_shape = Concat <axis = 0> (batch_vector, pair, triple, height_vector, width_vector)
  anchors = Reshape (maps, boxes_shape)
  moved = Add (anchors, places)
  scaled = Mul (moved, scale)
  last = Transpose <perm = [0, 1, 3, 4, 2]> (scaled)
  area = Mul (height, width)
  both = Mul (area, two)
  both_vector = Unsqueeze (both, zeros)
  listed = Concat <axis = 0> (batch_vector, both_vector, triple)
  y = Reshape (last, listed)
}
"""
"""YOLO: a grid of the map's rows and columns, and a list of as many boxes as it has places."""

PACKED = """
packed (float[unk__1, unk__2, 12] x) => (float[unk__3, 4] y, float[unk__1, unk__4, 12] half)
  <float[12,4] kernel>
{
  zeros = Constant <value = int64[1] {0}> ()
  ones = Constant <value = int64[1] {1}> ()
  twos = Constant <value = int64[1] {2}> ()
  twelve = Constant <value = int64[1] {12}> ()
  one = Constant <value = int32[1] {1}> ()
  two = Constant <value = float[1] {2.0}> ()
  sizes = Shape (x)
  sizes32 = Cast <to = 6> (sizes)
  batch = Slice (sizes32, zeros, ones, zeros)
  length = Slice (sizes32, ones, twos, zeros)
  rows = Mul (batch, length)
  rows64 = Cast <to = 7> (rows)
  matrix_shape = Concat <axis = 0> (rows64, twelve)
  matrix = Reshape (x, matrix_shape)
  y = MatMul (matrix, kernel)
  before = Sub (length, one)
  before_float = Cast <to = 1> (length)
  quotient = Div (before_float, two)
  rounded = Floor (quotient)
  count = Cast <to = 7> (rounded)
  half = Slice (x, zeros, count, ones)
}
"""
"""tf2onnx: Shape, Cast to int32, StridedSlice and Pack; half of a length by way of floats."""

RECURRENT = """
recurrent (float[length, batch, 6] x) => (float[length, batch, 5] y)
  <float[1,20,6] w, float[1,20,5] r>
{
  zeros = Constant <value = int64[1] {0}> ()
  ones = Constant <value = int64[1] {1}> ()
  one = Constant <value = int64 {1}> ()
  five = Constant <value = int64[1] {5}> ()
  sizes = Shape (x)
  batch = Gather (sizes, one)
  batch_vector = Unsqueeze (batch, zeros)
  shape = Concat <axis = 0> (ones, batch_vector, five)
  state = ConstantOfShape <value = float[1] {0.5}> (shape)
  steps, last, cell = LSTM <hidden_size = 5> (x, w, r, , , state, state)
  y = Squeeze (steps, ones)
}
"""
"""An LSTM whose first state has the batch of its input."""

WINDOWS = """
windows (float[batch, height, width, 4] x) => (float[n, 4, 4] y)
{
  two = Constant <value = int64 {2}> ()
  one = Constant <value = int64 {1}> ()
  zero = Constant <value = int64 {0}> ()
  zeros = Constant <value = int64[1] {0}> ()
  twos = Constant <value = int64[1] {2}> ()
  fours = Constant <value = int64[1] {4}> ()
  rest = Constant <value = int64[1] {-1}> ()
  none = Constant <value = int64[3] {0, 0, 0}> ()
  first = Constant <value = int64[2] {0, 0}> ()
  pairs = Constant <value = int64[2] {-1, 2}> ()
  last = Constant <value = int64[1] {-1}> ()
  lowest = Constant <value = int64[1] {-9223372036854775807}> ()
  sizes = Shape (x)
  batch = Gather (sizes, zero)
  height = Gather (sizes, one)
  width = Gather (sizes, two)
  height_over = Mod (height, two)
  height_left = Sub (two, height_over)
  height_pad = Mod (height_left, two)
  width_over = Mod (width, two)
  width_left = Sub (two, width_over)
  width_pad = Mod (width_left, two)
  height_vector = Unsqueeze (height_pad, zeros)
  width_vector = Unsqueeze (width_pad, zeros)
  reversed_ends = Concat <axis = 0> (none, width_vector, zeros, height_vector, first)
  matrix = Reshape (reversed_ends, pairs)
  flipped = Slice (matrix, last, lowest, zeros, last)
  rows = Transpose <perm = [1, 0]> (flipped)
  ends = Reshape (rows, rest)
  padded = Pad (x, ends)
  padded_sizes = Shape (padded)
  padded_height = Gather (padded_sizes, one)
  padded_width = Gather (padded_sizes, two)
  down = Div (padded_height, two)
  across = Div (padded_width, two)
  batch_vector = Unsqueeze (batch, zeros)
  down_vector = Unsqueeze (down, zeros)
  across_vector = Unsqueeze (across, zeros)
  grid = Concat <axis = 0> (batch_vector, down_vector, twos, across_vector, twos, fours)
  split = Reshape (padded, grid)
  together = Transpose <perm = [0, 1, 3, 2, 4, 5]> (split)
  window = Concat <axis = 0> (rest, fours, fours)
  y = Reshape (together, window)
}
"""
"""Swin: an image padded to whole windows, F.pad's numbers as PyTorch's exporter turns them."""

TEXTS = {
    "attention": ATTENTION,
    "patches": PATCHES,
    "grid": GRID,
    "packed": PACKED,
    "recurrent": RECURRENT,
    "windows": WINDOWS,
}
BATCHES = ({"batch": 1, "length": 5}, {"batch": 3, "length": 8}, {"batch": 2, "length": 1})
SIZES = {
    "attention": BATCHES,
    "patches": ({"batch": 1}, {"batch": 2}, {"batch": 5}),
    "grid": (
        {"batch": 1, "height": 2, "width": 3},
        {"batch": 2, "height": 4, "width": 1},
        {"batch": 3, "height": 3, "width": 5},
    ),
    "packed": ({"unk__1": 1, "unk__2": 3}, {"unk__1": 4, "unk__2": 2}, {"unk__1": 2, "unk__2": 7}),
    "recurrent": BATCHES,
    "windows": (
        {"batch": 1, "height": 3, "width": 4},
        {"batch": 2, "height": 4, "width": 5},
        {"batch": 3, "height": 2, "width": 2},
    ),
}
"""Three sizes of the inputs of each."""


def dynamic_model(name: str) -> ModelProto:
    """A model by its name, with seeded weights."""
    model = parser.parse_model(HEADER + TEXTS[name])
    generator = np.random.default_rng(0)
    weights: list[TensorProto] = []
    for declared in model.graph.initializer:
        shape = list(declared.dims)
        array = generator.standard_normal(shape).astype(np.float32) * 0.4
        if declared.data_type == TensorProto.INT64:
            array = np.arange(shape[-1]).reshape(shape)
        weights.append(numpy_helper.from_array(array, declared.name))
    del model.graph.initializer[:]
    # The parser lists weights without values as value_info.
    for value in list(model.graph.value_info):
        tensor = value.type.tensor_type
        shape = [dim.dim_value for dim in tensor.shape.dim]
        array = generator.standard_normal(shape).astype(np.float32) * 0.4
        if tensor.elem_type == TensorProto.INT64:
            array = np.arange(shape[-1]).reshape(shape)
        weights.append(numpy_helper.from_array(array, value.name))
    del model.graph.value_info[:]
    model.graph.initializer.extend(weights)
    return model

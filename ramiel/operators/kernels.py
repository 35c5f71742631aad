"""oneDNN's kernels: no ONNX operator means them, passes put them in the place of PyTorch's own."""

from __future__ import annotations

from math import prod

from ramiel import tensors
from ramiel.dialects.torch import CallOp
from ramiel.operators.attention import attention_flops
from ramiel.operators.convolution import convolution_flops
from ramiel.operators.pooling import pooling_flops
from ramiel.operators.registry import callee

_CONVOLUTION = "stride=1, padding=0, dilation=1, groups=1"
_ACTIVATION = 'activation=None, scalars=(), algorithm="none"'


def linear_flops(op: CallOp) -> int:
    """A multiplication and an addition for each element of the result and column of the weight."""
    results = prod(d for d in tensors.dims_of(op.results[0].type) or [] if isinstance(d, int))
    columns = (tensors.dims_of(op.operands[1].type) or [1])[-1]
    return 2 * results * (columns if isinstance(columns, int) else 1)


callee(
    "operators.pack_conv2d",
    f"weight, *, input_shape, {_CONVOLUTION}",
    helper="kernels.pack_conv2d",
)
callee(
    "operators.conv2d_primitive",
    f"weight, *, input_shape, {_CONVOLUTION}",
    helper="kernels.conv2d_primitive",
)
callee(
    "operators.conv2d_winograd",
    "weight, *, input_shape, padding=0",
    helper="kernels.conv2d_winograd",
)
callee(
    "operators.conv2d_depthwise",
    "weight, *, input_shape, stride=1, padding=0, groups=1",
    helper="kernels.conv2d_depthwise",
)
callee("operators.conv2d_product", "weight, *, input_shape", helper="kernels.conv2d_product")
callee(
    "operators.conv2d",
    f"x, weight, bias=None, add=None, *, {_CONVOLUTION}, {_ACTIVATION}",
    flops=convolution_flops,
    helper="kernels.conv2d",
)
callee("operators.pack_linear", "weight, *, rows", helper="kernels.pack_linear")
callee("operators.linear_primitive", "weight, *, rows", helper="kernels.linear_primitive")
callee("operators.linear_product", "weight, *, rows", helper="kernels.linear_product")
callee(
    "operators.linear",
    f"x, weight, bias=None, add=None, *, {_ACTIVATION}",
    flops=linear_flops,
    helper="kernels.linear",
)
callee(
    "operators.max_pool2d",
    "input, kernel_size, /, stride=None, padding=0, dilation=1, ceil_mode=False",
    flops=pooling_flops,
    helper="max_pool.max_pool2d",
)
callee(
    "operators.onednn_max_pool2d",
    "input, kernel_size, /, stride=None, padding=0, dilation=1, ceil_mode=False",
    flops=pooling_flops,
    helper="onednn_pooling.onednn_max_pool2d",
)
callee(
    "operators.onednn_avg_pool2d",
    "input, kernel_size, /, stride=None, padding=0, ceil_mode=False, count_include_pad=True",
    flops=pooling_flops,
    helper="onednn_pooling.onednn_avg_pool2d",
)
callee(
    "operators.onednn_attention",
    "query, key, value, attn_mask=None, *, scale=None",
    flops=attention_flops,
    helper="onednn_attention.onednn_attention",
)
callee("channels_last", "x", "{x}.contiguous(memory_format=torch.channels_last)")

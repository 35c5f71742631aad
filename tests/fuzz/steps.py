"""The everyday operators, each a step that adds it to a graph if a value fits.

Values stay small and operators are continuous, so that two right ways to compute a result differ
by rounding only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from graph import LARGEST, Graph
from hypothesis import strategies as st
from onnx import TensorProto

Step: TypeAlias = "Callable[[Graph], None]"
UNARY = (
    *("Relu", "Tanh", "Sigmoid", "Abs", "Neg", "Softplus", "Erf", "LeakyRelu", "Elu", "Sin"),
    *("HardSigmoid", "Identity", "Selu", "Cos", "Softsign", "HardSwish"),
)


def unary(g: Graph) -> None:
    x = g.operand()
    if x:
        g.add(g.pick(UNARY), [x], g.shapes[x])


def binary(g: Graph) -> None:
    x, y = g.operand(), g.operand()
    if not x or not y:
        return
    try:
        shape = np.broadcast_shapes(g.shapes[x], g.shapes[y])
    except ValueError:
        y, shape = g.weight(g.shapes[x][-1:]), g.shapes[x]
    if np.prod(shape) <= LARGEST:
        g.add(g.pick(("Add", "Sub", "Max", "Min")), [x, y], shape)


def scaled(g: Graph) -> None:
    """A product with a constant, on either side."""
    x = g.operand()
    if x:
        constant = g.weight(g.pick(((), g.shapes[x][-1:])))
        g.add("Mul", g.pick(([x, constant], [constant, x])), g.shapes[x])


def variadic(g: Graph) -> None:
    x = g.operand()
    if x:
        same = [name for name, shape in g.shapes.items() if shape == g.shapes[x]]
        chosen = [g.pick(same) for _ in range(g.number(1, 3))]
        g.add(g.pick(("Mean", "Max", "Min")), [x, *chosen], g.shapes[x])


def matmul(g: Graph) -> None:
    x = g.operand(2, 3, 4)
    if x:
        *rest, inner = g.shapes[x]
        width = g.number(1, 8)
        w = g.weight((inner, width), max(inner, 1) ** -0.5)
        if np.prod([*rest, width]) <= LARGEST:
            g.add("MatMul", [x, w], [*rest, width])


def gemm(g: Graph) -> None:
    x = g.operand(2)
    if x:
        rows, inner = g.shapes[x]
        width, transposed = g.number(1, 8), g.number(0, 1)
        shape = (width, inner) if transposed else (inner, width)
        inputs = [x, g.weight(shape, max(inner, 1) ** -0.5)]
        if g.number(0, 1):
            inputs.append(g.weight(g.pick(((width,), (1, width), (rows, 1)))))
        alpha = g.pick((1.0, 0.5))
        g.add("Gemm", inputs, (rows, width), transB=transposed, alpha=alpha)


def conv(g: Graph) -> None:
    x = g.operand(3, 4)
    if not x:
        return
    n, channels, *space = g.shapes[x]
    kernel = [g.number(1, 3) for _ in space]
    stride = g.number(1, 2)
    pads = [g.number(0, 1) for _ in (*space, *space)]
    group = channels if g.number(0, 3) == 0 else 1
    out = group * g.number(1, 2) if group > 1 else g.number(1, 6)
    sizes = [
        (size + pads[i] + pads[i + len(space)] - kernel[i]) // stride + 1
        for i, size in enumerate(space)
    ]
    if min(sizes) < 1 or n * out * int(np.prod(sizes)) > LARGEST:
        return
    scale = max(channels // group * int(np.prod(kernel)), 1) ** -0.5
    inputs = [x, g.weight((out, channels // group, *kernel), scale)]
    if g.number(0, 1):
        inputs.append(g.weight((out,)))
    strides = [stride] * len(space)
    g.add("Conv", inputs, (n, out, *sizes), pads=pads, strides=strides, group=group)


def pool(g: Graph) -> None:
    x = g.operand(3, 4)
    if not x:
        return
    n, channels, *space = g.shapes[x]
    kernel = [g.number(1, min(size, 3)) for size in space]
    stride = [g.number(1, 2) for _ in space]
    sizes = [(s - k) // t + 1 for s, k, t in zip(space, kernel, stride, strict=True)]
    operator = g.pick(("MaxPool", "AveragePool"))
    g.add(operator, [x], (n, channels, *sizes), kernel_shape=kernel, strides=stride)


def global_pool(g: Graph) -> None:
    x = g.operand(3, 4)
    if x:
        shape = (*g.shapes[x][:2], *(1 for _ in g.shapes[x][2:]))
        g.add(g.pick(("GlobalAveragePool", "GlobalMaxPool")), [x], shape)


def batch_norm(g: Graph) -> None:
    x = g.operand(2, 3, 4)
    if x:
        count = g.shapes[x][1]
        generator = np.random.default_rng(count)
        positive = generator.uniform(0.5, 2, (2, count)).astype(np.float32)
        scale, variance = g.tensor(positive[0]), g.tensor(positive[1])
        inputs = [x, scale, g.weight((count,)), g.weight((count,)), variance]
        g.add("BatchNormalization", inputs, g.shapes[x], epsilon=1e-3)


def layer_norm(g: Graph) -> None:
    x = g.operand(2, 3, 4)
    if x and g.shapes[x][-1] > 1:
        shape = g.shapes[x][-1:]
        inputs = [x, g.weight(shape), g.weight(shape)]
        g.add("LayerNormalization", inputs, g.shapes[x], axis=-1, epsilon=0.1)


def softmax(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if x:
        rank = len(g.shapes[x])
        operator = g.pick(("Softmax", "LogSoftmax"))
        g.add(operator, [x], g.shapes[x], axis=g.number(-rank, rank - 1))


def transpose(g: Graph) -> None:
    x = g.operand(2, 3, 4)
    if x:
        order: list[int] = g.draw(st.permutations(range(len(g.shapes[x]))))
        g.add("Transpose", [x], [g.shapes[x][axis] for axis in order], perm=list(order))


def reshape(g: Graph) -> None:
    x = g.operand()
    if not x:
        return
    shape = g.shapes[x]
    count = int(np.prod(shape))
    low = g.pick([d for d in range(1, 9) if count % d == 0])
    target = g.pick(((count,), (low, count // low), (1, low, count // low), (low, 1, -1)))
    g.add("Reshape", [x, g.integers(*target)], [count // low if d == -1 else d for d in target])


def reshape_by_shape(g: Graph) -> None:
    """Reshape to what Shape, Gather and Concat compute: exporters write this."""
    x = g.operand(2, 3, 4)
    if x:
        first, *rest = g.shapes[x]
        [shape] = g.add("Shape", [x], ())
        [batch] = g.add("Gather", [shape, g.integers(0)], (), axis=0)
        [target] = g.add("Concat", [batch, g.integers(-1)], (), axis=0)
        for name in (shape, batch, target):
            del g.shapes[name]  # integers
        g.add("Reshape", [x, target], (first, int(np.prod(rest))))


def flatten(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if x:
        axis = g.number(0, len(g.shapes[x]))
        shape = g.shapes[x]
        g.add(
            "Flatten",
            [x],
            (np.prod(shape[:axis], dtype=int), np.prod(shape[axis:], dtype=int)),
            axis=axis,
        )


def unsqueeze(g: Graph) -> None:
    x = g.operand(0, 1, 2, 3)
    if x:
        axis = g.number(0, len(g.shapes[x]))
        shape = list(g.shapes[x])
        shape.insert(axis, 1)
        g.add("Unsqueeze", [x, g.integers(axis)], shape)


def squeeze(g: Graph) -> None:
    ones = [name for name, shape in g.shapes.items() if 1 in shape]
    if ones:
        x = g.pick(ones)
        shape = list(g.shapes[x])
        axis = shape.index(1)
        del shape[axis]
        g.add("Squeeze", [x, g.integers(axis)], shape)


def concat(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if not x:
        return
    shape = g.shapes[x]
    axis = g.number(0, len(shape) - 1)
    fits = [
        n
        for n, s in g.shapes.items()
        if len(s) == len(shape) and s[:axis] == shape[:axis] and s[axis + 1 :] == shape[axis + 1 :]
    ]
    chosen = [x, *(g.pick(fits) for _ in range(g.number(0, 2)))]
    total = sum(g.shapes[name][axis] for name in chosen)
    if int(np.prod(shape)) // max(shape[axis], 1) * total <= LARGEST:
        g.add("Concat", chosen, (*shape[:axis], total, *shape[axis + 1 :]), axis=axis)


def split(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if not x:
        return
    shape = g.shapes[x]
    axis = g.number(0, len(shape) - 1)
    if shape[axis] > 1:
        first = g.number(1, shape[axis] - 1)
        sizes = (first, shape[axis] - first)
        shapes = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
        g.add("Split", [x, g.integers(*sizes)], *shapes, axis=axis)


def slice_(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if not x:
        return
    shape = g.shapes[x]
    axis = g.number(0, len(shape) - 1)
    size = shape[axis]
    start = g.number(0, size - 1)
    step = g.number(1, 2)
    end = g.number(start + 1, size + 2)
    count = len(range(size)[start:end:step])
    inputs = [x, *(g.integers(value) for value in (start, end, axis, step))]
    g.add("Slice", inputs, (*shape[:axis], count, *shape[axis + 1 :]))


def pad(g: Graph) -> None:
    x = g.operand(2, 3, 4)
    if x:
        shape = g.shapes[x]
        before = [g.number(0, 1) for _ in shape]
        after = [g.number(0, 1) for _ in shape]
        total = [s + a + b for s, a, b in zip(shape, before, after, strict=True)]
        if np.prod(total) <= LARGEST:
            g.add("Pad", [x, g.integers(*before, *after)], total)


def tile(g: Graph) -> None:
    x = g.operand(1, 2, 3)
    if x:
        repeats = [g.number(1, 2) for _ in g.shapes[x]]
        total = [s * r for s, r in zip(g.shapes[x], repeats, strict=True)]
        if np.prod(total) <= LARGEST:
            g.add("Tile", [x, g.integers(*repeats)], total)


def expand(g: Graph) -> None:
    x = g.operand(1, 2)
    if x:
        target = (g.number(1, 3), *g.shapes[x])
        if np.prod(target) <= LARGEST:
            g.add("Expand", [x, g.integers(*target)], target)


def gather(g: Graph) -> None:
    x = g.operand(1, 2, 3)
    if x:
        shape = g.shapes[x]
        axis = g.number(0, len(shape) - 1)
        indices = [g.number(-shape[axis], shape[axis] - 1) for _ in range(g.number(1, 3))]
        new = (*shape[:axis], len(indices), *shape[axis + 1 :])
        g.add("Gather", [x, g.integers(*indices)], new, axis=axis)


def reduce(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if not x:
        return
    shape = g.shapes[x]
    axes = g.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    keep = g.number(0, 1)
    new = [1 if a in axes else s for a, s in enumerate(shape) if keep or a not in axes]
    operator = g.pick(("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"))
    g.add(operator, [x, g.integers(*axes)], new, keepdims=keep)


def clip(g: Graph) -> None:
    x = g.operand()
    if x:
        bounds = g.tensor(np.array(-1, np.float32)), g.tensor(np.array(1.5, np.float32))
        g.add("Clip", [x, *bounds], g.shapes[x])


def through_double(g: Graph) -> None:
    x = g.operand()
    if x:
        [wide] = g.add("Cast", [x], g.shapes[x], to=TensorProto.DOUBLE)
        del g.shapes[wide]
        g.add("Cast", [wide], g.shapes[x], to=TensorProto.FLOAT)


def constant(g: Graph) -> None:
    """A value that can be folded."""
    shape = (g.number(1, 3), g.number(1, 24))
    g.add("Tanh", [g.weight(shape)], shape)


STEPS: tuple[Step, ...] = (
    *(unary, unary, binary, binary, scaled, variadic, matmul, gemm, conv, conv, pool, global_pool),
    *(batch_norm, layer_norm, softmax, transpose, reshape, reshape_by_shape, flatten, unsqueeze),
    *(squeeze, concat, split, slice_, pad, tile, expand, gather, reduce, clip, through_double),
    constant,
)
"""The table of operators."""

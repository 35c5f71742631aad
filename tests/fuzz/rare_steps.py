"""Steps of operators beyond the everyday ones: what exporters decompose, loops, small types, ML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from graph import LARGEST, Graph
from onnx import NodeProto, TensorProto, helper
from steps import Step

SMALL_TYPES = (*(TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.INT8, TensorProto.INT32),)
SINCE_19 = (*SMALL_TYPES, TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E5M2)


def given(g: Graph, *ranks: int) -> str | None:
    """An input of one of the ranks: its bits are the same however a graph is compiled."""
    names = [n for n, s in g.shapes.items() if n.startswith("in.") and len(s) in ranks]
    return g.pick(names) if names else None


def hidden(g: Graph, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
    """The result of a node that no step may read: integers, or of another type."""
    [name] = g.add(operator, inputs, (), **attributes)
    del g.shapes[name]
    return name


def layers(g: Graph) -> None:
    """Equal blocks, one after the other."""
    x = g.operand(2, 3)
    if not x:
        return
    width, residual, activation = g.shapes[x][-1], g.number(0, 1), g.pick(("Relu", "Tanh"))
    for _ in range(g.number(2, 3)):
        weight = g.weight((width, width), width**-0.5)
        [y] = g.add("MatMul", [x, weight], g.shapes[x])
        [y] = g.add("Add", [y, g.weight((width,))], g.shapes[x])
        [y] = g.add(activation, [y], g.shapes[x])
        x = g.add("Add", [x, y], g.shapes[x])[0] if residual else y


def convolutions(g: Graph) -> None:
    """Conv, BatchNormalization, activation: two or three times."""
    x = g.operand(4)
    if not x:
        return
    shape = g.shapes[x]
    channels = shape[1]
    generator = np.random.default_rng(channels)
    activation = g.pick(("Relu", "LeakyRelu", "HardSwish", "Sigmoid"))
    for _ in range(g.number(2, 3)):
        weight = g.weight((channels, channels, 3, 3), (9 * channels) ** -0.5)
        [x] = g.add("Conv", [x, weight], shape, pads=[1, 1, 1, 1])
        positive = generator.uniform(0.5, 2, (2, channels)).astype(np.float32)
        scale, variance = g.tensor(positive[0]), g.tensor(positive[1])
        norm = [x, scale, g.weight((channels,)), g.weight((channels,)), variance]
        [x] = g.add("BatchNormalization", norm, shape)
        [x] = g.add(activation, [x], shape)


def conv_transpose(g: Graph) -> None:
    x = g.operand(4)
    if x:
        n, channels, height, width = g.shapes[x]
        shape = (n, 2, 2 * height, 2 * width)
        if np.prod(shape) <= LARGEST:
            weight = g.weight((channels, 2, 2, 2), channels**-0.5)
            g.add("ConvTranspose", [x, weight], shape, strides=[2, 2])


def resize(g: Graph) -> None:
    x = g.operand(4)
    if x:
        n, channels, height, width = g.shapes[x]
        shape = (n, channels, 2 * height, 2 * width)
        if np.prod(shape) <= LARGEST:
            scales = g.tensor(np.array([1, 1, 2, 2], np.float32))
            mode = g.pick(("nearest", "linear"))
            g.add("Resize", [x, "", scales], shape, mode=mode)


def gelu(g: Graph) -> None:
    """As exporters decompose it."""
    x = g.operand()
    if not x:
        return
    shape = g.shapes[x]
    root, one, half = (g.tensor(np.array(v, np.float32)) for v in (2**0.5, 1, 0.5))
    [y] = g.add("Div", [x, root], shape)
    [y] = g.add("Erf", [y], shape)
    [y] = g.add("Add", [y, one], shape)
    [y] = g.add("Mul", [x, y], shape)
    [y] = g.add("Mul", [y, half], shape)
    g.add("Tanh", [y], shape)


def decomposed_layer_norm(g: Graph) -> None:
    x = g.operand(2, 3)
    if not x:
        return
    shape = g.shapes[x]
    row = (*shape[:-1], 1)
    two, epsilon = (g.tensor(np.array(v, np.float32)) for v in (2, 0.1))
    last = g.integers(-1)
    [mean] = g.add("ReduceMean", [x, last], row)
    [centered] = g.add("Sub", [x, mean], shape)
    [square] = g.add("Pow", [centered, two], shape)
    [variance] = g.add("ReduceMean", [square, last], row)
    [stable] = g.add("Add", [variance, epsilon], row)
    [deviation] = g.add("Sqrt", [stable], row)
    [normal] = g.add("Div", [centered, deviation], shape)
    [scaled] = g.add("Mul", [normal, g.weight(shape[-1:])], shape)
    g.add("Add", [scaled, g.weight(shape[-1:])], shape)
    for name in (square, variance, stable, deviation):
        del g.shapes[name]


def attention(g: Graph) -> None:
    """softmax(x·xᵀ·s)·x."""
    x = g.operand(3, 4)
    if not x:
        return
    *rest, length, width = g.shapes[x]
    rank = len(rest) + 2
    order = [*range(rank - 2), rank - 1, rank - 2]
    if int(np.prod(rest)) * length * length > LARGEST:
        return
    scores = (*rest, length, length)
    scale = g.tensor(np.array(0.25 / width, np.float32))
    [keys] = g.add("Transpose", [x], (*rest, width, length), perm=order)
    [product] = g.add("MatMul", [x, keys], scores)
    [scaled] = g.add("Mul", [product, scale], scores)
    [weights] = g.add("Softmax", [scaled], scores, axis=-1)
    g.add("MatMul", [weights, x], g.shapes[x])
    del g.shapes[product], g.shapes[scaled]  # squares of values


def recurrent(g: Graph) -> None:
    x = g.operand(3)
    if not x:
        return
    length, batch, width = g.shapes[x]
    size, operator = g.number(1, 4), g.pick(("RNN", "GRU", "LSTM"))
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[operator] * size
    weights = [g.weight((1, gates, n), n**-0.5) for n in (width, size)]
    shapes = [(length, 1, batch, size), (1, batch, size)]
    g.add(operator, [x, *weights, g.weight((1, 2 * gates))], *shapes, hidden_size=size)


def where(g: Graph) -> None:
    """x where x > 0, else a tenth of it."""
    x = g.operand()
    if x:
        zero, tenth = (g.tensor(np.array(v, np.float32)) for v in (0, 0.1))
        condition = hidden(g, "Greater", [x, zero])
        [small] = g.add("Mul", [x, tenth], g.shapes[x])
        g.add("Where", [condition, x, small], g.shapes[x])


def flatten_by_shape(g: Graph) -> None:
    """The first two dimensions become one, whatever they are."""
    x = g.operand(3, 4)
    if x:
        first, second, *rest = g.shapes[x]
        shape = hidden(g, "Shape", [x])
        sizes = [hidden(g, "Gather", [shape, g.integers(axis)], axis=0) for axis in (0, 1)]
        product = hidden(g, "Mul", sizes)
        others = [hidden(g, "Gather", [shape, g.integers(a + 2)], axis=0) for a in range(len(rest))]
        target = hidden(g, "Concat", [product, *others], axis=0)
        g.add("Reshape", [x, target], (first * second, *rest))


def half_by_shape(g: Graph) -> None:
    """The first half of an axis."""
    x = g.operand(1, 2, 3, 4)
    if not x:
        return
    shape, axis = list(g.shapes[x]), g.number(0, len(g.shapes[x]) - 1)
    if shape[axis] >= 2:
        sizes = hidden(g, "Shape", [x])
        size = hidden(g, "Gather", [sizes, g.integers(axis)], axis=0)
        end = hidden(g, "Div", [size, g.integers(2)])
        shape[axis] //= 2
        g.add("Slice", [x, g.integers(0), end, g.integers(axis)], shape)


def filled_by_shape(g: Graph) -> None:
    """x plus a constant of its shape."""
    x = g.operand(1, 2, 3)
    if x:
        sizes = hidden(g, "Shape", [x])
        value = helper.make_tensor("", TensorProto.FLOAT, [1], [0.5])
        [filled] = g.add("ConstantOfShape", [sizes], g.shapes[x], value=value)
        g.add("Add", [x, filled], g.shapes[x])


def branch(g: Graph) -> None:
    """An If on the sum of an input."""
    x, chooser = g.operand(), given(g, 1, 2, 3, 4)
    if not x or not chooser:
        return
    total = hidden(g, "ReduceSum", [chooser], keepdims=0)
    condition = hidden(g, "Greater", [total, g.tensor(np.array(0, np.float32))])
    shape = g.shapes[x]
    branches = {
        name: body([helper.make_node(operator, [x], ["result"])], [], [("result", shape)])
        for name, operator in (("then_branch", "Tanh"), ("else_branch", "Neg"))
    }
    g.add("If", [condition], shape, **branches)
    g.read.add(x)


def loop(g: Graph) -> None:
    """v = tanh(v + x), a few times."""
    x = g.operand()
    if not x:
        return
    shape = g.shapes[x]
    nodes = [
        helper.make_node("Identity", ["going"], ["go_on"]),
        helper.make_node("Add", ["value", x], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["next"]),
    ]
    inputs = [
        helper.make_tensor_value_info("step", TensorProto.INT64, []),
        helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        helper.make_tensor_value_info("value", TensorProto.FLOAT, shape),
    ]
    graph = body(nodes, inputs, [("go_on", None), ("next", shape)])
    trips, going = g.tensor(np.array(g.number(1, 3), np.int64)), g.tensor(np.array(True))
    g.add("Loop", [trips, going, x], shape, body=graph)


def scan(g: Graph) -> None:
    """s = tanh(s + x[t]), along the first axis."""
    x = g.operand(2, 3)
    if not x:
        return
    rest = g.shapes[x][1:]
    nodes = [
        helper.make_node("Add", ["state", "element"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["next"]),
        helper.make_node("Neg", ["next"], ["row"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, rest)
        for name in ("state", "element")
    ]
    graph = body(nodes, inputs, [("next", rest), ("row", rest)])
    g.add("Scan", [g.weight(rest), x], rest, g.shapes[x], body=graph, num_scan_inputs=1)


def body(nodes: list[NodeProto], inputs: list[Any], outputs: list[tuple[str, Any]]) -> Any:
    """A graph inside a node; an output without a shape is a condition."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.BOOL, [])
        if shape is None
        else helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in outputs
    ]
    return helper.make_graph(nodes, "body", inputs, values)


def through_small_type(g: Graph) -> None:
    x = given(g, 1, 2, 3, 4)
    if x:
        small = hidden(g, "Cast", [x], to=g.pick(SMALL_TYPES if g.opset < 19 else SINCE_19))
        g.add("Cast", [small], g.shapes[x], to=TensorProto.FLOAT)


def quantized(g: Graph) -> None:
    x = given(g, 1, 2, 3, 4)
    if x:
        scale = g.tensor(np.array(0.0371, np.float32))
        kinds = (np.int8,) if g.opset < 21 else (np.int8, np.int16)
        zero = g.tensor(np.array(g.number(-3, 3), g.pick(kinds)))
        small = hidden(g, "QuantizeLinear", [x, scale, zero])
        g.add("DequantizeLinear", [small, scale, zero], g.shapes[x])


def fourier(g: Graph) -> None:
    """A one-sided or a whole transform of a real signal."""
    x = g.operand(2)
    if not x:
        return
    rows, length = g.shapes[x]
    onesided = g.number(0, 1)
    count = length // 2 + 1 if onesided else length
    scale = g.tensor(np.array(1 / length, np.float32))
    [signal] = g.add("Unsqueeze", [x, g.integers(2)], (rows, length, 1))
    if g.opset < 20:
        [found] = g.add("DFT", [signal], (rows, count, 2), onesided=onesided, axis=1)
    else:
        axis = g.tensor(np.array(1, np.int64))
        [found] = g.add("DFT", [signal, "", axis], (rows, count, 2), onesided=onesided)
    g.add("Mul", [found, scale], (rows, count, 2))
    del g.shapes[found]


def learned(g: Graph) -> None:
    """What scikit-learn's converters write."""
    x = g.operand(2)
    if not x:
        return
    shape = g.shapes[x]
    rows, width = shape
    numbers = np.random.default_rng(width).standard_normal(2 * width).tolist()
    match g.number(0, 3):
        case 0:
            offset, scale = numbers[:width], numbers[width:]
            g.add("Scaler", [x], shape, domain="ai.onnx.ml", offset=offset, scale=scale)
        case 1:
            g.add("Normalizer", [x], shape, domain="ai.onnx.ml", norm=g.pick(("L1", "L2")))
        case 2:
            fitted = {"coefficients": numbers, "intercepts": [0.5, -0.5], "targets": 2}
            g.add("LinearRegressor", [x], (rows, 2), domain="ai.onnx.ml", **fitted)
        case _:
            widths = {"inputdimensions": [width, width]}
            g.add("FeatureVectorizer", [x, x], (rows, 2 * width), domain="ai.onnx.ml", **widths)


def trees(g: Graph) -> None:
    """Two trees of one decision, of an input: which way it goes is no matter of rounding."""
    x = given(g, 2)
    if x:
        rows, width = g.shapes[x]
        shape = {
            "nodes_treeids": [0, 0, 0, 1, 1, 1],
            "nodes_nodeids": [0, 1, 2, 0, 1, 2],
            "nodes_featureids": [g.number(0, width - 1), 0, 0, g.number(0, width - 1), 0, 0],
            "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"],
            "nodes_values": [0.1, 0.0, 0.0, -0.3, 0.0, 0.0],
            "nodes_truenodeids": [1, 0, 0, 1, 0, 0],
            "nodes_falsenodeids": [2, 0, 0, 2, 0, 0],
            "target_treeids": [0, 0, 1, 1],
            "target_nodeids": [1, 2, 1, 2],
            "target_ids": [0, 0, 0, 0],
            "target_weights": [1.0, -1.0, 0.25, 0.5],
            "n_targets": 1,
        }
        g.add("TreeEnsembleRegressor", [x], (rows, 1), domain="ai.onnx.ml", **shape)


def largest(g: Graph) -> None:
    """The largest values of the last axis, in order."""
    x = g.operand(1, 2, 3)
    if x:
        *rest, width = g.shapes[x]
        count = g.number(1, width)
        _, indices = g.add("TopK", [x, g.integers(count)], (*rest, count), (*rest, count))
        del g.shapes[indices]


def einsum(g: Graph) -> None:
    x = g.operand(2)
    if x:
        rows, inner = g.shapes[x]
        weight = g.weight((inner, 3), inner**-0.5)
        g.add("Einsum", [x, weight], (3, rows), equation="ij,jk->ki")


def instance_norm(g: Graph) -> None:
    x = g.operand(3, 4)
    if x:
        count = g.shapes[x][1:2]
        inputs = [x, g.weight(count), g.weight(count)]
        g.add("InstanceNormalization", inputs, g.shapes[x], epsilon=0.1)


def prelu(g: Graph) -> None:
    x = g.operand(1, 2, 3, 4)
    if x:
        g.add("PRelu", [x, g.weight(g.shapes[x][-1:])], g.shapes[x])


RARE_STEPS: tuple[Step, ...] = (
    *(layers, convolutions, conv_transpose, resize, gelu, decomposed_layer_norm, attention),
    *(recurrent, where, flatten_by_shape, half_by_shape, filled_by_shape, branch, loop, scan),
    *(through_small_type, quantized, fourier, learned, trees, largest, einsum, instance_norm),
    prelu,
)
"""The table of the rarer operators."""

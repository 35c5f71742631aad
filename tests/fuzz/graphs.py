"""Random valid graphs, as a hypothesis strategy over a table of operators with their shapes."""

from __future__ import annotations

from graph import Draw, Graph, Shape
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper
from rare_steps import RARE_STEPS
from steps import STEPS

SHAPES: tuple[Shape, ...] = (
    *((2, 3, 8, 8), (1, 4, 5, 6), (2, 4, 7), (1, 3, 9), (4, 6), (1, 12), (3, 5), (8,), (2, 3, 4)),
)


@st.composite
def models(draw: Draw, most: int = 14, batched: bool = False, sized: bool = True) -> ModelProto:
    """A valid model: one to three inputs, up to `most` steps, its unread values are outputs.

    batched: the first axis of every input and output is as long as that of the first input.
    sized: whether the inputs' dimensions are numbers; else each has a name.
    """
    g = Graph(draw)
    first = g.pick(SHAPES)
    g.shapes["in.0"] = first
    for index in range(1, g.number(1, 3)):
        shape = g.pick(SHAPES)
        g.shapes[f"in.{index}"] = (first[0], *shape[1:]) if batched else shape
    inputs = dict(g.shapes)
    for _ in range(g.number(1, most)):
        g.pick(g.pick((STEPS, STEPS, RARE_STEPS)))(g)
    outputs = {n: s for n, s in g.shapes.items() if n not in g.read and n not in inputs}
    if batched:
        outputs = {n: s for n, s in outputs.items() if s[:1] == first[:1]}
    if not outputs:
        [name] = g.add("Relu", ["in.0"], first)
        outputs = {name: first}
    return model_of(g, inputs, outputs, sized)


def model_of(
    g: Graph, inputs: dict[str, Shape], outputs: dict[str, Shape], sized: bool
) -> ModelProto:
    """The graph as a model; the sizes of the inputs are metadata."""

    def dims(name: str, shape: Shape) -> list[int | str] | None:
        if sized:
            return list(shape)
        return [f"{name}.{axis}" for axis in range(len(shape))] if name in inputs else None

    ins, outs = (
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, dims(name, shape))
            for name, shape in side.items()
        ]
        for side in (inputs, outputs)
    )
    graph = helper.make_graph(g.nodes, "drawn", ins, outs, g.weights)
    opsets = [helper.make_opsetid("", g.opset), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    for name, shape in inputs.items():
        model.metadata_props.add(key=name, value=" ".join(map(str, shape)))
    return model

"""infer-shapes: types get more precise, never less."""

from __future__ import annotations

import onnx.parser
import pytest
from xdsl.context import Context

from ramiel.errors import RamielError
from ramiel.frontend import lift_model
from ramiel.frontend.types import from_proto
from ramiel.remarks import collected
from ramiel.tensors import dims_of
from ramiel.transforms.infer_shapes import InferShapes, parse_sizes
from ramiel.transforms.type_inference import refined, reshaped_dims
from tests.unit.transforms.pipelines import apply


def type_of(*dims: int | str | None):
    """A float32 tensor's type."""
    return from_proto(onnx.helper.make_tensor_type_proto(1, dims))


@pytest.mark.parametrize(
    ("declared", "inferred", "expected"),
    [
        ((2, "n"), ("batch", 3), [2, 3]),
        (("n", None), (None, "m"), ["n", "m"]),
        (("n",), ("m",), ["n"]),
        ((2, 3), (2, 4), [2, 4]),
        ((2, 3), (6,), [6]),
    ],
)
def test_two_types_say_together(
    declared: tuple[int | str | None, ...],
    inferred: tuple[int | str | None, ...],
    expected: list[int | str],
) -> None:
    assert dims_of(refined(type_of(*declared), type_of(*inferred))) == expected


@pytest.mark.parametrize(
    ("operand", "target", "expected"),
    [
        (("n", "m", 48), [0, 0, 4, -1], ["n", "m", 4, 12]),
        (("n", 4, "m"), [0, -1], ["n", ""]),
        (("n", 6), [-1, 3], None),
        ((2,), [1, 0], None),
    ],
)
def test_reshape_that_copies_dynamic_dimensions(
    operand: tuple[int | str, ...], target: list[int], expected: list[int | str] | None
) -> None:
    assert reshaped_dims(type_of(*operand), target) == expected


def test_sizes() -> None:
    assert parse_sizes(("batch=1", "a=b=2")) == {"batch": 1, "a=b": 2}
    for entry in ("batch", "batch=", "=1", "batch=-1"):
        with pytest.raises(RamielError, match="fixes no dimension"):
            parse_sizes((entry,))


MODEL = """<ir_version: 8, opset_import: ["": 18]>
g (float[batch,3] x) => (float[m,3] y, int64[k] s) { y = Relu (x)  s = Shape (y) }"""


def test_fixed_dimension_reaches_every_type() -> None:
    module = lift_model(onnx.parser.parse_model(MODEL), "model")
    InferShapes(("batch=7",)).apply(Context(), module)
    graph = apply(module)
    assert dims_of(graph.arguments[0].type) == [7, 3]
    assert [dims_of(type) for type in graph.function_type.outputs] == [[7, 3], [2]]


def test_unknown_dimension_is_named() -> None:
    module = lift_model(onnx.parser.parse_model(MODEL), "model")
    with pytest.raises(RamielError, match="no input of @model has a dimension 'height'"):
        InferShapes(("height=7",)).apply(Context(), module)


def test_contradiction_is_a_remark_and_inference_wins() -> None:
    source = onnx.parser.parse_model(MODEL.replace("float[m,3] y", "float[batch,3] y"))
    module = lift_model(source, "model")
    graph = apply(module)
    relu = next(iter(graph.block.ops)).results[0]
    from ramiel.transforms.type_inference import set_type

    set_type(relu, type_of("batch", 4))
    graph.function_type = type(graph.function_type).from_lists(
        graph.function_type.inputs.data, list(graph.output.values.types)
    )
    with collected() as remarks:
        apply(module, "infer-shapes")
    assert dims_of(graph.output.values[0].type) == ["batch", 3]
    assert len(remarks) == 1 and "which should be" in remarks[0]

"""ai.onnx.ml and ai.onnx.preview.training against ONNX's reference and onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

import ramiel.onnx_backend as backend
from ramiel.errors import RamielError

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.standard_normal((6, 3)).astype(np.float32)
WORDS = np.array(["a", "b", "zzz"], object)


def model_of(
    operator: str, inputs: list[Any], outputs: int, version: int, **attributes: Any
) -> Any:
    """A model of one node of ai.onnx.ml; the shapes of its outputs are left open."""
    names = [f"x{index}" for index in range(len(inputs))]
    results = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(operator, names, results, domain="ai.onnx.ml", **attributes)
    values = [
        helper.make_tensor_value_info(
            name,
            onnx.TensorProto.STRING
            if array.dtype == object
            else helper.np_dtype_to_tensor_dtype(array.dtype),
            array.shape,
        )
        for name, array in zip(names, inputs, strict=True)
    ]
    empty = [onnx.ValueInfoProto(name=name) for name in results]
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)]
    model = helper.make_model(
        helper.make_graph([node], "g", values, empty), opset_imports=imports, ir_version=9
    )
    return onnx.shape_inference.infer_shapes(model)


def check(
    operator: str, inputs: list[Any], outputs: int = 1, version: int = 3, **attributes: Any
) -> None:
    """Ramiel gives what both evaluators give, where onnxruntime has the operator."""
    model = model_of(operator, inputs, outputs, version, **attributes)
    found = list(backend.run_model(model, inputs))
    named = {f"x{index}": array for index, array in enumerate(inputs)}
    oracles: list[Any] = [ReferenceEvaluator(model).run(None, named)]
    oracles.append(onnxruntime.InferenceSession(model.SerializeToString()).run(None, named))
    for expected in oracles:
        for ours, theirs in zip(found, expected, strict=True):
            theirs = np.asarray(theirs)
            assert ours.shape == theirs.shape
            if theirs.dtype.kind in "OU":
                assert ours.tolist() == theirs.tolist()
            else:
                assert ours.dtype == theirs.dtype
                np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Binarizer", {"threshold": 0.1}),
        ("Scaler", {"offset": [0.5], "scale": [2.0]}),
        ("Scaler", {"offset": [0.5, 1.0, 2.0], "scale": [2.0, 0.1, 3.0]}),
        ("Normalizer", {"norm": "L1"}),
        ("LinearRegressor", {"coefficients": [0.5, 1.0, 2.0], "intercepts": [1.0]}),
        (
            "LinearRegressor",
            {"coefficients": [0.5, 1.0, 2.0] * 2, "intercepts": [1.0, 2.0], "targets": 2},
        ),
        (
            "Imputer",
            {"imputed_value_floats": [1.0, 2.0, 3.0], "replaced_value_float": float(ROWS[0, 0])},
        ),
    ],
    ids=str,
)
def test_features(operator: str, attributes: dict[str, Any]) -> None:
    check(operator, [ROWS], **attributes)


@pytest.mark.parametrize("norm", ["MAX", "L2"])
def test_norms_of_positive_rows(norm: str) -> None:
    check("Normalizer", [np.abs(ROWS)], norm=norm)


def test_missing_numbers_are_imputed() -> None:
    x = ROWS.copy()
    x[1, 2] = x[3, 0] = np.nan
    check("Imputer", [x], imputed_value_floats=[7.5], replaced_value_float=float("nan"))
    numbers = np.array([[1, -1], [-1, 4]], np.int64)
    check("Imputer", [numbers], imputed_value_int64s=[8, 9], replaced_value_int64=-1)


@pytest.mark.parametrize(
    "features",
    [
        "Scaler <offset: floats = [1.0, 2.0, 3.0], scale: floats = [1.0, -2.0, 3.0]> (x)",
        'Normalizer <norm: string = "L1"> (x)',
        "Imputer <imputed_value_floats: floats = [1.0, 2.0, 3.0]> (x)",
    ],
)
def test_what_follows_features_of_unknown_size_knows_their_rank(features: str) -> None:
    """ONNX infers no type for them, and a BatchNormalization needs the rank of its operand."""
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["": 18, "ai.onnx.ml": 3]>'
        "g (float[rows,columns] x, float[3] s) => (float[n,m] y) {"
        f"f = ai.onnx.ml.{features} y = BatchNormalization (f, s, s, s, s) }}"
    )
    scale = np.array([0.5, 1.5, 2.5], np.float32)
    session: Any = onnxruntime.InferenceSession(model.SerializeToString())
    [expected] = session.run(None, {"x": ROWS, "s": scale})
    [found] = backend.run_model(model, [ROWS, scale])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_features_are_joined_and_extracted() -> None:
    check("FeatureVectorizer", [ROWS, ROWS[:, :2]], version=1, inputdimensions=[3, 2])
    check("ArrayFeatureExtractor", [ROWS, np.array([2, 0], np.int64)], version=1)
    check("ArrayFeatureExtractor", [ROWS[0], np.array([2, 0], np.int64)], version=1)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
@pytest.mark.parametrize("names", [{"classlabels_ints": [3, 5, 4]}, {"classlabels_strings": "abc"}])
def test_linear_classifier(transform: str, names: dict[str, Any]) -> None:
    weights = GENERATOR.standard_normal(9).tolist()
    labels: dict[str, Any] = {name: list(value) for name, value in names.items()}
    check(
        "LinearClassifier",
        [ROWS],
        2,
        coefficients=weights,
        intercepts=[0.1, 0.2, 0.3],
        post_transform=transform,
        **labels,
    )


def test_labels() -> None:
    check(
        "LabelEncoder",
        [WORDS],
        keys_strings=["b", "a"],
        values_int64s=[5, 6],
        default_int64=9,
    )
    check("LabelEncoder", [WORDS], keys_strings=["a", "b"], values_strings=["x", "y"])
    x = np.array([1.5, np.nan, 7.0], np.float32)
    model = model_of(
        "LabelEncoder", [x], 1, 3, keys_floats=[float("nan"), 1.5], values_strings=["n", "m"]
    )
    assert backend.run_model(model, [x])[0].tolist() == ["m", "n", "_Unused"]


def test_categories() -> None:
    categories: dict[str, Any] = {"cats_strings": ["a", "b"], "cats_int64s": [7, 8]}
    model = model_of("CategoryMapper", [WORDS], 1, 1, **categories)
    assert backend.run_model(model, [WORDS])[0].tolist() == [7, 8, -1]
    numbers = np.array([8, 1], np.int64)
    model = model_of("CategoryMapper", [numbers], 1, 1, default_string="?", **categories)
    assert backend.run_model(model, [numbers])[0].tolist() == ["b", "?"]
    check("OneHotEncoder", [np.array([7, 9], np.int64)], cats_int64s=[7, 8, 9])
    check("OneHotEncoder", [WORDS], cats_strings=["a", "b"])


NODES: dict[str, Any] = {
    "nodes_treeids": [0] * 5 + [1] * 3,
    "nodes_nodeids": [0, 1, 2, 3, 4, 0, 1, 2],
    "nodes_featureids": [0, 2, 0, 0, 0, 1, 0, 0],
    "nodes_values": [0.1, -0.2, 0, 0, 0, 0.3, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "BRANCH_GT", *["LEAF"] * 3, "BRANCH_LT", "LEAF", "LEAF"],
    "nodes_truenodeids": [1, 3, 0, 0, 0, 1, 0, 0],
    "nodes_falsenodeids": [2, 4, 0, 0, 0, 2, 0, 0],
    "nodes_missing_value_tracks_true": [1, 0, 0, 0, 0, 0, 0, 0],
}
LEAVES = {"treeids": [0, 0, 0, 1, 1], "nodeids": [2, 3, 4, 1, 2]}


@pytest.mark.parametrize("function", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_regression_trees(function: str) -> None:
    x = np.concatenate([ROWS, [[np.nan, 1, 0], [0, np.nan, np.nan]]]).astype(np.float32)
    leaves = {f"target_{name}": value for name, value in LEAVES.items()}
    weights = {"target_ids": [0] * 5, "target_weights": [0.5, -1.0, 2.0, 0.25, 3.0]}
    attributes: dict[str, Any] = {
        **NODES,
        **leaves,
        **weights,
        "base_values": [0.5],
        "n_targets": 1,
    }
    check("TreeEnsembleRegressor", [x], aggregate_function=function, **attributes)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_classification_trees(transform: str) -> None:
    leaves = {f"class_{name}": value for name, value in LEAVES.items()}
    weights = {"class_ids": [0, 1, 2, 1, 0], "class_weights": [0.5, 1.0, 2.0, 0.25, 3.0]}
    names = {"classlabels_int64s": [4, 5, 6]}
    attributes: dict[str, Any] = {**NODES, **leaves, **weights, **names}
    check("TreeEnsembleClassifier", [ROWS], 2, post_transform=transform, **attributes)


@pytest.mark.parametrize(("transform", "sign"), [("NONE", 1), ("LOGISTIC", -1)])
def test_trees_of_two_classes(transform: str, sign: int) -> None:
    leaves = {f"class_{name}": value for name, value in LEAVES.items()}
    scores = [0.1, sign * 0.3, 0.2, sign * 0.25, 0.4]
    weights = {"class_ids": [0] * 5, "class_weights": scores, "classlabels_int64s": [0, 1]}
    attributes: dict[str, Any] = {**NODES, **leaves, **weights, "post_transform": transform}
    check("TreeEnsembleClassifier", [ROWS], 2, **attributes)


def test_what_evaluators_disagree_on_is_refused() -> None:
    leaves = {f"class_{name}": value for name, value in LEAVES.items()}
    weights = {"class_ids": [0] * 5, "class_weights": [1.0] * 5, "classlabels_int64s": [0, 1]}
    attributes: dict[str, Any] = {**NODES, **leaves, **weights, "post_transform": "SOFTMAX"}
    with pytest.raises(RamielError, match="evaluators differ"):
        backend.run_model(model_of("TreeEnsembleClassifier", [ROWS], 2, 3, **attributes), [ROWS])

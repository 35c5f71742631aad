"""Ensembles of decision trees: TreeEnsemble, TreeEnsembleRegressor, TreeEnsembleClassifier.

The nodes of all trees stand in one table; every row of the input walks down all trees at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import SSAValue

from ramiel import tensors
from ramiel.dialects.onnx_operation import OnnxOperation
from ramiel.operators.emitter import Emitter
from ramiel.operators.encoding import ML
from ramiel.operators.features import floats, labels_of, transformed
from ramiel.operators.numbers import cast
from ramiel.operators.registry import Values, callee, meaning
from ramiel.tensors import Array

callee(
    "operators.find_leaves",
    "x, features, splits, modes, children, missing, roots, depth",
    helper="trees.find_leaves",
)
callee(
    "operators.aggregate_leaves", "leaves, weights, function='SUM'", helper="trees.aggregate_leaves"
)
callee("with_complement", "scores", "torch.cat([1 - {scores}, {scores}], dim=1)")

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
EQUAL, MEMBER = 4, 6
FUNCTIONS = ("AVERAGE", "SUM", "MIN", "MAX")
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


@dataclass
class Trees:
    """The nodes of all trees; a leaf is its own child."""

    features: list[int] = field(default_factory=list[int])
    splits: list[float] = field(default_factory=list[float])
    modes: list[int] = field(default_factory=list[int])
    children: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Where the comparison is false, and where it is true."""
    missing: list[bool] = field(default_factory=list[bool])
    roots: list[int] = field(default_factory=list[int])

    def add(
        self, feature: int = 0, split: float = 0.0, mode: int = 0, missing: bool = False
    ) -> int:
        """A node that is a leaf until it gets children; returns its number."""
        self.features.append(feature)
        self.splits.append(split)
        self.modes.append(mode)
        self.missing.append(missing)
        self.children.append((len(self.children), len(self.children)))
        return len(self.children) - 1

    def depth(self, emit: Emitter) -> int:
        """The most comparisons on a way to a leaf.  Refuses a node below itself."""
        level, depth = set(self.roots), 0
        while True:
            below = {
                child
                for node in level
                for child in self.children[node]
                if self.children[node] != (node, node)
            }
            if not below:
                return depth
            level, depth = below, depth + 1
            if depth > len(self.children):
                emit.refuse("has a node below itself")

    def leaves(self, emit: Emitter, x: SSAValue) -> SSAValue:
        """The leaf of each row of x in each tree."""
        if self.features and emit.rank(x) != 2:
            emit.refuse("takes a matrix")
        dtype = emit.dtype(x)
        return emit(
            "operators.find_leaves",
            x,
            emit.tensor(np.array(self.features, np.int64), "features"),
            emit.tensor(np.array(self.splits, dtype), "splits"),
            emit.tensor(np.array(self.modes, np.int64), "modes"),
            emit.tensor(np.array(self.children, np.int64).T.copy(), "children"),
            emit.tensor(np.array(self.missing, np.bool_), "missing"),
            emit.tensor(np.array(self.roots, np.int64), "roots"),
            depth=self.depth(emit),
        )


def _tensor(op: OnnxOperation, name: str) -> Array | None:
    attribute: Any = op.properties.get(name)
    if not isinstance(attribute, DenseIntOrFPElementsAttr):
        return None
    return tensors.from_dense(attribute).reshape(-1)  # pyright: ignore[reportUnknownArgumentType]


def _numbers(op: OnnxOperation, name: str) -> Array:
    """A FLOATS attribute, or the tensor that may stand for it."""
    wide = _tensor(op, f"{name}_as_tensor") if f"{name}_as_tensor" in op.SCHEMA.attributes else None
    return floats(op, name) if wide is None else wide


def _float_input(op: OnnxOperation, emit: Emitter) -> SSAValue:
    x = op.input(0)
    return x if emit.dtype(x) == np.float64 else cast(emit, x, np.dtype(np.float32))


@meaning("TreeEnsemble", domain=ML)
def tree_ensemble(op: OnnxOperation, emit: Emitter) -> Values:
    """Over all trees, the weights that each row finds; of each leaf one target has a weight."""
    x = op.input(0)
    targets, weights = op.integers("leaf_targetids") or [], _tensor(op, "leaf_weights")
    if weights is None or len(weights) != len(targets) or emit.dtype(x) == np.float16:
        emit.refuse("needs weights of float32 or float64")
    trees = Trees()
    first_leaf = [trees.add() for _ in targets]
    assert first_leaf == list(range(len(targets)))
    _read_nodes(op, emit, trees, len(targets))
    function = FUNCTIONS[op.integer("aggregate_function", 1)]
    table = _weights(emit, function, len(trees.children), op.integer("n_targets"), emit.dtype(x))
    table[range(len(targets)), targets] = weights
    leaves = trees.leaves(emit, x)
    scores = emit(
        "operators.aggregate_leaves", leaves, emit.tensor(table, "weights"), function=function
    )
    return transformed(emit, scores, TRANSFORMS[op.integer("post_transform", 0)])


def _weights(emit: Emitter, function: str, nodes: int, targets: int, dtype: np.dtype[Any]) -> Array:
    """[nodes, targets], filled with what changes no aggregate."""
    if function not in FUNCTIONS:
        emit.refuse(f"has no aggregate_function {function!r}")
    limits = np.finfo(dtype)
    fill = {"MIN": limits.max, "MAX": limits.min}.get(function, 0)
    return np.full((nodes, targets), fill, dtype)


def _read_nodes(op: OnnxOperation, emit: Emitter, trees: Trees, leaves: int) -> None:
    """The nodes of a TreeEnsemble, after its leaves; a set is a chain of comparisons."""
    splits, modes = _tensor(op, "nodes_splits"), _tensor(op, "nodes_modes")
    features = op.integers("nodes_featureids") or []
    if splits is None or modes is None or not len(splits) == len(modes) == len(features):
        emit.refuse("needs a split and a mode for each node")
    missing = op.integers("nodes_missing_value_tracks_true") or [0] * len(features)
    members = iter(_sets(_tensor(op, "membership_values")))
    names = ("nodes_falsenodeids", "nodes_falseleafs", "nodes_truenodeids", "nodes_trueleafs")
    false, false_leaf, true, true_leaf = (op.integers(name) or [] for name in names)
    none: list[float] = []
    chains: list[list[int]] = []
    for feature, split, mode, absent in zip(features, splits, modes, missing, strict=True):
        values = next(members, none) if mode == MEMBER else [float(split)]
        kind = EQUAL if mode == MEMBER else int(mode)
        if not values:
            emit.refuse("has a node without members")
        chains.append([trees.add(feature, value, kind, bool(absent)) for value in values])
    for index, chain in enumerate(chains):
        no = false[index] if false_leaf[index] else chains[false[index]][0]
        yes = true[index] if true_leaf[index] else chains[true[index]][0]
        for node, after in zip(chain, [*chain[1:], no], strict=True):
            trees.children[node] = (after, yes)
    trees.roots = [chains[root][0] for root in op.integers("tree_roots") or []]


def _sets(values: Array | None) -> list[list[float]]:
    """The lists that NaN ends."""
    sets: list[list[float]] = [[]]
    for value in () if values is None else values:
        if np.isnan(value):
            sets.append([])
        else:
            sets[-1].append(float(value))
    return sets


def _trees_of_nodes(op: OnnxOperation, emit: Emitter) -> tuple[Trees, dict[tuple[int, int], int]]:
    """The trees of a regressor or classifier, and the numbers of their nodes by their names."""
    ids = list(zip(*(op.integers(f"nodes_{x}ids") or [] for x in ("tree", "node")), strict=True))
    modes: Any = op.attribute("nodes_modes") or []
    features, splits = op.integers("nodes_featureids") or [], _numbers(op, "nodes_values")
    missing = op.integers("nodes_missing_value_tracks_true") or [0] * len(ids)
    if not len(ids) == len(modes) == len(features) == len(splits) or len(set(ids)) != len(ids):
        emit.refuse("needs a name, a mode, a feature and a value of its own for each node")
    if any(mode not in (*MODES, "LEAF") for mode in modes):
        emit.refuse("has a node of an unknown mode")
    trees, numbers = Trees(), {name: index for index, name in enumerate(ids)}
    for mode, feature, split, absent in zip(modes, features, splits, missing, strict=True):
        leaf = mode == "LEAF"
        trees.add(
            0 if leaf else feature, float(split), 0 if leaf else MODES.index(mode), absent != 0
        )
    false, true = (op.integers(f"nodes_{way}nodeids") or [] for way in ("false", "true"))
    for index, (tree, _) in enumerate(ids):
        if modes[index] != "LEAF":
            trees.children[index] = (numbers[tree, false[index]], numbers[tree, true[index]])
    first: dict[int, int] = {}
    for index, (tree, _) in enumerate(ids):
        first.setdefault(tree, index)
    trees.roots = [first[tree] for tree in sorted(first)]
    return trees, numbers


def _leaf_weights(
    op: OnnxOperation,
    emit: Emitter,
    numbers: dict[tuple[int, int], int],
    prefix: str,
    count: int,
    function: str = "SUM",
) -> Array:
    """[nodes, count]: what each leaf adds to each target or class."""
    weights = _numbers(op, f"{prefix}_weights")
    dtype = np.dtype(np.float64 if weights.dtype == np.float64 else np.float32)
    table = _weights(emit, function, len(numbers), count, dtype)
    kinds = ("treeids", "nodeids", "ids")
    trees, nodes, targets = (op.integers(f"{prefix}_{kind}") or [] for kind in kinds)
    combine: Any = {"MIN": np.minimum, "MAX": np.maximum}.get(function, np.add)
    for tree, node, target, weight in zip(trees, nodes, targets, weights, strict=True):
        row = numbers[tree, node]
        table[row, target] = combine(table[row, target], weight)
    return table


@meaning("TreeEnsembleRegressor", domain=ML)
def tree_ensemble_regressor(op: OnnxOperation, emit: Emitter) -> Values:
    """Over all trees, the weights that each row finds, plus base values."""
    trees, numbers = _trees_of_nodes(op, emit)
    function = op.text("aggregate_function", "SUM")
    table = _leaf_weights(op, emit, numbers, "target", op.integer("n_targets"), function)
    scores = emit(
        "operators.aggregate_leaves",
        trees.leaves(emit, _float_input(op, emit)),
        emit.tensor(table, "weights"),
        function=function,
    )
    base = _numbers(op, "base_values")
    if base.size:
        scores = emit("operator.add", scores, emit.tensor(base.astype(table.dtype), "base_values"))
    scores = transformed(emit, scores, op.text("post_transform", "NONE"))
    return cast(emit, scores, np.dtype(np.float32))


@meaning("TreeEnsembleClassifier", domain=ML)
def tree_ensemble_classifier(op: OnnxOperation, emit: Emitter) -> Values:
    """The label of the largest score of each row, and the scores."""
    trees, numbers = _trees_of_nodes(op, emit)
    names: Any = op.attribute("classlabels_int64s") or op.attribute("classlabels_strings") or []
    transform, count = op.text("post_transform", "NONE"), len(names)
    table = _leaf_weights(op, emit, numbers, "class", count)
    base = _numbers(op, "base_values")
    binary = len(set(op.integers("class_ids") or [])) == 1
    if binary:
        table = table.sum(1, keepdims=True)
        _check_binary(emit, table, base, count, transform)
    elif base.size not in (0, count):
        emit.refuse("needs a base value for each class")
    leaves = trees.leaves(emit, _float_input(op, emit))
    scores = emit("operators.aggregate_leaves", leaves, emit.tensor(table, "weights"))
    if base.size:
        scores = emit("operator.add", scores, emit.tensor(base.astype(table.dtype), "base_values"))
    if binary:
        scores = emit("with_complement" if transform == "NONE" else "with_negative", scores)
    scores = cast(emit, transformed(emit, scores, transform), np.dtype(np.float32))
    return labels_of(emit, scores, names), scores


def _check_binary(emit: Emitter, table: Array, base: Array, classes: int, transform: str) -> None:
    """Refuses scores of one class of two where ONNX's evaluators differ in which is chosen."""
    positive = bool((table >= 0).all())
    if (
        classes != 2
        or base.size > 1
        or (transform, positive) not in {("NONE", True), ("LOGISTIC", False)}
    ):
        emit.refuse("has one score for two classes, and evaluators differ in what it means")

"""Operators that move elements or name sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, compiled, lines, model_of, run

from ramiel.dialects.torch import CallOp

X = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


def ints(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


@pytest.mark.parametrize(
    "shape", [(6, 4), (-1, 4), (0, -1), (0, 0, -1), (0, 3, 2, 2), (2, 0, 4), (1, 0, 2, 4), (24,)]
)
def test_reshape(shape: tuple[int, ...]) -> None:
    check("Reshape", [X, ints(*shape)])


def test_reshape_of_empty_tensors_and_scalars() -> None:
    check("Reshape", [X[:0], ints(0, 12)], allowzero=1)
    check("Reshape", [X[:0], ints(0, 12)])
    check("Reshape", [X[:1, :1, :1], np.zeros(0, np.int64)])


@pytest.mark.parametrize(
    ("shape", "dynamic", "expected"),
    [
        ((2, -1), False, "x0.flatten(1)"),
        ((0, -1), True, "x0.flatten(1)"),
        ((0, 3, 2, 2), True, "x0.reshape(-1, 3, 2, 2)"),
        ((6, 4), False, "x0.reshape(6, 4)"),
        ((-1, 4), True, "x0.reshape(-1, 4)"),
        ((0, 0, 2, -1), True, "x0.unflatten(2, (2, -1))"),
    ],
)
def test_reshape_reads_as_written_by_hand(
    shape: tuple[int, ...], dynamic: bool, expected: str
) -> None:
    assert lines(model_of("Reshape", [X, ints(*shape)], baked=True, dynamic=dynamic)) == [expected]


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_flatten(axis: int) -> None:
    check("Flatten", [X], axis=axis)


@pytest.mark.parametrize("axes", [(1,), (-1,), (1, 3)])
def test_squeeze(axes: tuple[int, ...]) -> None:
    check("Squeeze", [X[:, None, :, :1], ints(*axes)])


def test_squeeze_of_all_axes() -> None:
    check("Squeeze", [X[:, None, :, :1]], dynamic=False)


@pytest.mark.parametrize("axes", [(0,), (-1,), (1, 3), (0, -1, 2)])
def test_unsqueeze(axes: tuple[int, ...]) -> None:
    check("Unsqueeze", [X, ints(*axes)])


@pytest.mark.parametrize("perm", [None, (0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_transpose(perm: tuple[int, ...] | None) -> None:
    attributes: dict[str, Any] = {} if perm is None else {"perm": perm}
    check("Transpose", [X], **attributes)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes", "expected"),
    [
        ("Transpose", [X], {"perm": [0, 2, 1]}, "x0.transpose(1, 2)"),
        ("Transpose", [X], {"perm": [2, 0, 1]}, "x0.permute(2, 0, 1)"),
        ("Flatten", [X], {}, "x0.flatten(1)"),
        ("Unsqueeze", [X, ints(1)], {}, "x0.unsqueeze(1)"),
        ("Unsqueeze", [X, ints(0, 2)], {}, "x0[None, :, None]"),
        ("Squeeze", [X[:, :1], ints(1)], {}, "x0.squeeze(1)"),
        ("Tile", [X, ints(1, 2, 1)], {}, "x0.repeat(1, 2, 1)"),
    ],
)
def test_views_read_as_written_by_hand(
    operator: str, inputs: list[Any], attributes: dict[str, Any], expected: str
) -> None:
    assert lines(model_of(operator, inputs, baked=True, **attributes)) == [expected]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat(axis: int) -> None:
    check("Concat", [X, X + 100, X], axis=axis)
    assert lines(model_of("Concat", [X, X], axis=1)) == ["torch.cat([x0, x1], dim=1)"]


def test_split_into_equal_parts() -> None:
    check("Split", [X], 2, num_outputs=2, axis=2)
    assert lines(model_of("Split", [X], 3, num_outputs=3, axis=1)) == ["x0.chunk(3, dim=1)"]


def test_split_into_uneven_parts() -> None:
    check("Split", [X, ints(1, 2)], 2, axis=1)
    check("Split", [X], 3, num_outputs=3, axis=-1, dynamic=False)
    model = model_of("Split", [X, ints(1, 3)], 2, axis=-1, baked=True)
    assert lines(model) == ["x0.split([1, 3], dim=2)"]


@pytest.mark.parametrize("bounds", [{}, {"start": 1}, {"start": -2, "end": -1}, {"end": 9}])
def test_shape(bounds: dict[str, Any]) -> None:
    check("Shape", [X], **bounds)
    check("Shape", [np.array(1.0, np.float32)], **bounds)


def test_known_sizes_need_no_code() -> None:
    for operator in ("Shape", "Size"):
        graph = compiled(model_of(operator, [X]))
        assert not any(isinstance(op, CallOp) for op in graph.block.ops)


def test_size() -> None:
    check("Size", [X])


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint16", "bool"])
def test_tile(dtype: str) -> None:
    check("Tile", [X.astype(dtype), ints(2, 1, 3)])


def test_tile_along_one_axis() -> None:
    inputs = [X, np.array([2], np.float32), np.array([1], np.float32)]
    model = model_of("Tile", inputs, opset=5, baked=True)
    np.testing.assert_array_equal(run(model, [X])[0], np.tile(X, (1, 2, 1)))


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 4, 7), (5, 1, 3), (1, 5, 4)])
def test_center_crop_pad(shape: tuple[int, ...]) -> None:
    check("CenterCropPad", [X, ints(*shape)])
    check("CenterCropPad", [X, ints(*shape[:2])], axes=[0, -1])


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_and_back(mode: str) -> None:
    x = np.arange(2 * 8 * 2 * 3, dtype=np.float32).reshape(2, 8, 2, 3)
    check("DepthToSpace", [x], blocksize=2, mode=mode)
    check("SpaceToDepth", [x.reshape(2, 4, 4, 3 * 1)[:, :, :, :2]], blocksize=2)


def test_col2im() -> None:
    x = np.arange(2 * 8 * 6, dtype=np.float32).reshape(2, 8, 6)
    check("Col2Im", [x, ints(3, 4), ints(2, 2)])
    check("Col2Im", [x[:, :, :4], ints(3, 3), ints(2, 2)], strides=[2, 2], pads=[0, 0, 1, 1])
    cube = np.arange(8 * 8, dtype=np.float32).reshape(1, 8, 8)
    check("Col2Im", [cube, ints(3, 3, 3), ints(2, 2, 2)])

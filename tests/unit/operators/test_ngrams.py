"""TfIdfVectorizer against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import parser

from ramiel.onnx_backend import prepare


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("skips", [0, 1, 5])
@pytest.mark.parametrize("lengths", [(1, 1), (1, 2), (2, 2)])
def test_like_onnxruntime(mode: str, skips: int, lengths: tuple[int, int]) -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> agraph (int64[2, 6] x) => (float[2, 7] y) { '
        f'y = TfIdfVectorizer<mode = "{mode}", min_gram_length = {lengths[0]}, '
        f"max_gram_length = {lengths[1]}, max_skip_count = {skips}, ngram_counts = [0, 4], "
        "ngram_indexes = [0, 1, 2, 3, 4, 5, 6], pool_int64s = [2, 3, 5, 4, 5, 6, 7, 8, 6, 7], "
        "weights = [1.0, 2.0, 0.5, 1.5, 2.0, 3.0, 0.25]>(x) }"
    )
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]])
    runtime: Any = onnxruntime
    [expected] = runtime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    [y] = prepare(model).run([x])
    np.testing.assert_array_equal(y, expected)

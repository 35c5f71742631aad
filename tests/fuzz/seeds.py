"""Valid models to start from: of ONNX's backend tests, and the small ones of the unit tests."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from onnx import ModelProto

TESTS = Path(__file__).parents[1]
LARGEST = 20_000
"""Larger models, in bytes, are no seeds: most mutations would only change their weights."""


@cache
def seeds() -> list[bytes]:
    """The serialized models, in an order that is always the same."""
    sys.path[:0] = [str(TESTS / "unit"), str(TESTS / "models"), str(TESTS.parent / "examples")]
    small_models: Any = import_module("small_models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = sorted(collect_testcases(None), key=lambda case: case.name)
    models = [case.model for case in cases if isinstance(case.model, ModelProto)]
    texts = [model.SerializeToString() for model in models]
    small = [text for text in texts if len(text) <= LARGEST]
    return [
        *dict.fromkeys(small),
        *(make().SerializeToString() for make in small_models.SMALL_MODELS.values()),
    ]

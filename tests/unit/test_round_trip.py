"""What every pass leaves can be printed, parsed and printed again: the same text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from onnx import ModelProto
from small_models import SMALL_MODELS
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import Universe

from ramiel.driver import compile_model
from ramiel.ir_text import text_of
from ramiel.options import Options


def context() -> Context:
    """A context that knows all dialects."""
    made = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        made.register_dialect(name, factory)
    return made


@pytest.mark.parametrize("name", sorted(SMALL_MODELS))
def test_the_text_after_each_pass_parses_to_the_same_text(name: str) -> None:
    build: Callable[[], ModelProto] = SMALL_MODELS[name]
    options = Options(workers=2, force_parallel=True)
    stages = compile_model(build(), options, keep_ir=True, package="model").stages
    assert {"lift", "constant-fold", "convert-onnx-to-torch", "cluster"} <= {
        stage for stage, _ in stages
    }
    for stage, text in stages:
        module = Parser(context(), text, f"{stage}.mlir").parse_module()
        module.verify()
        assert text_of(module) == text, stage

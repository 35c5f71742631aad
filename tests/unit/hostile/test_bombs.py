"""Small models that ask for a lot: compiling ends, in bounded time and memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from bombs import BOMBS, nested_ifs
from limits import succeeds_in_child, within
from onnx import ModelProto

from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.frontend.load import load_model
from ramiel.options import Options

SECONDS = 20
"""Processor time that compiling a bomb may take."""
MEMORY = 1 << 30
"""Bytes that compiling a bomb may take beyond what the process has."""


def compile_bomb(name: str, cost_model: str) -> None:
    """In a child: compile, within the limits."""
    with within(SECONDS, MEMORY):
        try:
            compile_model(BOMBS[name](), Options(workers=2, cost_model=cost_model))
        except RamielError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("cost_model", ["static", "profile"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str, cost_model: str) -> None:
    """The profile runs operations: it has limits of its own."""
    succeeds_in_child(compile_bomb, name, cost_model, timeout=SECONDS * 20)


def test_graphs_nest_finitely(tmp_path: Path) -> None:
    (tmp_path / "deep.onnx").write_bytes(nested_ifs(1000))
    with pytest.raises(RamielError, match="is no ONNX model, or is cut off"):
        load_model(tmp_path / "deep.onnx")


def test_two_gigabytes_of_zeros_are_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "zeros.onnx", "wb") as file:
        file.truncate(2**31 - 1)
    started = time.process_time()
    with pytest.raises(RamielError, match="it begins with a zero byte"):
        load_model(tmp_path / "zeros.onnx")
    assert time.process_time() - started < 1


def test_a_file_is_not_longer_than_a_protobuf(tmp_path: Path) -> None:
    with open(tmp_path / "long.onnx", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(RamielError, match="no protobuf has over"):
        load_model(tmp_path / "long.onnx")


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_model_is_a_regular_file(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero")
    if kind == "fifo":
        path = tmp_path / "model.onnx"
        os.mkfifo(path)
    with pytest.raises(RamielError, match="no regular file"):
        load_model(path)


def test_a_crash_of_onnx_is_an_error() -> None:
    """Conv with a stride of 0 divides by it in C++, in some versions of onnx."""
    from onnx.parser import parse_model

    model: ModelProto = parse_model(
        '<ir_version: 8, opset_import: ["": 18]>'
        "g (float[1,1,4,4] x, float[1,1,1,1] w) => (float[a,b,c,d] y)"
        "{ y = Conv<strides = [0, 0]>(x, w) }"
    )
    with pytest.raises(RamielError):
        compile_model(model)

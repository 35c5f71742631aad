"""`--torch-compile`: stretches between messages are functions that torch.compile takes."""

from __future__ import annotations

import ast
import importlib
import threading
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from small_models import SMALL_MODELS

from ramiel.backend.package import package_files, write_package
from ramiel.driver import compile_model
from ramiel.errors import RamielError
from ramiel.loading import import_package
from ramiel.options import Options
from ramiel.runtime import Weights, compilation
from ramiel.tools.cli import main

OPTIONS = Options(workers=2, torch_compile=True, force_parallel=True, cost_model="static")


def write(folder: Path, options: Options = OPTIONS) -> Any:
    """The class of the small inception, compiled."""
    program = compile_model(SMALL_MODELS["inception"](), options, package="small").program
    write_package(program, folder / "small")
    return import_package(folder / "small").Model


def scaled(x: torch.Tensor, w: Weights) -> torch.Tensor:
    """A stretch of one weight."""
    return x * w["factor"]


def test_what_stands_between_messages_is_a_function() -> None:
    program = compile_model(SMALL_MODELS["inception"](), OPTIONS, package="small").program
    text = package_files(program)["model.py"]
    assert "@compiled\ndef cluster_0_stretch_0(image: Tensor, w: Weights) -> Tensor:\n" in text
    assert '    channels.send("stem", stem, to="cluster_1")\n' in text
    assert "    stem = cluster_0_stretch_0(image, w)\n" in text
    clusters = [f for f in ast.parse(text).body if isinstance(f, ast.AsyncFunctionDef)]
    calls = [ast.unparse(node.func) for node in ast.walk(clusters[0]) if isinstance(node, ast.Call)]
    assert "cluster_0_stretch_0" in calls
    assert "F.conv2d" not in calls


def test_threads_compile_at_their_first_call_and_give_what_eager_gives(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", Options(workers=2, portable=True, force_parallel=True))
    image = torch.randn(1, 3, 24, 24)
    with plain.load("serial") as model:
        expected = model(image)
    model_class = write(tmp_path)
    dynamo: Any = importlib.import_module("torch._dynamo.utils")
    dynamo.counters.clear()
    with model_class.load() as model, torch.inference_mode():
        for _ in range(3):
            for actual, wanted in zip(model(image), expected, strict=True):
                torch.testing.assert_close(actual, wanted, rtol=1e-4, atol=1e-5)
    text = (tmp_path / "small" / "model.py").read_text(encoding="utf-8")
    graphs = dynamo.counters["stats"]["unique_graphs"]
    assert graphs == text.count("@compiled\n")


def test_without_a_compiler_it_says_so_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import cpp_builder

    def none() -> str:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", none)
    model_class = write(tmp_path)
    with model_class.load("serial") as model, pytest.warns(UserWarning, match=r"C\+\+ compiler"):
        scores, _ = model(torch.randn(1, 3, 24, 24))
    assert scores.shape == (1, 10)


def test_threads_that_call_one_function_compile_it_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running: list[int] = []

    def compile_slowly(module: Any, **_: Any) -> Any:
        running.append(1)
        assert sum(running) == 1
        threading.Event().wait(0.05)
        running.append(-1)
        return module

    monkeypatch.setattr(torch, "compile", compile_slowly)
    monkeypatch.setattr(compilation, "can_compile", lambda: True)
    double = compilation.compiled(scaled)
    w = Weights({"factor": torch.tensor(2.0)})
    results: list[torch.Tensor] = []
    threads = [
        threading.Thread(target=lambda: results.append(double(torch.ones(2), w))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.tolist() for result in results] == [[2.0, 2.0]] * 4


def test_other_weights_are_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def compile_at_once(module: Any, **_: Any) -> Any:
        made.append(module)
        return module

    monkeypatch.setattr(torch, "compile", compile_at_once)
    monkeypatch.setattr(compilation, "can_compile", lambda: True)
    double = compilation.compiled(scaled)
    two, three = (Weights({"factor": torch.tensor(value)}) for value in (2.0, 3.0))
    x = torch.ones(1)
    found = [double(x, w).item() for w in (two, three, two, three)]
    assert found == [2.0, 3.0, 2.0, 3.0]
    assert len(made) == 2


def test_sizes_that_are_not_known_are_refused(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])
    node = helper.make_node("Relu", ["x"], ["y"])
    model = helper.make_model(helper.make_graph([node], "g", [x], [y]))
    with pytest.raises(RamielError, match=r"input 'x' has sizes that are not known.*--dim"):
        compile_model(model, OPTIONS)
    onnx.save(model, tmp_path / "m.onnx")
    arguments = ["compile", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "p"), "--torch-compile"]
    with pytest.raises(SystemExit, match="--preset fast"):
        main([*arguments, "--preset", "faithful"])

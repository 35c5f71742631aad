"""Model.load reads weights.safetensors beside model.py, and checks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

from ramiel.runtime import Cluster, Input, Message, ParallelModel, Weight

Load = Callable[[Path], ModuleType]


def test_same_numbers_on_every_executor(
    branches: Any, executor: str, example: Any, expected: Any
) -> None:
    with branches.load(executor) as model:
        torch.testing.assert_close(model(*example), expected)


def test_weights_are_mapped_and_the_file_stays_as_it_is(
    write_package: Any, import_package: Load, weights: Any
) -> None:
    folder = write_package(weights=weights | {"big": torch.zeros(1_000_000)})
    file = folder / "weights.safetensors"
    before = file.read_bytes()
    model = import_package(folder).Model.load("serial")
    assert str(file) in Path("/proc/self/maps").read_text()
    with torch.no_grad():
        model.get_parameter("stem.bias").fill_(7)
    assert file.read_bytes() == before


def test_weights_that_are_loaded_in_inference_mode_are_sent_to_workers_no_more_than_others(
    branches: Any, example: Any, expected: Any
) -> None:
    with torch.inference_mode(), branches.load("processes", start_method="fork") as model:
        torch.testing.assert_close(model(*example), expected)
        sent = model._executor._sent
        torch.testing.assert_close(model(*example), expected)
        assert model._executor._sent == sent
        assert model._options.file.marks == dict(zip(model._tree.collect(), sent, strict=True))


def test_another_weights_file(branches: Any, weights: Any, tmp_path: Path, example: Any) -> None:
    file = tmp_path / "zeros.safetensors"
    save_file({name: torch.zeros_like(w) for name, w in weights.items()}, file)
    with branches.load("serial", weights=file) as model:
        assert not model(*example)[0].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stem.bias": None}, "no weight 'stem.bias'"),
        (
            {"stem.bias": torch.zeros(9)},
            "weight 'stem.bias': expected float32 (8,), got float32 (9,)",
        ),
        (
            {"offset": torch.zeros(3)},
            "weight 'offset': expected int64 (3,), got float32 (3,)",
        ),
    ],
)
def test_another_weights_file_that_differs(
    branches: Any, weights: Any, tmp_path: Path, change: Any, message: str
) -> None:
    file = tmp_path / "other.safetensors"
    changed = weights | change
    save_file({name: w for name, w in changed.items() if w is not None}, file)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{file}: {message}')}$"):
        branches.load(weights=file)


def test_weights_that_cannot_be_read(write_package: Any, import_package: Load) -> None:
    folder = write_package()
    model_class = import_package(folder).Model
    file = folder / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(ValueError, match=re.escape(str(file))):
        model_class.load()
    file.unlink()
    with pytest.raises(ValueError, match=re.escape(f"no weights file {file}")):
        model_class.load()


def test_a_class_can_list_what_it_needs(branches: Any) -> None:
    class Listed(branches):
        weights = (Weight("head.weight", torch.float32, (2,)),)

    with pytest.raises(ValueError, match=r"no weight 'head\.weight'"):
        Listed.load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"executor": "parallel"},
            "no executor 'parallel': there are serial, threads, processes, ",
        ),
        ({"timeout": 0}, "timeout must be above 0 seconds, got 0"),
        ({"start_method": "thread"}, "no start method 'thread': there are spawn, fork"),
    ],
)
def test_bad_options(branches: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        branches.load(**options)


async def nothing(x: Any, w: Any, channels: Any) -> dict[str, Any]:
    return {}


def test_a_program_that_contradicts_itself() -> None:
    class Unknown(ParallelModel):
        inputs = (Input("x", torch.float32),)
        clusters = (Cluster(nothing, ("x",)),)
        channels = (Message("v", "nothing", "nobody"),)

    class Twice(ParallelModel):
        clusters = (Cluster(nothing), Cluster(nothing))

    class NoOutput(ParallelModel):
        inputs = (Input("x", torch.float32),)
        outputs = ("y",)
        clusters = (Cluster(nothing, ("x",)),)

    with pytest.raises(ValueError, match="names an unknown cluster"):
        Unknown({})
    with pytest.raises(ValueError, match="two clusters have one name"):
        Twice({})
    with pytest.raises(Exception, match="NoOutput: no cluster returned 'y'"):
        NoOutput({}, "serial")(torch.zeros(1))

"""A small package written by hand in the form that the compiler prints, with its own runtime."""

from __future__ import annotations

import importlib
import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

import ramiel.runtime

sys.path.insert(0, str(Path(__file__).parent))  # for the models beside the tests

MODEL = '''\
import torch
import torch.nn.functional as F
from torch import Tensor

from ._runtime import Channels, Cluster, Input, Message, ParallelModel, Weights


async def cluster_0(data: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
    stem = F.linear(data, w["stem.weight"], w["stem.bias"])
    channels.send("stem", stem, to="cluster_1")
    left = F.linear(F.relu(stem), w["left.0.weight"])
    right = await channels.recv("right", source="cluster_1")
    total = torch.add(
        left,
        right,
    )
    return {"total": total}


async def cluster_1(scale: Tensor, w: Weights, channels: Channels) -> dict[str, Tensor]:
    stem = await channels.recv("stem", source="cluster_0")
    right = F.linear(torch.tanh(stem), w["right.weight"]) * scale + w["offset"]
    channels.send("right", right, to="cluster_0")
    return {"right": right}


class Branches(ParallelModel):
    """Two branches and their sum."""

    inputs = (
        Input("data", torch.float32, ("batch", 4)),
        Input("scale", torch.float32, ("batch", 1)),
    )
    outputs = ("total", "right")
    clusters = (Cluster(cluster_0, reads=("data",)), Cluster(cluster_1, reads=("scale",)))
    channels = (
        Message("stem", "cluster_0", "cluster_1"),
        Message("right", "cluster_1", "cluster_0"),
    )


Model = Branches
'''

INIT = "from .model import Branches, Model\n"
MAIN = "from ._runtime import main\nfrom .model import Model\n\nraise SystemExit(main(Model))\n"


def branch_weights() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"stem.weight": (8, 4), "stem.bias": (8,), "left.0.weight": (3, 8)}
    shapes |= {"right.weight": (3, 8)}
    weights = {name: torch.randn(s, generator=generator) for name, s in shapes.items()}
    return weights | {"offset": torch.tensor([1, 2, 3])}


def reference(data: torch.Tensor, scale: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What the package computes, as plain PyTorch."""
    w = branch_weights()
    stem = torch.nn.functional.linear(data, w["stem.weight"], w["stem.bias"])
    right = torch.tanh(stem) @ w["right.weight"].T * scale + w["offset"]
    return torch.relu(stem) @ w["left.0.weight"].T + right, right


@pytest.fixture
def example() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs `data` and `scale` of a batch of two."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 4, generator=generator), torch.rand(2, 1, generator=generator)


@pytest.fixture
def expected(example: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the example must give, computed as plain PyTorch."""
    return reference(*example)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    """The package's weights."""
    return branch_weights()


Writer = Callable[..., Path]


@pytest.fixture(scope="session")
def write_package(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """Writes a package with a fresh name, and returns its folder."""
    parent, numbers = tmp_path_factory.mktemp("packages"), itertools.count()

    def write(weights: dict[str, torch.Tensor] | None = None) -> Path:
        folder = parent / f"branches_{next(numbers)}"
        runtime = Path(ramiel.runtime.__file__).parent
        shutil.copytree(runtime, folder / "_runtime", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "__init__.py").write_text(INIT)
        (folder / "__main__.py").write_text(MAIN)
        (folder / "model.py").write_text(MODEL)
        save_file(branch_weights() if weights is None else weights, folder / "weights.safetensors")
        return folder

    return write


@pytest.fixture(scope="session")
def import_package() -> Iterator[Callable[[Path], ModuleType]]:
    """Imports the package in a folder: its module `model`."""
    with pytest.MonkeyPatch.context() as patch:

        def load(folder: Path) -> ModuleType:
            patch.syspath_prepend(str(folder.parent))  # pyright: ignore[reportUnknownMemberType]
            return importlib.import_module(f"{folder.name}.model")

        yield load
    for name in list(sys.modules):
        if name.startswith("branches_"):
            del sys.modules[name]


@pytest.fixture(scope="session")
def branches(write_package: Writer, import_package: Callable[[Path], ModuleType]) -> Any:
    """The class Branches of a package that no test changes."""
    return import_package(write_package()).Model


@pytest.fixture
def write_map() -> Callable[[Path, dict[int, dict[str, str]]], None]:
    """Writes a package's model.map.json."""

    def write(folder: Path, lines: dict[int, dict[str, str]]) -> None:
        (folder / "model.map.json").write_text(json.dumps({"lines": lines}))

    return write


@pytest.fixture(params=["serial", "threads"])
def executor(request: pytest.FixtureRequest) -> str:
    return request.param

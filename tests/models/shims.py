"""What the architecture packages need around them beside a CPU build of PyTorch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import torch

_libraries: list[torch.library.Library] = []
"""Registrations last as long as these objects."""


def import_torchvision() -> Any:
    """torchvision, whose wheel on PyPI has operators for CUDA builds of PyTorch only.

    The models here call none of them; torchvision's import wants two declared.
    """
    if not _libraries:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _libraries.append(library)
    return importlib.import_module("torchvision")


class StandIn(ModuleType):
    """A module that is imported but never really used: it has every attribute."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=f"{self.__name__}.{name}")


class StandIns(MetaPathFinder, Loader):
    """Finds stand-ins for packages by name."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self.packages:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == "pkg_resources":
            module.parse_version = importlib.import_module("packaging.version").parse  # pyright: ignore


def stand_in(*packages: str) -> None:
    """Let `import` succeed for packages that a model's package imports and the model never uses."""
    missing = [package for package in packages if find_spec(package) is None]
    sys.meta_path.append(StandIns(missing))

"""The weights of a model: read from one safetensors file, kept in a tree of modules.

The file is mapped, not read: a page of it enters memory when a kernel first touches it, and
processes share it.  The mapping is private: training writes to memory, never to the file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from .errors import WeightsError

ESCAPED = "_escaped"  # the submodule that holds names that PyTorch cannot use as paths
DEEPEST = 64  # modules inside each other: PyTorch walks them by recursion


@dataclass(frozen=True)
class Weight:
    """What a model needs to find in its weights file."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]


class Weights(dict[str, Tensor]):
    """The weights of one call, under their own names: `w["conv1.weight"]`."""

    def __missing__(self, name: str) -> NoReturn:
        raise WeightsError(f"no weight {name!r}")


def read_weights(file: Path) -> dict[str, Tensor]:
    """Every tensor of a .safetensors file, mapped.  Raises WeightsError if it cannot be read."""
    if not file.is_file():
        raise WeightsError(f"no weights file {file}")
    try:
        opened: Any = safe_open(file, framework="pt")
        # Tensors made in inference mode count no changes: they would be sent to workers each time.
        with torch.inference_mode(False), opened as handle:
            names: list[str] = handle.keys()
            return {own_name(name): handle.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{file}: {error}") from error


def own_name(name: str) -> str:
    """A weight's own name: safetensors keeps "__metadata__" for itself, so a weight of that name
    is written with "%" before it, as is one that has that already."""
    return name[1:] if re.fullmatch("%+__metadata__", name) else name


def check_weights(needed: Iterable[Weight], found: Mapping[str, Tensor], source: object) -> None:
    """Raise WeightsError if a weight is not in `source`, or not with that dtype and shape."""
    needed = list(needed)
    if missing := [weight.name for weight in needed if weight.name not in found]:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise WeightsError(f"{source}: no weight {', '.join(map(repr, missing[:3]))}{more}")
    for weight in needed:
        tensor = found[weight.name]
        expected = f"{_name(weight.dtype)} {weight.shape}"
        actual = f"{_name(tensor.dtype)} {tuple(tensor.shape)}"
        if actual != expected:
            raise WeightsError(
                f"{source}: weight {weight.name!r}: expected {expected}, got {actual}"
            )


def of_tensors(tensors: Mapping[str, Tensor]) -> tuple[Weight, ...]:
    """What these tensors would satisfy."""
    return tuple(Weight(name, t.dtype, tuple(t.shape)) for name, t in tensors.items())


_unknown = itertools.count(-1, -1)


class WeightsFile:
    """The file that a model was loaded from, for processes that map it too."""

    def __init__(self, path: Path, tensors: Mapping[str, Tensor]) -> None:
        """`tensors`: what was mapped, all untouched yet."""
        self.path = path
        self.stamp = _stamp(path)
        self.marks = {name: mark(tensor) for name, tensor in tensors.items()}
        self._tensors = tensors  # kept, so that nothing else can get their addresses

    def map_again(self) -> dict[str, Tensor]:
        """The same weights, mapped by another process.  Raises WeightsError if it has changed."""
        tensors = read_weights(self.path)
        if _stamp(self.path) != self.stamp:
            raise WeightsError(f"{self.path} has changed since the model was loaded")
        return {name: tensors[name] for name in self.marks}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_tensors": {}}


def mark(tensor: Tensor) -> tuple[int, int]:
    """Something that changes when a tensor is written to, or gets other memory."""
    # An inference tensor does not count its changes: it may have changed.
    return tensor.data_ptr(), next(_unknown) if tensor.is_inference() else tensor._version


def _stamp(file: Path) -> tuple[int, ...]:
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class WeightTree:
    """Registers weights in a module as parameters (floating or complex) and buffers (others).

    A name's dots make submodules, as PyTorch's own names do: "features.0.weight".  Names that
    cannot be such a path go to one submodule under an escaped name: "%", and the name with "%"
    and "." written "%25" and "%2E"; state_dict() and load_state_dict() still show its own name.
    """

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        self._places: list[tuple[str, nn.Module, str]] = []
        self._stores: list[tuple[str, dict[str, Tensor], str]] = []

    def register(
        self,
        root: nn.Module,
        tensors: Mapping[str, Tensor],
        *,
        trainable: bool,
        buffers: Collection[str] = (),
    ) -> None:
        """Put all weights of a model into its module, whose attributes are all set.

        `buffers` names floating weights that are to be buffers all the same.
        """
        reserved = frozenset(dir(root))
        for name, tensor in tensors.items():
            if _is_path(name, tensors, reserved):
                *parents, leaf = name.split(".")
            else:
                parents, leaf = [ESCAPED], "%" + name.replace("%", "%25").replace(".", "%2E")
                self.renamed[name] = f"{ESCAPED}.{leaf}"
            module = _submodule(root, parents)
            _register(module, leaf, tensor, trainable, name in buffers)
            self._places.append((name, module, leaf))
        self._stores = [(name, _store(at, leaf), leaf) for name, at, leaf in self._places]
        if self.renamed:
            hooks: Any = root  # PyTorch leaves the hooks untyped
            hooks.register_state_dict_post_hook(_show_own_names)
            hooks.register_load_state_dict_pre_hook(_take_own_names)

    def collect(self) -> Weights:
        """The weights as they are now: after `.to`, a load, an optimizer's step, a swap."""
        try:
            return Weights({name: store[leaf] for name, store, leaf in self._stores})
        except KeyError:  # a parametrization has taken a parameter's place
            return Weights({name: getattr(at, leaf) for name, at, leaf in self._places})


def _is_path(name: str, names: Mapping[str, Tensor], reserved: frozenset[str]) -> bool:
    parts = name.split(".")
    if len(parts) > DEEPEST:
        return False
    prefixes = (".".join(parts[:end]) for end in range(1, len(parts)))
    return (
        "" not in parts
        and ESCAPED not in parts
        and reserved.isdisjoint(parts)
        and not any(prefix in names for prefix in prefixes)
    )


def _submodule(module: nn.Module, path: Iterable[str]) -> nn.Module:
    for part in path:
        if not hasattr(module, part):
            module.add_module(part, nn.Module())
        module = module.get_submodule(part)
    return module


def _register(module: nn.Module, leaf: str, tensor: Tensor, trainable: bool, buffer: bool) -> None:
    if not buffer and (tensor.is_floating_point() or tensor.is_complex()):
        module.register_parameter(leaf, nn.Parameter(tensor, requires_grad=trainable))
    else:
        module.register_buffer(leaf, tensor)


def _store(module: nn.Module, leaf: str) -> dict[str, Tensor]:
    """The dictionary in which PyTorch keeps this parameter or buffer, whatever replaces it."""
    parameters: dict[str, Tensor] = module.__dict__["_parameters"]
    return parameters if leaf in parameters else module.__dict__["_buffers"]


def _show_own_names(
    module: Any, state_dict: dict[str, Any], prefix: str, local_metadata: object
) -> None:
    for own, path in module.renamed_weights.items():
        state_dict[prefix + own] = state_dict.pop(prefix + path)


def _take_own_names(module: Any, state_dict: dict[str, Any], prefix: str, *_: object) -> None:
    for own, path in module.renamed_weights.items():
        if prefix + own in state_dict:
            state_dict[prefix + path] = state_dict.pop(prefix + own)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

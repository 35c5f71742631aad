"""The inputs of a model, and the check that a call's tensors fit them before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor

from .errors import InputError

Shape: TypeAlias = tuple[int | str, ...]


@dataclass(frozen=True)
class Input:
    """A model's input.

    A dimension of `shape` is a size; or a name, for a size that each call chooses, the same
    wherever the name stands; or "", for any size.  `shape` None: not even the rank is known.
    """

    name: str
    dtype: torch.dtype
    shape: Shape | None = None
    kind: str = "tensor"
    """Or "sequence", a list of such tensors; or "optional tensor", "optional sequence": or None;
    or "strings": a NumPy array of strings, whatever `dtype` is."""


def name_inputs(
    inputs: Sequence[Input], tensors: Sequence[object], named: Mapping[str, object]
) -> dict[str, object]:
    """The arguments of a call under the inputs' names, in graph order.

    Raises InputError if there are too many, one is unknown, missing, or given twice.
    """
    names = [declared.name for declared in inputs]
    if len(tensors) > len(names):
        raise InputError(f"expected {_count(len(names))} ({_list(names)}), got {len(tensors)}")
    arguments = dict(zip(names, tensors, strict=False))
    for name, value in named.items():
        if name in arguments:
            raise InputError(f"input {name!r} is given twice, by position and by name")
        if name not in names:
            raise InputError(f"no input {name!r}: the model has {_list(names)}")
        arguments[name] = value
    if len(arguments) < len(names):
        missing = [name for name in names if name not in arguments]
        raise InputError(f"missing {_list(missing)} of {_count(len(names))} ({_list(names)})")
    return arguments


def check_inputs(
    inputs: Sequence[Input],
    arguments: Mapping[str, object],
    cast: Mapping[torch.dtype, torch.dtype],
) -> dict[str, Any]:
    """The arguments: tensors, unless an input's kind says something else.

    `cast` maps a declared dtype to the one that the model now computes in (after `.to(dtype)`).
    Raises InputError naming the first input whose type, dtype or shape is not the declared one.
    """
    checked: dict[str, Any] = {}
    sizes: dict[str, tuple[int, str]] = {}
    for declared in inputs:
        value = arguments[declared.name]
        dtype = cast.get(declared.dtype, declared.dtype)
        if value is None and declared.kind.startswith("optional"):
            checked[declared.name] = None
        elif declared.kind == "strings":
            checked[declared.name] = _check_strings(declared, value)
        elif declared.kind.endswith("sequence"):
            checked[declared.name] = _check_sequence(declared, value, dtype)
        else:
            tensor = _check_tensor(declared, value, dtype)
            _unify(declared, tensor, sizes)
            checked[declared.name] = tensor
    return checked


def _check_tensor(declared: Input, value: object, dtype: torch.dtype) -> Tensor:
    if not isinstance(value, Tensor):
        raise InputError(_not_a_tensor(declared, value))
    if value.dtype != dtype or not _fits(declared.shape, value.shape):
        raise InputError(
            f"input {declared.name!r}: expected {_describe(dtype, declared.shape)}, "
            f"got {_describe(value.dtype, tuple(value.shape))}"
        )
    return value


def _check_sequence(declared: Input, value: object, dtype: torch.dtype) -> list[Tensor]:
    if not isinstance(value, list | tuple):
        kind = type(value).__name__
        raise InputError(f"input {declared.name!r}: expected a list of tensors, got {kind}")
    items = cast("Sequence[object]", value)
    return [_check_tensor(declared, item, dtype) for item in items]


def _check_strings(declared: Input, value: Any) -> Any:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind not in ("O", "U") or not _fits(declared.shape, value.shape):
        wanted = f"array of strings {declared.shape}"
        raise InputError(f"input {declared.name!r}: expected a NumPy {wanted}")
    return value


def _fits(shape: Shape | None, actual: tuple[int, ...]) -> bool:
    if shape is None or shape == actual:
        return True
    return len(shape) == len(actual) and all(
        isinstance(dim, str) or dim == size for dim, size in zip(shape, actual, strict=True)
    )


def _unify(declared: Input, tensor: Tensor, sizes: dict[str, tuple[int, str]]) -> None:
    """Raise InputError if a named dimension has two sizes in one call."""
    for dim, size in zip(declared.shape or (), tensor.shape, strict=False):
        if not isinstance(dim, str) or not dim:
            continue
        known, where = sizes.setdefault(dim, (size, declared.name))
        if known != size:
            raise InputError(
                f"input {declared.name!r}: expected dimension {dim!r} to be {known} "
                f"as in input {where!r}, got {size}"
            )


def _not_a_tensor(declared: Input, value: object) -> str:
    expected = _describe(declared.dtype, declared.shape)
    given = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    hint = " (torch.from_numpy makes one)" if given == "numpy.ndarray" else ""
    return f"input {declared.name!r}: expected a tensor {expected}, got {given}{hint}"


def _describe(dtype: torch.dtype, shape: Shape | None) -> str:
    name = str(dtype).removeprefix("torch.")
    if shape is None:
        return f"{name} of any shape"
    return f"{name} ({', '.join(str(dim) if dim != '' else '?' for dim in shape)})"


def _count(number: int) -> str:
    return f"{number} input{'' if number == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"

"""`python -m PACKAGE`: run the model once on arrays from files, or on random ones."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from .errors import InputError, ModelError
from .inputs import Input
from .model import EXECUTORS, ParallelModel


def main(model_class: type[ParallelModel], arguments: Sequence[str] | None = None) -> int:
    """Run the model as the command line says; returns the exit code (1: one line on stderr)."""
    options = _parser(model_class).parse_args(arguments)
    try:
        run_model(model_class, options)
    except (ModelError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run_model(model_class: type[ParallelModel], options: argparse.Namespace) -> None:
    """Run the model once as the options of `add_arguments` say, and print its outputs.

    Raises ModelError or OSError.
    """
    executor = options.executor or (
        "distributed" if "TORCHELASTIC_RUN_ID" in os.environ else "threads"
    )
    model = model_class.load(executor, weights=options.weights)
    if executor == "distributed" and os.environ.get("RANK", "0") != "0":
        model.serve()
        return
    inputs = _inputs(model_class, options)
    with model, torch.inference_mode():
        results = model(**inputs)
    tensors = (results,) if len(model_class.outputs) == 1 else results
    outputs = dict(zip(model_class.outputs, tensors, strict=True))
    for name, tensor in outputs.items():
        print(f"{name}: {describe(tensor)}")
    if options.output is not None:
        save(outputs, options.output)


def describe(tensor: Tensor) -> str:
    """Shape and dtype, and the values' mean, least and greatest."""
    text = f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
    if tensor.numel() == 0:
        return f"{text} empty"
    values = tensor.detach().to("cpu", torch.complex128 if tensor.is_complex() else torch.float64)
    if tensor.is_complex():
        return f"{text} mean {values.mean().item():.6g}"
    statistics = {"mean": values.mean(), "min": values.min(), "max": values.max()}
    return f"{text} " + " ".join(f"{key} {x.item():.6g}" for key, x in statistics.items())


def save(outputs: Mapping[str, Tensor], folder: Path) -> None:
    """Write each output as NAME.npy; characters that file names cannot hold become "_".

    Dtypes that NumPy has not (bfloat16, float8) are written as float32.
    """
    import numpy

    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for index, (name, tensor) in enumerate(outputs.items()):
        stem = re.sub(r"[^\w.-]", "_", name).lstrip(".") or "output"
        stem = f"{stem}_{index}" if stem.lower() in taken else stem
        taken.add(stem.lower())
        tensor = tensor.detach().cpu().resolve_conj()
        try:
            array = tensor.numpy()
        except TypeError:
            array = tensor.float().numpy()
        numpy.save(folder / f"{stem}.npy", array)


def read_array(file: Path) -> Tensor:
    """The array in a .npy file.  Raises InputError if it is none."""
    import numpy

    try:
        array = numpy.load(file, allow_pickle=False)
        return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
    except (ValueError, TypeError, EOFError, AttributeError) as error:
        raise InputError(f"{file}: not an array that PyTorch can read: {error}") from error


def as_declared(tensor: Tensor, declared: Input) -> Tensor:
    """The tensor; as bfloat16 or float8, which no .npy file holds, if float32 has such values."""
    in_numpy = declared.dtype.itemsize > 2 or declared.dtype == torch.float16
    if in_numpy or not declared.dtype.is_floating_point or tensor.dtype != torch.float32:
        return tensor
    converted = tensor.to(declared.dtype)
    same = torch.equal(converted.to(torch.float32).nan_to_num(), tensor.nan_to_num())
    return converted if same else tensor


def random_input(declared: Input, sizes: Mapping[str, int], generator: torch.Generator) -> Tensor:
    """Random values: normal for floating dtypes, 0 or 1 for integers, which any index allows.

    A float of 8 bits, or a smaller one that it carries, is 1/2, 1 or 2.

    A dimension without a fixed size gets its size from `sizes`, or 1.
    """
    if declared.shape is None:
        raise InputError(f"input {declared.name!r}: no random values without a known shape")
    shape = [dim if isinstance(dim, int) else sizes.get(dim, 1) for dim in declared.shape]
    if declared.dtype.itemsize == 1 and declared.dtype.is_floating_point:
        powers = torch.randint(-1, 2, shape, generator=generator)
        return torch.exp2(powers.float()).to(declared.dtype)
    if declared.dtype.is_floating_point or declared.dtype.is_complex:
        return torch.randn(shape, generator=generator).to(declared.dtype)
    return torch.randint(0, 2, shape, generator=generator).to(declared.dtype)


def _inputs(model_class: type[ParallelModel], options: argparse.Namespace) -> dict[str, Tensor]:
    """What --input gives, and random values for the rest if --random is there."""
    inputs = {name: read_array(Path(file)) for name, file in options.input}
    for declared in model_class.inputs:
        if declared.name in inputs:
            inputs[declared.name] = as_declared(inputs[declared.name], declared)
    if options.random is None:
        return inputs
    generator = torch.Generator().manual_seed(options.random)
    sizes = dict(options.dim)
    missing = [declared for declared in model_class.inputs if declared.name not in inputs]
    return inputs | {
        declared.name: random_input(declared, sizes, generator) for declared in missing
    }


def _parser(model_class: type[ParallelModel]) -> argparse.ArgumentParser:
    package = model_class.__module__.rpartition(".")[0] or "PACKAGE"
    names = [declared.name for declared in model_class.inputs]
    example = " ".join(f"--input {name}={name}.npy" for name in names)
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}",
        description=f"Run {model_class.__name__} once, and print its outputs.",
        epilog=f"example: python -m {package} {example} -o results".replace("%", "%%"),
    )
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run_model`."""
    add = parser.add_argument
    help_input = "an input's values; once for each input"
    add("--input", type=_pair, action="append", default=[], metavar="NAME=FILE", help=help_input)
    help_random = "random values for the other inputs"
    add("--random", type=int, metavar="SEED", help=help_random)
    help_dim = "with --random: the size of a dimension that has a name (otherwise 1)"
    add("--dim", type=_size, action="append", default=[], metavar="NAME=SIZE", help=help_dim)
    add("-o", "--output", type=Path, metavar="FOLDER", help="write each output as NAME.npy")
    help_executor = "(default: threads; distributed where torchrun has started it)"
    add("--executor", choices=list(EXECUTORS), help=help_executor)
    add("--weights", type=Path, metavar="FILE", help="another weights file")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not value:
        raise argparse.ArgumentTypeError(f"expected NAME=FILE, got {text!r}")
    return name, value


def _size(text: str) -> tuple[str, int]:
    name, _, size = text.rpartition("=")
    if not name or not size.isdecimal():
        raise argparse.ArgumentTypeError(f"expected NAME=SIZE, got {text!r}")
    return name, int(size)

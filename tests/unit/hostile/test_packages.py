"""A generated package holds no code of the model's, no pickle, and refuses weights not its own."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors import numpy as safetensors_numpy
from small_models import SMALL_MODELS
from sources import check_source

from ramiel.backend.package import package_files, write_package
from ramiel.driver import compile_model
from ramiel.loading import import_package
from ramiel.options import HYPER, PRESETS, STYLES, Options
from ramiel.precision import BFLOAT16
from ramiel.styles import compile_style, load_style, print_style, write_styled

safetensors: Any = safetensors_numpy
load_file, save_file = safetensors.load_file, safetensors.save_file
RUNTIME = Path(__file__).parents[3] / "ramiel" / "runtime"
HELPERS = RUNTIME.parent / "operators" / "helpers"


WAYS = {
    **{p: Options(workers=2, preset=p, force_parallel=True) for p in PRESETS},
    "serial": Options(workers=1),
    "bf16": Options(workers=2, precision=BFLOAT16, force_parallel=True),
    "torch.compile": Options(workers=2, torch_compile=True, force_parallel=True),
    **{f"{hyper} batch": Options(workers=2, batch=2, hyper=hyper) for hyper in HYPER},
    **{style: Options(preset="faithful", style=style) for style in STYLES[1:]},
}


@pytest.mark.parametrize(
    ("name", "way"),
    [(n, way) for n in SMALL_MODELS for way in WAYS if "batch" not in way or n == "towers"],
)
def test_generated_source_is_of_known_constructs_only(name: str, way: str) -> None:
    options, model = WAYS[way], SMALL_MODELS[name]()
    if options.style != STYLES[0]:
        check_source(print_style(compile_style(model, options, package=name)).text, options.style)
        return
    files = package_files(compile_model(model, options, package=name).program)
    check_source(files["model.py"])
    check_source(files["__init__.py"], "init")
    check_source(files["__main__.py"], "main")
    if "_layouts.py" in files:
        check_source(files["_layouts.py"], "layouts")


OWN_PIPES = {"launch", "packing", "spawned", "process_worker", "processes"}
"""The processes executor pickles what goes to its own children, and reads no file so."""


@pytest.mark.parametrize(
    "file", [*RUNTIME.glob("*.py"), *HELPERS.glob("*.py")], ids=lambda f: f.name
)
def test_nothing_unpickles_or_evaluates(file: Path) -> None:
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    imports = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    imports |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
    forbidden = {"marshal", "shelve", "dill", "joblib"}
    assert imports.isdisjoint(forbidden if file.stem in OWN_PIPES else forbidden | {"pickle"})
    called = [n.func for n in nodes if isinstance(n, ast.Call)]
    names = {f.id for f in called if isinstance(f, ast.Name)}
    assert names.isdisjoint({"eval", "exec", "compile", "__import__"})
    loads = {ast.unparse(f) for f in called if isinstance(f, ast.Attribute)}
    assert loads.isdisjoint({"torch.load", "torch.save"})
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert any(k.arg == "allow_pickle" for k in node.keywords)


ONLY_THESE = """
import importlib.abc, sys
import torch, safetensors.torch, safetensors.numpy

class Watcher(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        root = name.partition(".")[0]
        if root not in {"torch", "safetensors", "numpy", "towers", *sys.stdlib_module_names}:
            raise AssertionError(f"imports {name}")

sys.meta_path.insert(0, Watcher())
sys.path.insert(0, sys.argv[1])
from towers import Model
with Model.load() as model:
    model(*(torch.ones(declared.shape) for declared in Model.inputs))
"""


@pytest.fixture
def towers(tmp_path: Path) -> Path:
    """The package of the towers."""
    options = Options(workers=2, force_parallel=True)
    compilation = compile_model(SMALL_MODELS["towers"](), options, package="towers")
    write_package(compilation.program, tmp_path / "towers")
    return tmp_path / "towers"


def test_loading_imports_nothing_else(towers: Path) -> None:
    command = [sys.executable, "-I", "-c", ONLY_THESE, str(towers.parent)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def refusal(package: Path) -> str:
    """What loading raises."""
    with pytest.raises(Exception) as raised:
        import_package(package).Model.load("serial")
    assert type(raised.value).__name__ == "WeightsError"
    return str(raised.value)


def test_weights_of_another_model_are_refused(towers: Path) -> None:
    save_file({"other": np.ones(3, np.float32)}, towers / "weights.safetensors")
    assert "no weight 'bias_hh'" in refusal(towers)


@pytest.mark.parametrize("size", [0, 4, 100, -1])
def test_a_truncated_weights_file_is_refused(towers: Path, size: int) -> None:
    file = towers / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    assert "weights.safetensors" in refusal(towers)


@pytest.mark.parametrize("wrong", ["none", "cut off", "of another model", "transposed"])
def test_an_nn_module_refuses_such_weights_too(wrong: str, tmp_path: Path) -> None:
    options = Options(preset="faithful", style="module")
    write_styled(compile_style(SMALL_MODELS["towers"](), options), tmp_path / "towers")
    load_style(tmp_path / "towers", "module")
    file = tmp_path / "towers" / "weights.safetensors"
    tensors = load_file(file)
    name = next(name for name, array in tensors.items() if array.ndim == 2)
    match wrong:
        case "none":
            file.write_bytes(b"")
        case "cut off":
            file.write_bytes(file.read_bytes()[:-1])
        case "transposed":
            save_file(tensors | {name: tensors[name].T.copy()}, file)
        case _:
            save_file({"other": np.ones(3, np.float32)}, file)
    with pytest.raises(Exception, match=r"header|state_dict"):
        load_style(tmp_path / "towers", "module")


def test_weights_of_other_shapes_and_dtypes_are_refused(towers: Path) -> None:
    tensors = load_file(towers / "weights.safetensors")
    name = next(name for name, array in tensors.items() if array.ndim == 2)
    right = tensors[name]
    save_file(tensors | {name: right.T.copy()}, towers / "weights.safetensors")
    assert f"weight {name!r}: expected float32 {right.shape}" in refusal(towers)
    save_file(tensors | {name: right.astype(np.float16)}, towers / "weights.safetensors")
    assert f"weight {name!r}: expected float32 {right.shape}, got float16" in refusal(towers)


def test_a_table_that_is_none_is_refused(towers: Path) -> None:
    for text in ("", "[]", '{"w": 3}', '{"w": ["load", [1]]}', "[" * 100_000):
        (towers / "weights.json").write_text(text)
        assert "is no table of weights" in refusal(towers)


DIGEST = """
import hashlib, sys, tempfile
from pathlib import Path
from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.options import Options
from ramiel.styles import compile_style, write_styled

WAYS = [
    *(Options(workers=2, preset=preset, force_parallel=force)
      for preset in ("fast", "faithful") for force in (True, False)),
    *(Options(workers=2, batch=3, hyper=hyper) for hyper in ("plain", "switched")),
    Options(workers=2, precision="bf16", force_parallel=True),
    Options(workers=2, torch_compile=True, force_parallel=True),
    *(Options(preset=preset, style=style)
      for preset in ("fast", "faithful") for style in ("module", "script")),
]
for model in sys.argv[1:]:
    for options in WAYS:
        if options.batch != 1 and "towers" not in model:
            continue
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "package"
            if options.style == "clusters":
                found = compile_model(model, options, package="package", keep_ir=True)
                write_package(
                    found.program, package, ir=found.stages, ir_weights=found.weights_of_stages,
                    more_files={"costs.json": found.costs},
                )
            else:
                write_styled(compile_style(model, options, package="package"), package)
            for file in sorted(package.rglob("*")):
                if file.is_file():
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    print(options, file.relative_to(package), digest)
"""


def test_the_same_bytes_whatever_the_order_of_sets(tmp_path: Path) -> None:
    """All files, of each preset, style and kind of batch, the IR between passes included."""
    names = ("towers", "inception", "transformer")
    for name in names:
        onnx.save(SMALL_MODELS[name](), tmp_path / f"{name}.onnx")
    files = [str(tmp_path / f"{name}.onnx") for name in names]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, *files],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    assert len(outputs[0]) > 200
    assert outputs[0] == outputs[1]

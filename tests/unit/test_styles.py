"""The styles without clusters: an nn.Module to read, train and export, and a script."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto
from small_models import SMALL_MODELS
from torch import Tensor, nn
from xdsl.ir import OpResult, SSAValue

from ramiel.backend.block_printer import weights_of
from ramiel.dialects.dataflow import GraphOp
from ramiel.dialects.torch import CallOp
from ramiel.dialects.torch_control import yielded
from ramiel.dialects.torch_function import FunctionOp, InvokeOp
from ramiel.errors import RamielError
from ramiel.frontend.module_metadata import CLASSES, SCOPES
from ramiel.locations import node_name
from ramiel.operators.interpreter import run_graph
from ramiel.options import Options
from ramiel.sampling import sample_inputs
from ramiel.styles import StyledModel, compile_style, load_style, run_style, write_styled
from ramiel.tensors import from_torch, to_torch
from ramiel.tools.cli import main
from ramiel.transforms.isomorphism import Node, canonical_form
from ramiel.transforms.module_paths import module_path

MODULE = Options(preset="faithful", style="module")
SCRIPT = Options(preset="faithful", style="script")


class Layer(nn.Module):
    """A layer of a transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.query, self.key, self.value = (nn.Linear(16, 16) for _ in range(3))
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        weights = torch.softmax(self.query(y) @ self.key(y).transpose(1, 2) / 4, -1)
        x = x + weights @ self.value(y)
        return x + self.down(nn.functional.gelu(self.up(x)))


class Transformer(nn.Module):
    """An embedding, three equal layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 16)
        self.layers = nn.ModuleList(Layer() for _ in range(3))
        self.head = nn.Linear(16, 5)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.conv2(torch.relu(self.bn1(self.conv1(x)))))


class Convolutional(nn.Module):
    """A stem, three equal blocks, pooling and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU())
        self.stage = nn.Sequential(*(Residual() for _ in range(3)))
        self.fc = nn.Linear(8, 5)

    def forward(self, image: Tensor) -> Tensor:
        return self.fc(self.stage(self.stem(image)).mean((2, 3)))


class ConvNorm(nn.Module):
    """A convolution, its normalization and an activation."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class Branches(nn.Module):
    """Two branches of unlike kernels, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.branch1 = ConvNorm(8, 4, 1)
        self.branch2 = nn.Sequential(ConvNorm(8, 6, 1), ConvNorm(6, 4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x)], 1)


class Branched(nn.Module):
    """A stem, three equal blocks of branches and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 8, 5)
        self.blocks = nn.ModuleList(Branches() for _ in range(3))
        self.fc = nn.Linear(8, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((2, 3)))


def export(network: nn.Module, example: Tensor, folded: bool = False) -> ModelProto:
    """The network as an ONNX model, as it is or with its parameters transposed and folded."""
    file: Any = io.BytesIO()
    mode = torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE
    arguments: Any = {"dynamo": False, "training": mode, "do_constant_folding": folded}
    torch.onnx.export(network.eval(), (example,), file, **arguments)
    return onnx.load_from_string(file.getvalue())


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "transformer": (Transformer, lambda: torch.randint(20, (2, 6))),
    "convolutional": (Convolutional, lambda: torch.randn(2, 3, 17, 17)),
    "branched": (Branched, lambda: torch.randn(2, 3, 9, 9)),
}


@pytest.fixture(params=sorted(NETWORKS))
def network(request: pytest.FixtureRequest) -> tuple[nn.Module, Tensor]:
    """A network with parameters that all differ, and an input."""
    torch.manual_seed(0)
    make, example = NETWORKS[request.param]
    made = make()
    for tensor in made.state_dict().values():
        if tensor.is_floating_point():
            drawn = torch.randn(tensor.shape) * 0.2 if tensor.ndim > 1 else torch.rand(tensor.shape)
            tensor.copy_(drawn)
    return made.eval(), example()


def written(model: ModelProto, folder: Path, options: Options = MODULE) -> StyledModel:
    """Compile to a folder."""
    styled = compile_style(model, options, package=folder.name)
    write_styled(styled, folder)
    return styled


def names_of(module: nn.Module) -> set[str]:
    """The names in the state_dict; nn.BatchNorm counts batches, which no ONNX model does."""
    return {name for name in module.state_dict() if not name.endswith("num_batches_tracked")}


def form_of(owner: GraphOp | FunctionOp) -> object:
    """A graph or function up to isomorphism, with the names of its parameters."""
    operations = [op for op in owner.block.ops if isinstance(op, CallOp | InvokeOp)]
    number = {op: index for index, op in enumerate(operations)}
    weights = weights_of(owner)
    nodes: list[Node] = []
    for op in operations:
        operands: list[tuple[int, int] | None] = []
        outside: list[SSAValue] = []
        for value in op.operands:
            inner = value.owner if isinstance(value, OpResult) else None
            known = isinstance(inner, CallOp | InvokeOp)
            operands.append((number[inner], 0) if known else None)
            outside += [] if known else [value]
        label = (
            (form_of(op.callee), op.module) if isinstance(op, InvokeOp) else (op.key, op.literals)
        )
        types = (*op.operand_types, *op.result_types)
        nodes.append(Node((label, types), operands, outside, [weights.get(v) for v in outside]))
    outputs = [(number[op], 0) for v in yielded(owner.block) if isinstance(op := v.owner, CallOp)]
    assert outputs
    return canonical_form(nodes, outputs).form


def test_parameters_keep_their_names_and_layers_are_a_list(
    network: tuple[nn.Module, Tensor], tmp_path: Path
) -> None:
    original, example = network
    written(export(original, example), tmp_path / "model")
    module = load_style(tmp_path / "model", "module")
    assert names_of(module) == names_of(original)
    module.load_state_dict(original.state_dict())
    torch.testing.assert_close(module(example), original(example))
    text = (tmp_path / "model" / "model.py").read_text()
    assert " for _ in range(3))" in text and "\n        for " in text


def test_the_script_is_one_file_that_runs(
    network: tuple[nn.Module, Tensor], tmp_path: Path
) -> None:
    original, example = network
    written(export(original, example), tmp_path / "model", SCRIPT)
    model = load_style(tmp_path / "model", "script")
    torch.testing.assert_close(model(example), original(example))
    assert "for index in range(3):" in (tmp_path / "model" / "model.py").read_text()
    command = [sys.executable, str(tmp_path / "model" / "model.py")]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"torch.Size({list(original(example).shape)})" in shown


def test_the_module_trains(network: tuple[nn.Module, Tensor], tmp_path: Path) -> None:
    original, example = network
    written(export(original, example), tmp_path / "model")
    module = load_style(tmp_path / "model", "module").train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    wanted = torch.zeros_like(original(example))
    losses: list[float] = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(module(example), wanted)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert losses[-1] < losses[0]


def test_torch_export_takes_the_module(network: tuple[nn.Module, Tensor], tmp_path: Path) -> None:
    original, example = network
    written(export(original, example), tmp_path / "model")
    exported = torch.export.export(load_style(tmp_path / "model", "module"), (example,))
    torch.testing.assert_close(exported.module()(example), original(example))


def test_exported_again_the_module_compiles_to_an_isomorphic_graph(
    network: tuple[nn.Module, Tensor], tmp_path: Path
) -> None:
    original, example = network
    models = [export(original, example)]
    folders = [tmp_path / name / "model" for name in ("first", "second")]
    first = written(models[0], folders[0])
    models.append(export(load_style(folders[0], "module"), example))
    styled = written(models[1], folders[1])
    again = load_style(folders[1], "module")
    torch.testing.assert_close(again(example), original(example))
    assert form_of(styled.graph) == form_of(first.graph)
    assert names_of(again) == names_of(original)
    assert styled.functions


def test_weights_that_the_exporter_turned_and_numbered_are_the_networks_own(
    tmp_path: Path,
) -> None:
    original, example = Transformer().eval(), torch.randint(20, (2, 6))
    model = export(original, example, folded=True)
    assert any(tensor.name.startswith("onnx::MatMul") for tensor in model.graph.initializer)
    written(model, tmp_path / "model")
    module = load_style(tmp_path / "model", "module")
    wanted = original.state_dict()
    assert names_of(module) == wanted.keys()
    for name, parameter in module.state_dict().items():
        torch.testing.assert_close(parameter, wanted[name], msg=name)
    torch.testing.assert_close(module(example), original(example))


def with_metadata(model: ModelProto, classes: dict[str, str]) -> ModelProto:
    """The model as the dynamo exporter names it: flat names, the modules in the metadata."""
    for index, node in enumerate(model.graph.node):
        path = module_path(node.name)
        scopes = [path[:end] for end in range(len(path) + 1) if path[end : end + 1] in ("", ".")]
        scopes = ["", *scopes] if path else [""]
        names = [classes.get(re.sub(r"\d+$", "#", scope), "torch.nn.Other") for scope in scopes]
        node.name = f"node_{node.op_type}_{index}"
        node.metadata_props.add(key=SCOPES, value=str([*scopes, node.op_type]))
        node.metadata_props.add(key=CLASSES, value=str([*names, "aten.any.default"]))
    return model


def test_modules_and_classes_are_taken_from_the_dynamo_exporters_metadata(
    network: tuple[nn.Module, Tensor], tmp_path: Path
) -> None:
    original, example = network
    classes = {f"{name}.#": "networks.HTTPCell" for name in ("layers", "stage", "blocks")}
    styled = written(with_metadata(export(original, example), classes), tmp_path / "model")
    module = load_style(tmp_path / "model", "module")
    assert names_of(module) == names_of(original)
    torch.testing.assert_close(module(example), original(example))
    text = (tmp_path / "model" / "model.py").read_text()
    assert "class HTTPCell(nn.Module):" in text
    assert "HTTPCell() for _ in range(3))" in text
    calls = [op for op in styled.graph.block.ops if isinstance(op, CallOp)]
    assert all(node_name(op).rpartition("/")[2].startswith("node_") for op in calls)


def test_metadata_that_is_no_list_of_names_says_nothing(tmp_path: Path) -> None:
    model = export(Convolutional(), torch.randn(2, 3, 17, 17))
    written(model, tmp_path / "plain" / "model")
    for node in model.graph.node:
        node.metadata_props.add(key=SCOPES, value="['', '../x', __import__('os')]")
        node.metadata_props.add(key=CLASSES, value="[" * 10_000)
    written(model, tmp_path / "hostile" / "model")
    plain, hostile = (tmp_path / name / "model" / "model.py" for name in ("plain", "hostile"))
    assert hostile.read_text() == plain.read_text()


def test_what_is_written_is_formatted(network: tuple[nn.Module, Tensor], tmp_path: Path) -> None:
    original, example = network
    for options in (MODULE, SCRIPT):
        folder = tmp_path / options.style
        written(export(original, example), folder, options)
        for check in (["check"], ["format", "--check"]):
            ruff = [sys.executable, "-m", "ruff", *check, "--isolated"]
            subprocess.run([*ruff, str(folder / "model.py")], check=True)


def test_the_interpreter_runs_invocations(network: tuple[nn.Module, Tensor]) -> None:
    original, example = network
    styled = compile_style(export(original, example), MODULE)
    assert styled.functions
    [result] = run_graph(styled.graph, [example])
    torch.testing.assert_close(result, original(example))


@pytest.mark.parametrize("name", sorted(SMALL_MODELS))
@pytest.mark.parametrize("style", ["module", "script"])
def test_models_without_hierarchy_have_the_styles_too(
    name: str, style: str, tmp_path: Path
) -> None:
    styled = written(
        SMALL_MODELS[name](), tmp_path / "model", Options(preset="faithful", style=style)
    )
    inputs = list(sample_inputs(styled.graph, 0).values())
    types = styled.graph.function_type.outputs.data
    expected = run_graph(styled.graph, list(map(to_torch, inputs)))
    for found, wanted in zip(
        run_style(tmp_path / "model", style, inputs, types), expected, strict=True
    ):
        np.testing.assert_allclose(found, from_torch(wanted), rtol=1e-5, atol=1e-6)


def test_strings_are_refused_by_name(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 20]> m (string[2] words) => (string[2] y) '
        "{ y = StringConcat (words, words) }"
    )
    with pytest.raises(RamielError, match="input 'words' is no tensor of numbers"):
        compile_style(model, MODULE)


def test_the_commands_have_the_styles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(SMALL_MODELS["inception"](), tmp_path / "inception.onnx")
    file, folder = str(tmp_path / "inception.onnx"), tmp_path / "inception"
    for style in ("module", "script"):
        with pytest.raises(SystemExit, match="0"):
            main(["verify", file, "--style", style])
        assert style in capsys.readouterr().out
        with pytest.raises(SystemExit, match="0"):
            main(["compile", file, "--style", style, "-o", str(folder)])
        assert f"style {style}, model.py of" in capsys.readouterr().out


def test_vectors_that_the_exporter_stored_once_train_apart(tmp_path: Path) -> None:
    """All biases are zero, so that the model's file has one of them."""
    torch.manual_seed(0)
    original = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    for parameter in original.parameters():
        if parameter.ndim == 1:
            nn.init.zeros_(parameter)
    model = export(original, torch.randn(2, 4))
    assert len(model.graph.initializer) == 3
    written(model, tmp_path / "model")
    module = load_style(tmp_path / "model", "module")
    assert names_of(module) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert len({parameter.data_ptr() for parameter in module.parameters()}) == 4


def test_a_matrix_that_is_tied_stays_tied(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["": 17]>
        tied (int64[3] ids) => (float[3,5] scores)
          <float[5,2] embedding_weight = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}>
        {
          x = Gather (embedding_weight, ids)
          scores = Gemm <transB = 1> (x, embedding_weight)
        }
        """
    )
    written(model, tmp_path / "model")
    module = load_style(tmp_path / "model", "module")
    assert names_of(module) == {"embedding_weight"}
    ids = torch.tensor([0, 4, 1])
    expected = module.embedding_weight[ids] @ module.embedding_weight.T
    torch.testing.assert_close(module(ids), expected)

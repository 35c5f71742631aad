"""A compiled model is an ordinary nn.Module: names, training, dtypes, copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import nn

from ramiel.runtime import Cluster, Input, ParallelModel, Weights
from ramiel.runtime.weights import WeightTree


def test_names_parameters_and_buffers(branches: Any, weights: Any) -> None:
    model = branches.load()
    assert set(model.state_dict()) == set(weights)
    assert dict(model.named_parameters()).keys() == weights.keys() - {"offset"}
    assert [name for name, _ in model.named_buffers()] == ["offset"]
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.requires_grad for parameter in branches.load(trainable=True).parameters())


def test_trains(branches: Any, executor: str, example: Any) -> None:
    target = torch.zeros(2, 3)
    with branches.load(executor, trainable=True) as model:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        losses: list[float] = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(*example)[0], target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] * 0.7


def test_gradients_are_the_same_on_both_executors(branches: Any, example: Any) -> None:
    gradients: list[dict[str, torch.Tensor]] = []
    for executor in ("serial", "threads"):
        with branches.load(executor, trainable=True) as model:
            data = example[0].clone().requires_grad_()
            model(data, example[1])[0].sum().backward()
            assert data.grad is not None
            found = {name: parameter.grad for name, parameter in model.named_parameters()}
            gradients.append(found | {"data": data.grad})
    torch.testing.assert_close(gradients[0], gradients[1])


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_workers_follow_the_callers_mode(
    branches: Any, executor: str, example: Any, mode: Any
) -> None:
    with branches.load(executor, trainable=True) as model:
        for _ in range(2):
            with mode():
                output = model(*example)[0]
            assert output.requires_grad == (mode is torch.enable_grad)
            assert output.is_inference() == (mode is torch.inference_mode)
            assert model(*example)[0].requires_grad


def test_autocast(branches: Any, executor: str, example: Any, expected: Any) -> None:
    with branches.load(executor) as model:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            lower = model(*example)[0]
        torch.testing.assert_close(lower.float(), expected[0], rtol=0.05, atol=0.1)
        assert not torch.equal(lower.float(), expected[0])
        torch.testing.assert_close(model(*example), expected)


def test_to_dtype(branches: Any, executor: str, example: Any, expected: Any) -> None:
    with branches.load(executor).double() as model:
        output = model(*[tensor.double() for tensor in example])[0]
        assert output.dtype == torch.float64
        torch.testing.assert_close(output.float(), expected[0])
        with pytest.raises(ValueError, match="expected float64"):
            model(*example)


def test_every_way_to_change_weights_is_seen(
    branches: Any, executor: str, example: Any, weights: Any
) -> None:
    zeros = {name: torch.zeros_like(w) for name, w in weights.items()}
    with branches.load(executor) as model:
        functional = torch.func.functional_call(model, zeros, example)  # pyright: ignore
        assert not functional[0].any()
        assert model(*example)[0].any()
        for assign in (False, True):
            model.load_state_dict(zeros, assign=assign)
            assert not model(*example)[0].any()
            model.load_state_dict(weights, assign=assign)
            assert model(*example)[0].any()
        model.offset = torch.tensor([9, 9, 9])
        model.right.weight = nn.Parameter(torch.zeros(3, 8), requires_grad=False)
        assert model(*example)[1].tolist() == [[9, 9, 9]] * 2
        parametrize = nn.utils.parametrize
        parametrize.register_parametrization(model.right, "weight", AddOne())
        torch.testing.assert_close(model(*example)[1], model(*example)[1])
        assert model(*example)[1].tolist() != [[9, 9, 9]] * 2


class AddOne(nn.Module):
    def forward(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor + 1


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("copier", [copy.deepcopy, pickled])
def test_copies_have_their_own_weights_and_workers(
    branches: Any, executor: str, example: Any, expected: Any, copier: Any
) -> None:
    with branches.load(executor, timeout=60) as model:
        model(*example)
        with copier(model) as twin:
            with torch.no_grad():
                model.get_parameter("left.0.weight").zero_()
            torch.testing.assert_close(twin(*example), expected)
        assert not torch.equal(model(*example)[0], expected[0])


PATHS = ["a", "p%2Eq", "ok.w", "_fc.w"]
ODD = [*PATHS, "a.b", "", ".", "x..y", "to.weight", "to", "training", "_executor", "_escaped.z"]


async def total(x: torch.Tensor, w: Weights, channels: Any) -> dict[str, torch.Tensor]:
    return {"total": x + sum(w[name] for name in ODD)}


class OddNames(ParallelModel):
    inputs = (Input("x", torch.float32),)
    outputs = ("total",)
    clusters = (Cluster(total, reads=("x",)),)


def test_names_that_are_no_paths() -> None:
    model = OddNames({name: torch.tensor(2.0**i) for i, name in enumerate(ODD)}, "serial")
    x = torch.tensor(0.0)
    assert model(x) == 2 ** len(ODD) - 1
    assert set(model.state_dict()) == set(ODD)
    parameters = dict(model.named_parameters())
    assert {*PATHS, "_escaped.%a%2Eb"} <= set(parameters)
    assert len(parameters) == len(ODD)

    twin = copy.deepcopy(model)
    twin.load_state_dict({name: torch.tensor(1.0) for name in ODD})
    assert twin(x) == len(ODD)
    inside = nn.Sequential(twin)
    assert {f"0.{name}" for name in ODD} == set(inside.state_dict())
    inside.load_state_dict({f"0.{name}": torch.tensor(2.0) for name in ODD})
    assert twin(x) == 2 * len(ODD)


def test_a_weight_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"^no weight 'b'$"):
        Weights({"a": torch.zeros(1)})["b"]


def test_collect_follows_the_module() -> None:
    root, tree = nn.Module(), WeightTree()
    tree.register(root, {"layer.0.weight": torch.zeros(1)}, trainable=False)
    assert tree.collect()["layer.0.weight"] is root.get_parameter("layer.0.weight")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("to", (torch.float64,)),
        ("to", ("meta",)),
        ("half", ()),
        ("parameters", ()),
        ("state_dict", ()),
        ("load_state_dict", (None,)),
    ],
)
def test_a_model_of_the_preset_fast_refuses_and_says_what_helps(
    branches: Any, example: Any, expected: Any, method: str, arguments: Any
) -> None:
    class Fast(branches):
        inference_only = True

    with Fast.load("serial") as model:
        with pytest.raises(Exception, match=r"Fast was compiled with the preset fast.*faithful"):
            list(getattr(model, method)(*arguments))
        torch.testing.assert_close(model(*example), expected)
    with pytest.raises(Exception, match="it does not train; compile it with --preset faithful"):
        Fast.load(trainable=True)

"""A package's torch calls as one plain Python function: what its serial executor adds to.

The bodies of the cluster functions stand in the order in which the serial executor runs them, and a
message is an assignment.  No model, executor, cluster or channel is left.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

import torch

from ramiel.runtime.weights import own_name, read_weights

Plain: TypeAlias = Callable[..., dict[str, torch.Tensor]]


def plain_function(model: Any) -> Plain:
    """A function of the model class's inputs, by name, that returns the outputs by name."""
    module = sys.modules[model.__module__]
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
    bodies = {c.name: deque(_in_one_scope(functions[c.name])) for c in model.clusters}
    inputs = [declared.name for declared in model.inputs]
    lines = [f"def plain({', '.join(inputs)}):", " outputs = {}"]
    for cluster in model.clusters:
        names = [argument.arg for argument in functions[cluster.name].args.args]
        lines += [f" {cluster.name}_{n} = {i}" for n, i in zip(names, cluster.reads, strict=False)]
    lines += [f" {line}" for text in _serial_order(bodies) for line in text.splitlines()]
    weights = {own_name(name): w for name, w in read_weights(_weights_file(module)).items()}
    namespace: dict[str, Any] = dict(vars(module))
    for cluster in model.clusters:
        prepared: dict[str, torch.Tensor] = cluster.prepare(weights) if cluster.prepare else {}
        namespace[f"{cluster.name}_w"] = {**weights, **prepared}
    exec("\n".join([*lines, " return outputs"]), namespace)
    return namespace["plain"]


def _weights_file(module: Any) -> Path:
    return Path(module.__file__).with_name("weights.safetensors")


class _Prefix(ast.NodeTransformer):
    """Gives the local names of a cluster its prefix."""

    def __init__(self, function: ast.AsyncFunctionDef) -> None:
        stored = (node for node in ast.walk(function) if isinstance(node, ast.Name))
        self._local = {node.id for node in stored if isinstance(node.ctx, ast.Store)}
        self._local |= {argument.arg for argument in function.args.args} - {"channels"}
        self._cluster = function.name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in self._local:
            node.id = f"{self._cluster}_{node.id}"
        return node


def _in_one_scope(function: ast.AsyncFunctionDef) -> list[ast.stmt]:
    """The statements of a cluster, as they can stand beside those of others."""
    renaming = _Prefix(function)
    return [renaming.visit(statement) for statement in function.body]


def _serial_order(bodies: dict[str, deque[ast.stmt]]) -> list[str]:
    """All statements, as the serial executor takes them: a cluster until it must wait."""
    lines: list[str] = []
    sent: set[str] = set()
    waiting: dict[str, str] = {}
    runnable = deque(bodies)
    while runnable:
        cluster = runnable.popleft()
        while bodies[cluster]:
            statement = bodies[cluster][0]
            if (wanted := _received(statement, cluster)) and wanted not in sent:
                waiting[wanted] = cluster
                break
            bodies[cluster].popleft()
            lines.append(_without_channels(statement, cluster, wanted))
            if message := _sent(statement, cluster):
                sent.add(message)
                if message in waiting:
                    runnable.append(waiting.pop(message))
    assert not any(bodies.values()), "a cluster waits for ever"
    return lines


def _without_channels(statement: ast.stmt, cluster: str, received: str) -> str:
    if received:
        return f"{ast.unparse(cast(ast.Assign, statement).targets[0])} = {received}"
    if message := _sent(statement, cluster):
        return f"{message} = {ast.unparse(_call(statement).args[1])}"
    if isinstance(statement, ast.Return):
        return f"outputs |= {ast.unparse(statement.value or ast.Dict([], []))}"
    return ast.unparse(statement)


def _sent(statement: ast.stmt, cluster: str) -> str:
    """The message that a statement sends."""
    if not ast.unparse(statement).startswith("channels.send("):
        return ""
    call = _call(statement)
    return _message(call.args[0], cluster, ast.literal_eval(call.keywords[0].value))


def _received(statement: ast.stmt, cluster: str) -> str:
    """The message that a statement waits for."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Await):
        return ""
    call = cast(ast.Call, statement.value.value)
    return _message(call.args[0], ast.literal_eval(call.keywords[0].value), cluster)


def _message(value: ast.expr, source: str, destination: str) -> str:
    return f"{ast.literal_eval(value)}_from_{source}_to_{destination}"


def _call(statement: ast.stmt) -> ast.Call:
    return cast(ast.Call, cast(ast.Expr, statement).value)

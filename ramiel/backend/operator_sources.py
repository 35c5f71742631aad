"""_operators.py: the helper functions that a program calls, copied from where Ramiel has them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from xdsl.ir import Operation

from ramiel.dialects.torch import CalleeOperation
from ramiel.errors import RamielError


def operators_module(program: Operation) -> str | None:
    """The source of _operators.py; None if the program, or whatever it is, calls no helper."""
    called = (op.callee.helper_function for op in program.walk() if isinstance(op, CalleeOperation))
    helpers = [helper for helper in dict.fromkeys(called) if helper is not None]
    return gather(helpers) if helpers else None


def gather(helpers: list[Callable[..., Any]]) -> str:
    """One module with the helpers and what they use of their own modules: imports, functions,
    constants.  Raises RamielError if two modules mean different things by one name."""
    imports: dict[str, None] = {}
    definitions: dict[str, None] = {}
    meanings: dict[str, str] = {}
    for module in {inspect.getmodule(helper): None for helper in helpers}:
        assert isinstance(module, ModuleType)
        wanted = {helper.__name__ for helper in helpers if inspect.getmodule(helper) is module}
        found_imports, found = _needed(inspect.getsource(module), wanted)
        imports.update(dict.fromkeys(found_imports))
        definitions.update(dict.fromkeys(found.values()))
        for name, text in found.items():
            if meanings.setdefault(name, text) != text:
                raise RamielError(f"two modules of helpers define {name!r}")
    future = "from __future__ import annotations"
    lines = sorted(line for line in imports if line != future)
    plain = [line for line in lines if line.startswith("import ")]
    others = _joined([_own(line) for line in lines if not line.startswith("import ")])
    head = [
        '"""Operators that PyTorch has no function for."""',
        "",
        future,
        "",
        *_isort(plain, others),
    ]
    functions = next(iter(definitions), "").startswith(("def ", "class ", "@"))
    body = "\n\n\n".join(definitions)
    return "\n".join([*head, *[""] * (2 if functions else 1), body]) + "\n"


def _own(line: str) -> str:
    """The import of what the package carries too, from there."""
    return line.replace("from ramiel.runtime.", "from ._runtime.")


def _joined(lines: list[str]) -> list[str]:
    """`from m import a` and `from m import a, b` as one line."""
    names: dict[str, set[str]] = {}
    for line in lines:
        module, _, imported = line.partition(" import ")
        names.setdefault(module, set()).update(imported.split(", "))
    return [f"{module} import {', '.join(sorted(names[module]))}" for module in names]


def _isort(plain: list[str], others: list[str]) -> list[str]:
    """Standard library first, then NumPy and torch, then the package, as ruff sorts imports."""
    groups: dict[str, list[str]] = {"standard": [], "installed": [], "own": []}
    for line in plain + others:
        module = line.split()[1]
        known = "installed" if module.startswith(("numpy", "torch")) else "standard"
        groups["own" if module.startswith(".") else known].append(line)
    sections = ["\n".join(lines) for lines in groups.values() if lines]
    return "\n\n".join(sections).split("\n")


def _names_in(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def _needed(source: str, wanted: set[str]) -> tuple[list[str], dict[str, str]]:
    """The imports, and the definitions by name, in order, that the wanted functions need."""
    tree = ast.parse(source)
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, ast.Import | ast.ImportFrom] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                defined[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)]):
                defined[name] = node
            case ast.AnnAssign(target=ast.Name(id=name)):
                defined[name] = node
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    imported[(alias.asname or alias.name).split(".")[0]] = node
            case _:
                pass
    needed: set[str] = set()
    left = [name for name in wanted if name in defined]
    while left:
        name = left.pop()
        if name in needed:
            continue
        needed.add(name)
        left.extend(n for n in _names_in(defined[name]) if n in defined and n not in needed)
    used = {name for definition in needed for name in _names_in(defined[definition])}
    imports = [ast.unparse(imported[name]) for name in sorted(used) if name in imported]
    return imports, {name: _text(source, defined[name]) for name in defined if name in needed}


def _text(source: str, node: ast.stmt) -> str:
    """The source of a definition, with its decorators."""
    decorators = getattr(node, "decorator_list", [])
    above = [f"@{ast.get_source_segment(source, decorator)}" for decorator in decorators]
    return "\n".join([*above, ast.get_source_segment(source, node) or ""])

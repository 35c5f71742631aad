"""What generated source may consist of."""

from __future__ import annotations

import ast

from ramiel.backend.module_tree import GROUP

DANGEROUS = {"eval", "exec", "compile", "__import__", "open", "getattr", "setattr", "globals"}
MEANT = (
    *(ast.Module, ast.Expr, ast.Constant, ast.Assign, ast.AugAssign, ast.Name, ast.Attribute),
    *(ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Dict, ast.Subscript, ast.Slice, ast.Starred),
    *(ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.ListComp, ast.comprehension),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context, ast.GeneratorExp),
    *(ast.Import, ast.ImportFrom, ast.alias, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef),
    *(ast.arguments, ast.arg, ast.Return, ast.Delete, ast.Await, ast.If, ast.For, ast.While),
    *(ast.Pass, ast.JoinedStr, ast.FormattedValue),
)
"""The constructs that the printers mean to emit."""
IMPORTED = {"torch", "torch.nn.functional", "._runtime", ".", ".._runtime"}
BY_BATCHES = {"typing"}
BY_STYLES = {"pathlib", "typing", "safetensors.torch", "__future__", "_operators", "._operators"}
"""What the styles without clusters import beside that."""
BY_SHORT_FILES = {".model"}
"""What __init__.py and __main__.py import beside that."""


def check_source(text: str, style: str = "clusters") -> None:
    """Assert that it parses, and holds nothing but what the printer of the style means to emit."""
    tree = ast.parse(text)
    meant, statements = MEANT, [ast.AsyncFunctionDef, ast.FunctionDef, ast.Expr, ast.Import]
    statements += [ast.ImportFrom, ast.ClassDef, ast.Assign]
    match style:
        case "layouts":
            meant = (*MEANT, ast.AnnAssign)
        case "main":
            meant, statements = (*MEANT, ast.Raise), [*statements, ast.Raise]
        case "module":
            tree.body = [node for node in tree.body if not is_group(node, text)]
        case "script":
            meant, statements = (*MEANT, ast.With, ast.withitem), [*statements, ast.If]
        case _:
            pass
    nodes = list(ast.walk(tree))
    strange = {type(node).__name__ for node in nodes if not isinstance(node, meant)}
    assert not strange, strange
    places = [node for node in nodes if isinstance(node, ast.FormattedValue)]
    assert all(isinstance(place.value, ast.Name) for place in places), "f-strings have names alone"
    assert all(place.conversion == -1 and place.format_spec is None for place in places)
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert names.isdisjoint(DANGEROUS), names & DANGEROUS
    hidden = {n.attr for n in nodes if isinstance(n, ast.Attribute) and n.attr.startswith("__")}
    assert hidden <= ({"__init__"} if style == "module" else set()), hidden
    imported = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    imported |= {f"{'.' * n.level}{n.module or ''}" for n in nodes if isinstance(n, ast.ImportFrom)}
    more = BY_STYLES if style in ("module", "script") else BY_BATCHES
    more = BY_SHORT_FILES if style in ("init", "main") else more
    assert imported <= IMPORTED | more, imported
    assert all(isinstance(node, tuple(statements)) for node in tree.body)


def is_group(node: ast.stmt, text: str) -> bool:
    """Whether it is the class of submodules: it sets attributes, and is the same in each model."""
    return isinstance(node, ast.ClassDef) and ast.get_source_segment(text, node) == GROUP.strip()

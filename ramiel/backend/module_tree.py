"""The submodules and parameters of an nn.Module, as a tree by their dotted names."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree | str]"
"""Names of children; a leaf is the expression that makes it."""

GROUP = '''
class Group(nn.Module):
    """Submodules and parameters under the names that they have in the model."""

    def __init__(self, /, *numbered: nn.Module, **named: nn.Module | Tensor) -> None:
        super().__init__()
        for number, module in enumerate(numbered):
            self.add_module(str(number), module)
        for name, item in named.items():
            if isinstance(item, nn.Module | nn.Parameter):
                setattr(self, name, item)
            else:
                self.register_buffer(name, item)

    def __getitem__(self, number: int) -> Any:
        return getattr(self, str(number))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
'''
"""The class that stands for a module of which only the children are known."""


def tree_of(leaves: Mapping[str, str]) -> Tree:
    """The tree of dotted names."""
    root: Tree = {}
    for path, text in leaves.items():
        *parents, last = path.split(".")
        node = root
        for parent in parents:
            child = node.setdefault(parent, {})
            assert not isinstance(child, str), f"{parent} of {path} is a leaf"
            node = child
        node[last] = text
    return root


def constructor(node: Tree | str, path: str = "", sequences: Container[str] = ()) -> str:
    """The expression that makes the node at a path; `sequences` are called as they are."""
    if isinstance(node, str):
        return node
    made = {name: constructor(node[name], f"{path}.{name}", sequences) for name in node}
    if is_list(node):
        texts = [made[str(index)] for index in range(len(node))]
        if path in sequences:
            return f"nn.Sequential({', '.join(texts)})"
        if is_repeated(node):
            return f"nn.ModuleList({texts[0]} for _ in range({len(texts)}))"
        return f"Group({', '.join(texts)})"
    if all(name.isidentifier() for name in node):
        return f"Group({', '.join(f'{name}={text}' for name, text in made.items())})"
    items = ", ".join(f'"{name}": {text}' for name, text in made.items())
    return f"Group(**{{{items}}})"


def is_list(node: Tree | str) -> bool:
    """Whether the children are numbered from 0 on, as those of nn.Sequential are."""
    return isinstance(node, dict) and set(node) == {str(index) for index in range(len(node))}


def is_repeated(node: Tree | str) -> bool:
    """Whether the node is a list of modules of one generated class."""
    if not isinstance(node, dict) or not is_list(node) or len(node) < 2:
        return False
    texts = set(map(str, node.values()))
    return len(texts) == 1 and not texts.pop().startswith(("nn.", "Group(", "{", "torch."))


def attribute(path: str) -> str:
    """The expression `self.layer[0].conv` of a dotted name."""
    parts = (f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))
    return f"self{''.join(parts)}"

"""What the dynamo exporter of PyTorch notes of each node: the modules around it, and their classes.

pkg.torch.onnx.name_scopes      ['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d']
pkg.torch.onnx.class_hierarchy  ['net.Net', '…Sequential', 'net.Block', '…Conv2d', 'aten.conv2d']
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onnx import GraphProto, NodeProto

SCOPES = "pkg.torch.onnx.name_scopes"
CLASSES = "pkg.torch.onnx.class_hierarchy"
CLASSES_OF_MODULES = "module_classes"
"""The attribute of a dataflow.graph: the class of each module that is not PyTorch's own."""
_LIST = re.compile(r"\[('[\w.]*'(, '[\w.]*')*)?\]", re.ASCII)


def module_of(node: NodeProto) -> str:
    """The path of the innermost module around a node, "" if that is not known."""
    scopes = _items(node, SCOPES)
    return scopes[-2] if len(scopes) > 1 else ""


def hierarchical_name(node: NodeProto) -> str:
    """`/layer1.0.conv1/node_conv2d`; the node's own name where its module is not known."""
    path = module_of(node)
    return f"/{path}/{node.name}" if path and node.name and "/" not in node.name else node.name


def classes_of(graph: GraphProto) -> Mapping[str, str]:
    """The class of each module by its path, without those of PyTorch itself."""
    found: dict[str, str] = {}
    for node in graph.node:
        scopes, classes = _items(node, SCOPES), _items(node, CLASSES)
        if len(scopes) == len(classes):
            found.update(zip(scopes[:-1], classes[:-1], strict=True))
    return {
        path: name.rpartition(".")[2]
        for path, name in found.items()
        if path and not name.startswith("torch.")
    }


def _items(node: NodeProto, key: str) -> list[str]:
    """A list of names; empty if it is none: the file may say anything."""
    for entry in node.metadata_props:
        if entry.key == key and _LIST.fullmatch(entry.value):
            return re.findall(r"'([^']*)'", entry.value)
    return []

"""The module of the original network that an operation belongs to, from its node's name."""

from __future__ import annotations

from ramiel.dialects.torch_function import DEEPEST


def module_path(name: str) -> str:
    """`layer1.0.conv1` of `/layer1/layer1.0/conv1/Conv`; "" if the name has no hierarchy.

    torch.onnx writes a numbered child with its parent's name before it.
    """
    segments = [segment for segment in name.split("/") if segment][:-1]
    path: list[str] = []
    for segment in segments:
        if path and segment.startswith(f"{path[-1]}."):
            path.pop()
        path.append(segment)
    joined = ".".join(path)
    return joined if joined.count(".") < DEEPEST else ""

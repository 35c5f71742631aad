"""Source text that grows line by line, and remembers which operation each line is from."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Operation

from ramiel.backend.wrapping import wrap


class Source:
    """Lines of Python."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.origin: dict[int, Operation] = {}

    def add(self, *lines: str) -> None:
        """Append lines as they are."""
        self.lines.extend(lines)

    def statement(self, text: str, indent: int = 4, op: Operation | None = None) -> None:
        """Append a statement, wrapped; all its lines are from `op`."""
        for line in wrap(text, indent):
            self.lines.append(line)
            if op is not None:
                self.origin[len(self.lines)] = op

    @property
    def text(self) -> str:
        """The whole source."""
        return "\n".join(self.lines) + "\n"

    def line_map(self) -> Mapping[int, Operation]:
        """The operation behind each line, counted from 1."""
        return self.origin


def as_comment(text: str, length: int = 60) -> str:
    """A model's text as one line of printable ASCII that ends no comment and no docstring."""
    clean = "".join(c if 32 <= ord(c) < 127 and c not in '\\"' else "?" for c in text)
    return clean if len(clean) <= length else clean[: length - 3] + "..."

"""Source text that grows line by line, and remembers which operation each line is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Operation

from ramiel.backend.wrapping import LINE_LENGTH, wrap


class Source:
    """Lines of Python."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.origin: dict[int, Operation] = {}
        self.also: dict[int, Sequence[Operation]] = {}
        """The other operations of lines that are from several."""

    def add(self, *lines: str) -> None:
        """Append lines as they are."""
        self.lines.extend(lines)

    def statement(
        self, text: str, indent: int = 4, op: Operation | None = None, comment: str = ""
    ) -> None:
        """Append a statement, wrapped, with a comment at its end; all its lines are from `op`."""
        lines = wrap(text, indent)
        if comment and len(lines) == 1 and len(lines[0]) + 4 + len(comment) > LINE_LENGTH:
            lines = wrap(text, indent, broken=True)
        if comment:
            lines[-1] += f"  # {comment}"
        for line in lines:
            self.lines.append(line)
            if op is not None:
                self.origin[len(self.lines)] = op

    def extend(self, other: Source) -> None:
        """Append the lines of another source, with what they are from."""
        offset = len(self.lines)
        self.lines.extend(other.lines)
        self.origin.update({line + offset: op for line, op in other.origin.items()})
        self.also.update({line + offset: ops for line, ops in other.also.items()})

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

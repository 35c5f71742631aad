"""The one exception that means: the input cannot be compiled, and this is why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.ir import Operation


class RamielError(Exception):
    """A message for the person who called; the tools print it without a traceback."""

    operation: Operation | None = None
    """What the message is about, if that is one operation: `ramiel-opt` shows its line."""

    def about(self, operation: Operation) -> RamielError:
        """The error itself, which now says what it is about."""
        self.operation = operation
        return self

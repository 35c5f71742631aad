"""The one exception that means: the input cannot be compiled, and this is why."""

from __future__ import annotations


class RamielError(Exception):
    """A message for the person who called; the tools print it without a traceback."""

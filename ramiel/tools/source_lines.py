"""Which line of an .mlir text an operation stands on: errors show it, as MLIR's tools do."""

from __future__ import annotations

from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException
from xdsl.utils.lexer import Span

from ramiel.dialects.fault import Fault
from ramiel.errors import RamielError


class SourceLines:
    """The texts that a tool has read, and where in them each operation begins."""

    def __init__(self) -> None:
        self.spans: dict[Operation, Span] = {}

    def parse(self, context: Context, data: bytes, name: str, implicit: bool) -> ModuleOp:
        """The module of a text; `implicit`: it need not say `builtin.module`.

        Raises ParseError, whatever is wrong with the text, and RamielError for what is no UTF-8.
        """
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise RamielError(f"{name}:{line}: no UTF-8: {error.reason}") from error
        parser = _Parser(context, text, name)
        parser.spans = self.spans
        try:
            return parser.parse_module(implicit)
        except ParseError as error:
            undefined = [parser.reads[name] for name in parser.forward_ssa_references]
            if undefined and error.msg.startswith(UNDEFINED):
                # xDSL says so at the end of the text.
                raise ParseError(undefined[0], error.msg) from None
            raise
        except RecursionError:
            raise ParseError(parser.here, "is nested too deeply") from None
        except (VerifyException, RamielError) as error:
            raise ParseError(parser.here, str(error)) from error
        except Exception as error:
            # xDSL expects of a text what a text need not hold: a type with all its parameters, say.
            raise ParseError(parser.here, f"cannot be parsed: {error!r}") from error

    def located(self, message: str, operation: Operation | None, line_offset: int = 0) -> str:
        """The message below the line that the operation stands on, if that was read from a text."""
        if operation is None or operation not in self.spans:
            return message
        span = self.spans[operation]
        moved = Span(span.start, span.end, span.input, line_offset)
        return moved.print_with_context(message)


UNDEFINED = "values used but not defined"


class _Parser(Parser):
    spans: dict[Operation, Span]

    def __init__(self, context: Context, text: str, name: str) -> None:
        super().__init__(context, text, name)
        self.reads: dict[str, Span] = {}
        """Where each value is read first."""

    @property
    def here(self) -> Span:
        """Where the next token begins."""
        return Span(self.pos, self.pos, self.lexer.input)

    def resolve_operand(self, operand: UnresolvedOperand, type: Attribute) -> Any:
        self.reads.setdefault(operand.operand_name, operand.span)
        return super().resolve_operand(operand, type)

    def parse_operation(self) -> Operation:
        begin = self.here
        operation = super().parse_operation()
        self.spans[operation] = begin
        return operation


def culprit(module: ModuleOp, error: DiagnosticException) -> Operation | None:
    """The operation that an error of a verifier is about: xDSL's exceptions do not say."""
    if isinstance(error, Fault):
        return error.operation
    # Operations inside others first, as xDSL verifies them.
    for operation in module.walk(region_first=True):
        try:
            operation.verify(verify_nested_ops=False)
        except VerifyException:
            return operation
    return None

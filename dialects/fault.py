"""Errors of verifiers that say which operation is wrong, where it is not the verified one."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException


class Fault(VerifyException):
    """What is wrong with an operation, found by the verifier of one around it."""

    def __init__(self, operation: Operation, message: str) -> None:
        super().__init__(message)
        self.operation = operation

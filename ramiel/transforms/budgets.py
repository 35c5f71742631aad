"""What constant folding may spend."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MEBIBYTE = 1 << 20


@dataclass
class Budget:
    """Limits of one run of a pass, and what it has spent of them."""

    result_bytes: int
    """The most that one result may have."""
    total_bytes: int
    """The most that all results together may have."""
    operation_flops: int
    """The most that one operation may compute."""
    seconds: int
    """After this long nothing more is begun."""
    spent_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def refusal(self, result_bytes: int, operand_bytes: int, flops: int) -> str | None:
        """Why an operation is too much, None if it is not; `operand_bytes` are what it frees."""
        if result_bytes > MEBIBYTE and result_bytes > 2 * operand_bytes:
            return f"its {result_bytes} bytes are made of {operand_bytes}"
        if result_bytes > self.result_bytes:
            return f"its {result_bytes} bytes are over {self.result_bytes}"
        if self.spent_bytes + result_bytes > self.total_bytes:
            return f"all results would be over {self.total_bytes} bytes"
        if flops > self.operation_flops:
            return f"its {flops} floating-point operations are over {self.operation_flops}"
        if time.monotonic() - self.started > self.seconds:
            return f"folding has taken {self.seconds} seconds"
        return None

"""How many cores this process may use: affinity and the container's quota, not the machine."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path


def available_cores() -> int:
    """At least 1."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(count, ceil(quota)) if quota is not None else count)


def _cgroup_quota() -> float | None:
    """CPU time per wall time that the control group grants, None if it sets no limit."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if limit == "max" else int(limit) / int(period)

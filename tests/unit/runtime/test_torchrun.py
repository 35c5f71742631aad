"""A package started by torchrun, as the docs say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torchrun(package: Path, ranks: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a package on ranks of this host, which find each other at an endpoint."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "1"]
    command += ["--nproc-per-node", str(ranks), "--max-restarts", "0"]
    command += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{free_port()}"]
    command += ["--local-addr", "127.0.0.1", "-m", package.name, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(
        command, cwd=package.parent, env=environment, capture_output=True, text=True, timeout=120
    )


def test_arrays_go_in_and_come_out(
    write_package: Any, tmp_path: Path, example: Any, expected: Any
) -> None:
    arguments: list[str] = []
    for name, tensor in zip(("data", "scale"), example, strict=True):
        np.save(tmp_path / f"{name}.npy", tensor.numpy())
        arguments += ["--input", f"{name}={tmp_path / name}.npy"]
    done = torchrun(write_package(), 2, *arguments, "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("total: (2, 3) float32") == 1  # only rank 0 prints
    for name, tensor in zip(("total", "right"), expected, strict=True):
        found = torch.from_numpy(np.load(tmp_path / "out" / f"{name}.npy"))
        torch.testing.assert_close(found, tensor)


def test_more_ranks_than_clusters_are_refused(write_package: Any) -> None:
    done = torchrun(write_package(), 3, "--random", "0")
    assert done.returncode != 0
    assert "3 ranks do not match the model's 2 clusters: start 1 to 2 ranks" in done.stderr

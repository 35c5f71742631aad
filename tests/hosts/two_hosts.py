"""A package on two hosts, which are two network namespaces joined by a virtual cable.

    make hosts    (as root on Linux: it adds namespaces, and removes them at the end)

Started by torchrun on both, as on real hosts.  The traffic stays between the two namespaces.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from ramiel.backend.package import write_package
from ramiel.driver import compile_model
from ramiel.options import Options

HOSTS = {f"ramiel{number}": f"10.213.77.{1 + number}" for number in range(2)}
PORT = 29513


def ip(arguments: str) -> None:
    """Run an `ip` command."""
    subprocess.run(["ip", *arguments.split()], check=True)


def set_up() -> None:
    """Two namespaces, an interface `cable` in each."""
    for host in HOSTS:
        ip(f"netns add {host}")
    first, second = HOSTS
    ip(f"link add cable netns {first} type veth peer name cable netns {second}")
    for host, address in HOSTS.items():
        ip(f"-n {host} address add {address}/24 dev cable")
        ip(f"-n {host} link set cable up")
        ip(f"-n {host} link set lo up")


def tear_down() -> None:
    """Remove the namespaces, and the cable with them."""
    for host in HOSTS:
        subprocess.run(["ip", "netns", "delete", host], stderr=subprocess.DEVNULL)


def write(folder: Path) -> None:
    """The package `towers`."""
    onnx.save(
        importlib.import_module("small_models").SMALL_MODELS["towers"](), folder / "towers.onnx"
    )
    options = Options(workers=2, force_parallel=True)
    program = compile_model(folder / "towers.onnx", options, package="towers").program
    write_package(program, folder / "towers")


def run(folder: Path, arguments: list[str], interface: str | None) -> list[tuple[int, str]]:
    """torchrun on both hosts: exit codes, and all that they print."""
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    if interface is not None:
        environment["GLOO_SOCKET_IFNAME"] = interface
    processes: list[subprocess.Popen[str]] = []
    for number, host in enumerate(HOSTS):
        command = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2"]
        command += ["--nproc-per-node", "1", "--node-rank", str(number), "--max-restarts", "0"]
        command += ["--master-addr", HOSTS["ramiel0"], "--master-port", str(PORT)]
        command += ["-m", "towers", *arguments]
        processes.append(
            subprocess.Popen(
                ["ip", "netns", "exec", host, *command],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    outputs = [process.communicate(timeout=180)[0] for process in processes]
    return [(p.returncode, text) for p, text in zip(processes, outputs, strict=True)]


def main() -> None:
    """Raises AssertionError if two hosts do not compute what one does, or a mistake is not seen."""
    with tempfile.TemporaryDirectory(prefix="ramiel-") as name:
        folder = Path(name)
        write(folder)
        alone = subprocess.run(
            [sys.executable, "-m", "towers", "--random", "0", "--executor", "serial"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (code, text), (other_code, other_text) = run(folder, ["--random", "0"], "cable")
        assert (code, other_code) == (0, 0), text + other_text
        lines = [line for line in text.splitlines() if line in alone.splitlines()]
        assert lines == alone.splitlines(), text
        print("two hosts compute what one computes:", *lines, sep="\n    ")
        found = run(folder, ["--random", "0"], None)
        message = "set GLOO_SOCKET_IFNAME there to the name of its network interface"
        assert all(code != 0 and message in text for code, text in found), found
        print("a rank that would listen on loopback is refused on both hosts")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("two_hosts.py makes network namespaces: run it as root")
    tear_down()
    try:
        set_up()
        main()
    finally:
        tear_down()

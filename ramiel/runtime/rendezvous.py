"""How the ranks of a distributed model find each other, and what they check before they begin."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from datetime import timedelta
from typing import Any

import torch.distributed as dist

from .errors import ModelError

INTERFACE = "GLOO_SOCKET_IFNAME"
LOOPBACK = "127."
c10d: Any = dist  # which does not export all that it documents
NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
GET_ADDRESS = 0x8915  # Linux's SIOCGIFADDR


def connect(program: str, clusters: int, fingerprint: str, timeout: timedelta) -> None:
    """Make the gloo process group of all ranks, of which there are 1 to `clusters`.

    Raises ModelError if this process was not started as a rank, the number of ranks does not fit,
    not all of them come within `timeout`, they run different models, or one of them would listen
    where the others cannot reach it.
    """
    if missing := [name for name in NEEDED if name not in os.environ]:
        raise ModelError(
            f"{program}: the executor distributed needs ranks ({missing[0]} is not set): start it "
            "with torchrun --nproc-per-node N"
        )
    if dist.is_initialized():
        raise ModelError(f"{program}: this process has a process group already: close it first")
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if world > clusters:
        raise ModelError(
            f"{program}: {world} ranks do not match the model's {clusters} clusters: start 1 to "
            f"{clusters} ranks"
        )
    try:
        store, _, _ = next(c10d.rendezvous("env://", timeout=timeout))
        store.set_timeout(timeout)
        _check(program, c10d.PrefixStore("ramiel", store), rank, world, fingerprint)
        gloo = c10d.PrefixStore("gloo", store)
        dist.init_process_group("gloo", store=gloo, rank=rank, world_size=world, timeout=timeout)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{program}: rank {rank} of {world} did not find the others at "
            f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}: {error}"
        ) from error


def _check(program: str, store: Any, rank: int, world: int, fingerprint: str) -> None:
    """Compare what all ranks say of themselves."""
    store.set(f"rank {rank}", "\n".join((_host(), socket.gethostname(), _address(), fingerprint)))
    ranks = [store.get(f"rank {other}").decode().split("\n") for other in range(world)]
    store.set(f"rank {rank} has read", "")
    if rank == 0:  # the store is in this process, which may end now
        store.wait([f"rank {other} has read" for other in range(world)])
    several = len({host for host, *_ in ranks}) > 1
    for other, (_, name, address, print_of_other) in enumerate(ranks):
        if print_of_other != fingerprint:
            raise ModelError(
                f"{program}: ranks {rank} and {other} have different models or weights"
            )
        if several and address.startswith(LOOPBACK):
            raise ModelError(
                f"{program}: rank {other} on {name} would listen on {address}, where no other host "
                f"reaches it: set {INTERFACE} there to the name of its network interface"
            )


def _host() -> str:
    """What tells hosts, and network namespaces of one host, from each other."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read().strip()} {os.readlink('/proc/self/ns/net')}"
    except OSError:
        return socket.gethostname()


def _address() -> str:
    """Where gloo will listen: at the named interface, else at what the host's name resolves to.

    If that is no address of this host, gloo takes the loopback one, and says so only in its log.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        interface = os.environ.get(INTERFACE, "").split(",")[0]
        try:
            if interface:
                request = struct.pack("256s", interface[:15].encode())
                return socket.inet_ntoa(fcntl.ioctl(probe, GET_ADDRESS, request)[20:24])
            address = socket.gethostbyname(socket.gethostname())
            probe.bind((address, 0))
            return address
        except OSError as error:
            if interface:
                raise ModelError(f"{INTERFACE}={interface}: {error}") from error
            return "127.0.0.1"

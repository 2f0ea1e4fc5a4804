"""A switch in user space: what goes over it can be delayed, lost and cut off.

Not every kernel has `tc netem`; tap devices are everywhere, and a frame that is read from one can be held
back or thrown away as well here as there.
"""

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TUNSETIFF: Final = 0x400454CA
_TAP_WITHOUT_HEADER: Final = 0x0002 | 0x1000
_NETWORK: Final = 0x4000_0000
_LARGEST: Final = 65_536
_IDLE: Final = 0.1


@dataclass(slots=True)
class Port:
    """One host's end: what it sends is held back for `delay` seconds, and lost with probability `loss`."""

    descriptor: int
    delay: float = 0.0
    loss: float = 0.0
    cut: bool = False


class Switch:
    """Passes every frame on to all other ports, in a thread of its own, until `close`."""

    def __init__(self) -> None:
        self._ports: list[Port] = []
        self._waiting: list[tuple[float, int, Port, bytes]] = []
        self._order = itertools.count()
        self._chance = random.Random(7)
        self._over = False
        self._thread = threading.Thread(target=self._serve, name="switch", daemon=True)
        self._thread.start()

    def plug(self, namespace: str, device: str) -> Port:
        """A new tap device in a network namespace, plugged in here."""
        made: list[int] = []
        # The namespace is the thread's that enters it: this one ends with it.
        entering = threading.Thread(target=lambda: made.append(_tap(namespace, device)))
        entering.start()
        entering.join()
        port = Port(made[0])
        self._ports = [*self._ports, port]
        return port

    def close(self) -> None:
        """End."""
        self._over = True
        self._thread.join()
        for port in self._ports:
            os.close(port.descriptor)

    def _serve(self) -> None:
        while not self._over:
            ports = {port.descriptor: port for port in self._ports}
            patience = self._waiting[0][0] - time.monotonic() if self._waiting else _IDLE
            ready, _, _ = select.select(list(ports), [], [], min(_IDLE, max(0.0, patience)))
            for descriptor in ready:
                with suppress(OSError):
                    self._take(ports[descriptor], os.read(descriptor, _LARGEST))
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._give(heapq.heappop(self._waiting))

    def _take(self, port: Port, frame: bytes) -> None:
        if port.cut or self._chance.random() < port.loss:
            return
        due = time.monotonic() + port.delay
        for other in self._ports:
            if other is not port:
                heapq.heappush(self._waiting, (due, next(self._order), other, frame))

    def _give(self, waiting: tuple[float, int, Port, bytes]) -> None:
        port, frame = waiting[2:]
        if not port.cut:
            with suppress(OSError):
                os.write(port.descriptor, frame)


def _tap(namespace: str, device: str) -> int:
    """A descriptor of a new tap device (see tun/tap in the kernel's own documentation)."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{namespace}").open("rb") as space:
        if libc.setns(space.fileno(), _NETWORK):
            raise OSError(ctypes.get_errno(), "setns")
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", device.encode(), _TAP_WITHOUT_HEADER))
    return descriptor

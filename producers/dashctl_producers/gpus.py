"""How this machine's graphics processors are doing, as NVIDIA's management library tells it.

Rules: without a driver there are none, and that is no error; each processor is read in a thread of its own,
because a call into a driver in trouble may never return; what is not told in time, or not at all, is None,
and neither the other processors nor the rest of the machine waits for it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Semaphore, Thread
from typing import Final, Generic, TypeVar

import psutil
import pynvml

from dashctl.events import Gpu, GpuProcess
from dashctl.validation import sendable

T = TypeVar("T")

PATIENCE: Final = 0.5
"""Seconds to wait for what is told, at most."""
LOOK_AGAIN: Final = 30.0
"""Seconds after which a driver is looked for again that was not there."""
MOST_GPUS: Final = 64
MOST_PROCESSES: Final = 200

_REFUSALS: Final = (pynvml.NVMLError, pynvml.NVMLLibraryMismatchError)


@dataclass(frozen=True, slots=True)
class Reading:
    """One processor and what runs on it."""

    gpu: Gpu
    processes: tuple[GpuProcess, ...] = ()


class Gpus:
    """All of this machine's; `ask`, do something else, and take what `told` gives."""

    def __init__(self) -> None:
        self._finder = _Asked(_count)
        self._gpus: tuple[_Asked[Reading], ...] = ()
        self._names: list[str] = []
        self._looked = -LOOK_AGAIN

    def ask(self) -> None:
        """Have everything read anew."""
        for gpu in self._gpus:
            gpu.ask()
        if not self._gpus and time.monotonic() - self._looked >= LOOK_AGAIN:
            self._looked = time.monotonic()
            self._finder.ask()

    def told(self) -> tuple[tuple[Gpu, ...], tuple[GpuProcess, ...]] | None:
        """What was told since `ask`: processors by their numbers, and processes, the largest first.

        None where there are no processors, or as long as none was found.
        """
        until = time.monotonic() + PATIENCE
        if not self._gpus:
            self._find(until)
        if not self._gpus:
            return None
        readings = [gpu.answer(until) for gpu in self._gpus]
        for place, reading in enumerate(readings):
            if reading is not None:
                self._names[place] = reading.gpu.name
        gpus = tuple(
            Gpu(name) if reading is None else reading.gpu
            for name, reading in zip(self._names, readings, strict=True)
        )
        processes = [process for reading in readings if reading for process in reading.processes]
        processes.sort(key=lambda process: (-(process.memory_bytes or 0), process.gpu, process.pid))
        return gpus, tuple(processes[:MOST_PROCESSES])

    def close(self) -> None:
        """End the threads, but one that a driver does not give back."""
        self._finder.close()
        for gpu in self._gpus:
            gpu.close()

    def _find(self, until: float) -> None:
        found = min(self._finder.answer(until) or 0, MOST_GPUS)
        self._names = [f"GPU {index}" for index in range(found)]
        self._gpus = tuple(_Asked(_Processor(index).read) for index in range(found))
        for gpu in self._gpus:
            gpu.ask()


class _Asked(Generic[T]):
    """Something that is read in a thread of its own, when it is asked for."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._answer: T | None = None
        self._wanted, self._idle = Semaphore(0), Event()
        self._idle.set()
        self._closed = False
        Thread(target=self._serve, daemon=True).start()

    def ask(self) -> None:
        """Read it, unless it is being read still."""
        if self._idle.is_set():
            self._idle.clear()
            self._wanted.release()

    def answer(self, until: float) -> T | None:
        """What was read; None if it was not by then, in seconds of the monotonic clock."""
        return self._answer if self._idle.wait(max(0.0, until - time.monotonic())) else None

    def close(self) -> None:
        self._closed = True
        self._wanted.release()

    def _serve(self) -> None:
        while True:
            self._wanted.acquire()
            if self._closed:
                return
            self._answer = self._read()
            self._idle.set()


def _count() -> int:
    """How many there are; 0 without a driver."""
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except _REFUSALS:
        return 0


class _Processor:
    """One processor by its number."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._name = f"GPU {index}"
        self._owners: dict[int, tuple[str, str]] = {}
        """Name and user of each process that was seen last time."""

    def read(self) -> Reading:
        # Asked for each time: one that was lost and is back has another handle.
        handle = _told(lambda: pynvml.nvmlDeviceGetHandleByIndex(self._index))
        if handle is None:
            return Reading(Gpu(self._name))
        self._name = _told(lambda: sendable(pynvml.nvmlDeviceGetName(handle), 100)) or self._name
        used, total = _memory(handle)
        gpu = Gpu(
            self._name,
            utilisation=_told(lambda: min(100.0, float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu))),
            memory_bytes=used,
            memory_total=total,
            temperature=_temperature(handle),
            power=_told(lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            power_limit=_told(lambda: pynvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000),
        )
        return Reading(gpu, self._processes(handle))

    def _processes(self, handle: object) -> tuple[GpuProcess, ...]:
        memory: dict[int, int | None] = {}
        for running in (
            pynvml.nvmlDeviceGetGraphicsRunningProcesses,
            pynvml.nvmlDeviceGetComputeRunningProcesses,
        ):
            for process in _told(lambda: running(handle)) or ():  # noqa: B023 - called before the next turn
                memory[process.pid] = process.usedGpuMemory
        self._owners = {pid: self._owners.get(pid) or _owner(pid) for pid in memory}
        return tuple(GpuProcess(self._index, pid, *self._owners[pid], used) for pid, used in memory.items())


def _told(call: Callable[[], T]) -> T | None:
    """What a call gives, None if it is refused: not supported, not permitted, or the processor is lost."""
    try:
        return call()
    except _REFUSALS:
        return None


def _memory(handle: object) -> tuple[int | None, int | None]:
    """Bytes in use and bytes there are; what the driver keeps for itself is not in use."""
    memory = _told(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, pynvml.nvmlMemory_v2))
    if memory is None:
        memory = _told(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    return (None, None) if memory is None else (int(memory.used), int(memory.total))


def _temperature(handle: object) -> float | None:
    """Degrees Celsius; older drivers know the older call alone."""
    for call in (pynvml.nvmlDeviceGetTemperatureV, pynvml.nvmlDeviceGetTemperature):
        degrees = _told(lambda: call(handle, pynvml.NVML_TEMPERATURE_GPU))  # noqa: B023 - called at once
        if degrees is not None:
            return float(degrees)
    return None


def _owner(pid: int) -> tuple[str, str]:
    """A process's name and user; empty where another container or user hides them."""
    name = user = ""
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        name = sendable(process.name(), 100)
        user = sendable(process.username(), 100)
    return name, user

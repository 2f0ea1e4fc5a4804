"""What a program offers to be called: plain typed functions under a name.

Rules: a service never keeps its program from running or from ending: without a broker it waits for one,
with none there nothing is raised; a name has one holder; a process that forks keeps its service to itself.
"""

import atexit
import os
import warnings
import weakref
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final, Self, TypeVar

from dashctl.bus.address import Address
from dashctl.bus.invocation import Invocation
from dashctl.bus.methods import TypedMethod
from dashctl.bus.serving import Serving
from dashctl.errors import Closed, UsageError
from dashctl.validation import shown

__all__ = ["Invocation", "Service"]

LONGEST_NAME: Final = 128
CLOSING: Final = 1.0
"""Seconds that methods which still run have to return when the service is closed."""
AT_EXIT: Final = 0.5

F = TypeVar("F", bound=Callable[..., Any])


class Service:
    """A name under which methods can be called, from `with` (or `open`) on:

        with dashctl.Service("trainer") as service:

            @service.method
            def set_lr(value: float) -> float:
                ...

    Methods run in threads of the service, at most `threads` at once; what they share with the program,
    they share as threads do. Raises UsageError for an address or a name that is none.
    """

    def __init__(self, name: str, address: Address | str | None = None, *, threads: int = 4) -> None:
        self._closed = True
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise UsageError(
                f"service: {shown(name)} is not allowed; expected a name of at most {LONGEST_NAME} characters"
            )
        if threads < 1:
            raise UsageError(f"service: threads={threads} is not allowed; expected 1 or more")
        self.name = name
        self._address = Address.parse(address)
        self._address.guard()
        self._process = os.getpid()
        self._is_open = False
        self._serving = Serving(name, self._address, threads)
        self._closed = False
        # Weakly, so that a service that was dropped is not kept alive, and warns.
        self._at_exit = partial(_close, weakref.ref(self))
        atexit.register(self._at_exit)
        _services().add(self)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)
            self.close(0.0)

    def __repr__(self) -> str:
        return f"<Service {self.name!r} at {self._address}>"

    @property
    def is_offered(self) -> bool:
        """Whether a broker knows it, with all its methods, so that it can be called."""
        return not self._closed and self._serving.is_offered

    def open(self) -> None:
        """Offer the service. Returns at once where there is no broker: it is offered when there is one.

        Raises NameTaken if another process has the name, NotAllowed without the right to it, and Closed.
        """
        if self._closed:
            raise Closed(f"the service {self.name!r} is closed")
        if self._is_open:
            return
        self._is_open = True
        self._serving.start()
        self._serving.settle()
        if self._serving.refused is not None:
            refused = self._serving.refused
            self.close()
            raise refused

    def method(self, function: F) -> F:
        """Offer a function under its own name; returns the function, so that this can decorate one.

        Its annotations say what its arguments allow, the first line of its docstring says what it is for,
        and a parameter annotated `Invocation` gets the call itself. Raises UsageError for a function that
        cannot be called with values that travel, and Closed.
        """
        if self._closed:
            raise Closed(f"the service {self.name!r} is closed")
        self._serving.add(TypedMethod(self.name, function))
        self._serving.settle()
        return function

    def close(self, timeout: float = CLOSING) -> None:
        """Offer it no longer. Methods that run hear that nobody waits, and have so many seconds."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self._at_exit)
        if self._process == os.getpid():
            self._serving.close(timeout)

    def _leave_to_parent(self) -> None:
        # The threads did not come along and the sockets are the parent's: nothing of it is touched here.
        atexit.unregister(self._at_exit)
        self._closed = True


def _close(service: "weakref.ref[Service]") -> None:
    there = service()
    if there is not None:
        there.close(AT_EXIT)


@cache
def _services() -> "weakref.WeakSet[Service]":
    """All services of this process: together, for what is registered for a fork stays so for ever."""
    services: weakref.WeakSet[Service] = weakref.WeakSet()
    os.register_at_fork(after_in_child=partial(_leave_all_to_parent, services))
    return services


def _leave_all_to_parent(services: "weakref.WeakSet[Service]") -> None:
    for service in list(services):
        service._leave_to_parent()  # noqa: SLF001 - it is no one else's to call

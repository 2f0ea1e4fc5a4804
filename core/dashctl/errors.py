"""Every error that dashctl raises on purpose.

Rules: a message is one line that a person can act on; nothing here imports anything heavier than
the standard library; the command turns `exit_code` into the process's exit status and prints no
traceback.
"""

from typing import ClassVar


class DashctlError(Exception):
    """Base of all of them."""

    exit_code: ClassVar[int] = 1


class UsageError(DashctlError):
    """The command, its configuration or a file it was given is not as it has to be."""

    exit_code = 2


class InvalidEvent(UsageError, ValueError):
    """An event carries a value that it must not: the message names field, value and what is allowed."""


class InvalidData(UsageError):
    """A file or a folder of data is not what its format says: the message names file, place and reason."""


class MissingExtra(UsageError):
    """A part of dashctl was asked for whose packages are not installed."""

    def __init__(self, what: str, extra: str, missing: str) -> None:
        super().__init__(
            f"{what} needs the package {missing!r}: install it with  pip install 'dashctl[{extra}]'"
        )


class NoBroker(DashctlError):
    """No broker answered at the address."""

    exit_code = 3


class NotAllowed(DashctlError):
    """A broker asks for keys, and these do not open it: the message says which and what to do."""

    exit_code = 3


class TimedOut(DashctlError):
    """Somebody was there, and the answer did not come in time."""

    exit_code = 4


class Closed(DashctlError):
    """A publisher or subscriber was used after it was closed."""


class CallError(DashctlError):
    """Base of what can become of a call, apart from its result, NoBroker and TimedOut."""


class NoSuchService(CallError):
    """Nobody offers a service of this name: the message lists those that are offered."""

    exit_code = 3


class NoSuchMethod(CallError, UsageError):
    """The service has no method of this name: the message lists those that it has."""


class BadArguments(CallError, UsageError):
    """The method does not take these arguments: the message names one, its value and what is allowed."""


class CallFailed(CallError):
    """The method raised: `kind` is the name of the exception's class."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class ServiceGone(CallError):
    """The service ended in mid-call; whether the call was carried out is not known."""

    exit_code = 3


class Cancelled(CallError):
    """The call was given up, by the caller or by the service."""


class Busy(CallError):
    """More calls are in progress than there is room for."""


class CallTimedOut(TimedOut, CallError):
    """The method did not return in time, and was told that nobody waits for it any more."""


class NameTaken(DashctlError):
    """Another process offers a service of this name: the message says which."""

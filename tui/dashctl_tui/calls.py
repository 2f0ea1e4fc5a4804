"""Calls to services, as they are typed: `SERVICE METHOD key=value …`.

Rules: a call has a thread of its own, and nobody waits for it; what a text means is decided by the
parameter that it is for, as with `dashctl call`; an error is shown in the words of who raised it.
"""

import json
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

import msgspec

from dashctl.bus.address import Address
from dashctl.bus.calling import CallProgress, ServiceInfo, ask_services, call
from dashctl.cli.fields import pairs, read
from dashctl.errors import DashctlError, UsageError
from dashctl.state_json import plain

TIMEOUT: Final = 600.0
"""Seconds that a call may take: a person sees that it goes on, and can give it up."""
_PATIENCE: Final = 1.0
_LONGEST_SHOWN: Final = 400


class Line(msgspec.Struct, frozen=True):
    """What was typed, taken apart."""

    service: str
    method: str
    texts: Mapping[str, str]

    @property
    def place(self) -> str:
        return f"{self.service}.{self.method}"

    def arguments(self, services: Sequence[ServiceInfo]) -> dict[str, Any]:
        """The values that the texts stand for, after the service's own description."""
        verbatim = {
            parameter.name
            for service in services
            for method in service.methods
            for parameter in method.parameters
            if (service.name, method.name) == (self.service, self.method) and parameter.takes_text
        }
        return {name: text if name in verbatim else read(text) for name, text in self.texts.items()}


class Word(msgspec.Struct, frozen=True):
    """What is to be said of a call: that it goes on, what it came to, or why it failed."""

    text: str
    kind: Literal["going on", "result", "error"]


def line_of(typed: str) -> Line:
    """What was typed, taken apart as a shell would. Raises UsageError."""
    try:
        words = shlex.split(typed)
    except ValueError as error:
        raise UsageError(f"call: {error.args[0].lower()}; expected quotes in pairs") from None
    if len(words) < 2:
        raise UsageError("call: expected SERVICE METHOD key=value …, as in detector status")
    service, method, *rest = words
    texts: dict[str, str] = {}
    for key, text in pairs(rest):
        if key in texts:
            raise UsageError(f"{service}.{method}.{key}: is given twice")
        texts[key] = text
    return Line(service, method, texts)


def completed(typed: str, services: Sequence[ServiceInfo]) -> str | None:
    """What was typed, with its last word made whole: a service, a method or a parameter; None if none fits.

    Of several the first by name is taken, and parameters that have to be given come before the others.
    """
    *before, last = typed.split(" ")
    fitting = [name for name in _offered(before, services) if name.startswith(last) and name != last]
    return " ".join([*before, fitting[0]]) if fitting else None


def _offered(before: Sequence[str], services: Sequence[ServiceInfo]) -> list[str]:
    words = [word for word in before if word]
    if not words:
        return sorted(f"{service.name} " for service in services)
    methods = {method.name: method for each in services if each.name == words[0] for method in each.methods}
    if len(words) == 1:
        return sorted(f"{name} " if method.parameters else name for name, method in methods.items())
    method = methods.get(words[1])
    given = {word.partition("=")[0] for word in words[2:]}
    parameters = method.parameters if method is not None else ()
    wanted = sorted(parameters, key=lambda each: not each.required)
    return [f"{each.name}=" for each in wanted if each.name not in given]


class Calls:
    """Calls that go on, each in a thread of its own, and which services there are.

    on_news is called in those threads when there is something to take.
    """

    def __init__(self, address: Address | str | None, on_news: Callable[[], None] = lambda: None) -> None:
        self.on_news = on_news
        self.services: tuple[ServiceInfo, ...] = ()
        """Those that there were when they were last asked for."""
        self._address = address
        self._lock = threading.Lock()
        self._word: Word | None = None
        self._under_way: dict[threading.Thread, threading.Event] = {}

    @property
    def under_way(self) -> int:
        """How many calls go on."""
        with self._lock:
            return len(self._under_way)

    def look(self) -> None:
        """Find out which services there are; never waits."""
        threading.Thread(target=self._look, name="dashctl-services", daemon=True).start()

    def start(self, line: Line) -> None:
        """Begin a call; never waits."""
        given_up = threading.Event()
        made = threading.Thread(
            target=partial(self._call, line, given_up), name=f"dashctl-call-{line.place}", daemon=True
        )
        with self._lock:
            self._under_way[made] = given_up
            self._word = Word(f"{line.place} …", "going on")
        made.start()

    def give_up(self) -> None:
        """Wait for none of the calls any longer, and have the services told so."""
        with self._lock:
            for given_up in self._under_way.values():
                given_up.set()

    def take(self) -> Word | None:
        """What is new, the newest alone."""
        with self._lock:
            word, self._word = self._word, None
            return word

    def close(self) -> None:
        """Give up every call, and wait a moment until the services were told."""
        self.give_up()
        with self._lock:
            threads = list(self._under_way)
        for thread in threads:
            thread.join(_PATIENCE)

    def _look(self) -> None:
        try:
            self.services = ask_services(self._address)
        except DashctlError:
            # Without a broker nothing can be completed; a call will say why.
            self.services = ()
        self.on_news()

    def _call(self, line: Line, given_up: threading.Event) -> None:
        try:
            services = ask_services(self._address) if line.texts else ()
            result = call(
                self._address,
                line.service,
                line.method,
                line.arguments(services),
                timeout=TIMEOUT,
                on_progress=lambda progress: self._say(
                    Word(f"{line.place}: {_worded(progress)}", "going on")
                ),
                cancelled=given_up.is_set,
            )
            self._end(Word(f"{line.place} → {_shown(result)}", "result"))
        except DashctlError as error:
            self._end(Word(str(error), "error"))

    def _say(self, word: Word) -> None:
        with self._lock:
            self._word = word
        self.on_news()

    def _end(self, word: Word) -> None:
        with self._lock:
            self._under_way.pop(threading.current_thread(), None)
        self._say(word)


def _worded(progress: CallProgress) -> str:
    amount = f"{progress.done:g}" if progress.total is None else f"{progress.done:g} of {progress.total:g}"
    note = " ".join(progress.note.split())
    return f"{amount}, {note}" if note else amount


def _shown(result: Any) -> str:
    if result is None:
        return "done"
    text = result if isinstance(result, str) else json.dumps(plain(result), ensure_ascii=False)
    return " ".join(text[:_LONGEST_SHOWN].split())

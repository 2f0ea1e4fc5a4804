"""Publishes events of many runs: that an alert began, or that a person has seen it.

Rules: a publisher is made when there is something to publish, so that who only looks is no producer; each run
has its own, and the one that was silent longest is closed when there are many.
"""

from typing import Final

from dashctl.bus.address import Address
from dashctl.bus.publisher import Publisher
from dashctl.events import Event

MOST: Final = 32
"""Publishers at once, each of which has a thread and a connection."""


class Announcer:
    """Publishes events of any run; close it at the end. One thread uses it.

    name: what program it is, since the runs are those of others.
    """

    def __init__(self, address: Address | str | None, name: str = "") -> None:
        self._address, self._name = address, name
        self._publishers: dict[str, Publisher] = {}

    def log(self, event: Event, run: str) -> None:
        """Send an event some time soon; waits only where another run's publisher has to make room."""
        publisher = self._publishers.pop(run, None)
        if publisher is None:
            if len(self._publishers) >= MOST:
                self._publishers.pop(next(iter(self._publishers))).close()
            publisher = Publisher(self._address, run=run, name=self._name)
        self._publishers[run] = publisher
        publisher.log(event)

    def close(self) -> None:
        """Send what is left, and end."""
        for publisher in self._publishers.values():
            publisher.close()
        self._publishers.clear()

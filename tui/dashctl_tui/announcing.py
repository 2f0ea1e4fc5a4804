"""What a person publishes from the monitor: that an alert was seen, say.

Rules: a publisher is made when there is something to publish, so that who only looks is no producer; each
run has its own.
"""

from dashctl.bus import Address, Publisher
from dashctl.events import Event


class Announcer:
    """Publishes events of any run; close it at the end."""

    def __init__(self, address: Address | str | None) -> None:
        self._address = address
        self._publishers: dict[str, Publisher] = {}

    def log(self, event: Event, run: str) -> None:
        """Send an event some time soon; never waits."""
        if run not in self._publishers:
            self._publishers[run] = Publisher(self._address, run=run)
        self._publishers[run].log(event)

    def close(self) -> None:
        """Send what is left, and end."""
        for publisher in self._publishers.values():
            publisher.close()
        self._publishers.clear()

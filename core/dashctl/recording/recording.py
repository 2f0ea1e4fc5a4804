"""What a recording holds: the state at its start, and everything that came after it, in order.

Rules: a file that was cut off is read up to the cut; what cannot be understood is counted by reason
and passed over; a file of another program is refused by name.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from mcap.exceptions import McapError
from mcap.records import Attachment, Channel, Metadata

from dashctl.errors import InvalidData, UsageError
from dashctl.events import Event, Stamped
from dashctl.recording.mcap_reader import McapReader, Message
from dashctl.recording.message import Unreadable, from_message
from dashctl.state import BadSnapshot, State

PROFILE: Final = "dashctl"
FORMAT: Final = 1
"""Of what dashctl puts into the file; the file's own format is MCAP 0."""
FACTS: Final = "dashctl"
"""The metadata record that says by whom and where the recording was made."""
LOSS: Final = "loss"
"""The metadata record that says that something is missing between what is before and behind it."""
STATE: Final = "state"
"""The attachment with the encoded state, as of what stands behind it."""
STATE_TYPE: Final = "application/x-msgpack"


class Beginning(NamedTuple):
    """What was known when the recording began, or went on after a loss."""

    log_time: int
    """Nanoseconds since 1970, by the recording machine's clock."""
    state: State


class Recorded(NamedTuple):
    """An event, and when it came to the recorder."""

    log_time: int
    item: Stamped[Event]


class Recording:
    """A file that `dashctl record` wrote, open to be read any number of times.

    Raises InvalidData if it is none, and UsageError if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: dict[str, str] = {}
        """By whom and where it was made."""
        self.skipped: Counter[str] = Counter()
        """What could not be understood in the last reading, by reason."""
        self.losses: list[str] = []
        """What is missing, in words, as far as the last reading came."""
        self.damage = ""
        """Why the last reading ended before the file's end, "" if it did not."""
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; expected a recording of  dashctl record")
        # The first record is enough to know whether it is a recording.
        next(iter(self), None)

    def __iter__(self) -> Iterator[Beginning | Recorded]:
        self.skipped, self.losses, self.damage = Counter(), [], ""
        reader = McapReader(self.path)
        records = iter(reader)
        channels: dict[int, Channel] = {}
        try:
            for record in records:
                if type(record) is Message:
                    yield from self._message(record, channels)
                else:
                    yield from self._other(reader, record, channels)  # type: ignore[arg-type]
        except (OSError, McapError) as error:
            raise UsageError(f"{self.path}: cannot be read ({_reason(error)})") from None
        self._check_own(reader)
        self.damage = reader.damage

    @property
    def first_time(self) -> float:
        """When the first thing in it was recorded, seconds since 1970; 0 if there is nothing."""
        return next((each.log_time / 1e9 for each in self), 0.0)

    def _message(self, message: Message, channels: dict[int, Channel]) -> Iterator[Recorded]:
        channel = channels.get(message.channel)
        if channel is None or channel.message_encoding != "json":
            self.skipped["foreign channel"] += 1
            return
        try:
            item = from_message(message.data)
        except Unreadable as error:
            self.skipped[error.reason] += 1
            return
        yield Recorded(message.log_time, item)

    def _other(
        self, reader: McapReader, record: Channel | Attachment | Metadata, channels: dict[int, Channel]
    ) -> Iterator[Beginning]:
        self._check_own(reader)
        match record:
            case Channel(id=number):
                channels[number] = record
            case Attachment(name=name, data=data, log_time=log_time) if name == STATE:
                yield Beginning(log_time, self._state(data))
            case Metadata(name=name, metadata=facts) if name == FACTS:
                self._check_format(facts)
            case Metadata(name=name, metadata=facts) if name == LOSS:
                self.losses.append(facts.get("reason", "unknown"))

    def _check_own(self, reader: McapReader) -> None:
        if reader.profile != PROFILE:
            raise InvalidData(
                f"{self.path}: an MCAP file of another program (profile {reader.profile!r});"
                " expected a recording of  dashctl record"
            )

    def _check_format(self, facts: dict[str, str]) -> None:
        self.facts = facts
        given = facts.get("format", "")
        if given != str(FORMAT):
            raise InvalidData(
                f"{self.path}: recorded by dashctl {facts.get('version', '?')} in format {given or '?'};"
                f" this dashctl reads format {FORMAT}"
            )

    def _state(self, data: bytes) -> State:
        try:
            return State.decode(data)
        except BadSnapshot as error:
            raise InvalidData(f"{self.path}: its state cannot be read ({error})") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

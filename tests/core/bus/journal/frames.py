"""What the tests of the journal share: frames, and a journal written through its own thread."""

from pathlib import Path

from dashctl.bus.journal.journal import Journal
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.memory import Memory
from dashctl.bus.refusals import Refusals
from dashctl.events import Event, LogLine, Metric
from dashctl.state import State, fold_all
from dashctl.wire import decode_header, encode_frame, open_frame

PRODUCER = b"producer"


def frame(first: int, count: int = 10, producer: bytes = PRODUCER) -> bytes:
    """Metrics numbered from `first` on, at times that are their numbers."""
    numbers = range(first, first + count)
    return encode_frame(
        producer, first, "run", [*map(float, numbers)], [Metric("loss", n, n / 3) for n in numbers]
    )


def line(first: int, message: str) -> bytes:
    """A log line numbered `first`."""
    return encode_frame(PRODUCER, first, "run", [float(first)], [LogLine(message)])


def folded(frames: list[bytes]) -> State:
    """The state that frames come to."""
    state = State()
    for each in frames:
        fold_all(state, open_frame(each).events)
    return state


class Life:
    """A broker's life as the journal sees it: what was passed on is put, a segment begins when it is due."""

    def __init__(self, folder: Path, **limits: float) -> None:
        self.journal = Journal(JournalSettings(folder, **limits))  # type: ignore[arg-type]
        self.alerts: list[Event] = []
        self.ledger = self.journal.recovered.ledger
        self._memory = Memory(Refusals(), self.journal.recovered.state)
        self.journal.start(lambda: None, self.alerts.append)
        self.begin()

    def begin(self) -> None:
        """Begin a segment."""
        self.journal.begin(self._memory.snapshot(), self.ledger)

    def put(self, *frames: bytes) -> None:
        """Pass frames on."""
        for each in frames:
            header = decode_header(each)
            assert self.ledger.enter(header, 0.0)
            self._memory.keep(each, header.events)
            self.journal.put(each, header.events, own=False)
            if self.journal.due:
                self.begin()

    def end(self) -> None:
        """Close, cleanly."""
        self.journal.close()


def state_in(folder: Path) -> State:
    """What the next broker begins with."""
    journal = Journal(JournalSettings(folder))
    journal.close()
    return journal.recovered.state


def segments_in(folder: Path) -> list[Path]:
    """The files of segments, oldest first."""
    return sorted(folder.glob("*.segment"))

"""A program that logs as fast as it is told, and says what was acknowledged.

    python -m tests.chaos.producer ADDRESS NAMES COUNT RATE

Each name, separated by commas, has a publisher of its own, and logs `Metric(name, step, 1.0)` for every
step below COUNT, together RATE a second. It prints `acked NAME STEPS DROPPED` whenever the first STEPS are
known to be durable but for DROPPED that its own full queue gave up, `volatile NAME STEPS` when the broker
took them and said that they are not, and at the end `done NAME LOGGED LEFT DROPPED`.
"""

import sys
import threading
import time

from dashctl import Metric, Publisher
from dashctl.errors import DashctlError

BEAT = 0.01
MARK = 0.2
CLOSING = 60.0


class Logger:
    """One publisher, how far it is, and the thread that asks what is durable."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.publisher = Publisher(address)
        self.logged = 0
        self._over = threading.Event()
        self._marker = threading.Thread(target=self._mark, daemon=True)
        self._marker.start()

    def log(self, count: int) -> None:
        """Log so many more."""
        for step in range(self.logged, self.logged + count):
            self.publisher.log(Metric(self.name, step, 1.0))
        self.logged += count

    def close(self) -> None:
        """Deliver what is left, and say how it ended."""
        self._over.set()
        self._marker.join()
        left = self.publisher.close(CLOSING)
        dropped = self.publisher.statistics().dropped
        if not left:
            _say("acked", self.name, self.logged, dropped)
        _say("done", self.name, self.logged, left, dropped)

    def _mark(self) -> None:
        number = 0
        while not self._over.wait(MARK):
            before, number = self.logged, number + 1
            try:
                receipt = self.publisher.publish(Metric(f"{self.name}!", number, 1.0), 10.0)
            except DashctlError:
                continue
            if receipt["durable"]:
                # What was dropped before the marker is among these; what was dropped since claims too little.
                _say("acked", self.name, before, self.publisher.statistics().dropped)
            else:
                _say("volatile", self.name, before)


def _say(*words: object) -> None:
    """One line in one piece, whatever other threads say at the same moment."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(address: str, names: str, count: int, rate: float) -> None:
    """Log until all are logged."""
    loggers = [Logger(address, name) for name in names.split(",")]
    share = max(1, round(rate * BEAT / len(loggers)))
    beat = share * len(loggers) / rate
    due = time.monotonic()
    while loggers[-1].logged < count:
        for logger in loggers:
            logger.log(min(share, count - logger.logged))
        due += beat
        time.sleep(max(0.0, due - time.monotonic()))
    for logger in loggers:
        logger.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))

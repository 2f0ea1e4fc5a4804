"""A monitor without a screen, to be stopped and looked at: `python -m tests.chaos.monitor ADDRESS`.

For every line on stdin it prints `RESYNCS EVENTS`, EVENTS being the samples of all curves but the markers.
"""

import sys

from dashctl.bus import Follower
from dashctl.events import Metric
from tests.chaos.audit import samples


def main(address: str) -> None:
    """Follow until stdin ends."""
    with Follower(address) as follower:
        for _ in sys.stdin:
            with follower.lock:
                counted = sum(
                    samples(follower.state, key)
                    for key in follower.state.series(Metric)
                    if not key[-1].endswith("!")
                )
            print(follower.connection().resyncs, counted, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

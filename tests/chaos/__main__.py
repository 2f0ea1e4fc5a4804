"""`python -m tests.chaos [--seconds 120] [--rate 50000] [SCENARIO…]`: every scenario, as a table."""

import sys
from argparse import ArgumentParser

from tests.chaos.audit import table
from tests.chaos.scenarios import SCENARIOS


def main() -> int:
    """Run, print, and fail if anything was lost, duplicated or invented."""
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=120.0, help="of logging in each")
    parser.add_argument(
        "--rate", type=float, default=50_000.0, help="events a second, all producers together"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.scenarios) - SCENARIOS.keys()
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: no such scenario; expected {', '.join(SCENARIOS)}")
    rows = []
    for name in arguments.scenarios or SCENARIOS:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows.append(SCENARIOS[name](arguments.seconds, arguments.rate))
    print(table(rows))
    return 0 if all(row.is_whole for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

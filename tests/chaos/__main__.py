"""`python -m tests.chaos [--seconds 120] [--rate 50000] [SCENARIO…]`: every scenario, as a table."""

import subprocess
import sys
import traceback
from argparse import ArgumentParser

from dashctl.errors import DashctlError
from tests.chaos.audit import table
from tests.chaos.scenarios import SCENARIOS


def main() -> int:
    """Run, print, and fail if anything was lost, duplicated or invented, or a scenario did not end."""
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
    rows, failures = [], 0
    for name in arguments.scenarios or SCENARIOS:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            rows.append(SCENARIOS[name](arguments.seconds, arguments.rate))
        except (AssertionError, DashctlError, subprocess.SubprocessError):
            # The others have something to say all the same.
            traceback.print_exc()
            failures += 1
    print(table(rows))
    if failures:
        print(f"{failures} of {len(rows) + failures} scenarios did not get to their end: see above")
    return 0 if not failures and all(row.is_whole for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

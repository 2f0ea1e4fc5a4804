"""Runs the benchmarks named, or all: `make bench`, `make bench ARGS="cloud log"`."""

import importlib
import platform
import sys
from pathlib import Path

from benchmarks.result import format_results

NOT_BENCHMARKS = {"__init__", "__main__", "processes", "pseudo_terminal", "result"}


def main(names: list[str]) -> int:
    """Run them one after the other, each in peace, and print their tables."""
    known = sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHMARKS
    )
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; expected {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()} on {platform.machine()}, {platform.system()}")
    for name in names or known:
        print(f"\n{name}")
        print(format_results(importlib.import_module(f"benchmarks.{name}").run()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

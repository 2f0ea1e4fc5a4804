"""What it costs to begin: processor time of whole processes, from their first instruction to their last.

The peer of importing is Python itself; the peer of publishing is importing what it cannot do without.
Modules are compiled beforehand, as they are where a package was installed.
"""

import os
import statistics
import subprocess
import sys

from benchmarks.processes import broker
from benchmarks.result import Result

TIMES = 11


def milliseconds(*arguments: str) -> float:
    """Processor time of a Python process with these arguments: the median of several."""
    spent = []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(1 + TIMES):
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        spent.append(used.ru_utime + used.ru_stime)
    return statistics.median(spent[1:]) * 1e3


def run() -> list[Result]:
    """Importing the package, and publishing one event with the command."""
    python = milliseconds("-c", "pass")
    imported = milliseconds("-c", "import dashctl")
    needed = milliseconds("-c", "import zmq, msgspec")
    with broker() as address:
        published = milliseconds(
            "-m", "dashctl", "publish", "model_metric", "model=lstm", "accuracy=0.9", "--bus", str(address)
        )
    return [
        Result("import dashctl", imported, python, "python -c pass", "ms CPU"),
        Result("dashctl publish", published, needed, "import zmq, msgspec", "ms CPU"),
    ]

"""What an import loads: a training program pays for the light half alone."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "psutil", "pyarrow", "rich", "scipy", "sklearn", "textual", "torch"}
HEAVY |= {"asyncio", "litestar", "mcap", "prometheus_client", "tensorboard", "uvicorn", "zstandard"}

LIGHT = [
    "dashctl",
    "dashctl.bus",
    "dashctl.bus.broker",
    "dashctl.bus.calling",
    "dashctl.bus.past",
    "dashctl.bus.publisher",
    "dashctl.bus.service",
    "dashctl.cli",
    "dashctl.cli.commands",
    "dashctl.cli.publish",
    "dashctl.curve",
    "dashctl.errors",
    "dashctl.events",
    "dashctl.phases",
    "dashctl.plain",
    "dashctl.retention",
    "dashctl.run",
    "dashctl.state",
    "dashctl.stores",
    "dashctl.validation",
    "dashctl.wire",
]


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize("module", LIGHT)
def test_the_light_half_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") & HEAVY == set()


def test_everything_that_a_training_program_names_stays_light() -> None:
    used = "import dashctl; [getattr(dashctl, name) for name in dashctl.__all__]"
    assert loaded_by(used) & HEAVY == set()


def test_the_monitor_never_loads_a_training_library() -> None:
    assert loaded_by("import dashctl_tui.app") & {"torch", "sklearn", "pyarrow", "pandas"} == set()

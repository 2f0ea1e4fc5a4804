"""What holds for every command: exit statuses, where output goes, help, and what is loaded."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashctl import __version__
from dashctl.bus import Address, Broker
from dashctl.cli import main
from dashctl.cli.commands import COMMANDS
from dashctl.detector.train_config import DEFAULTS

NAMES = [command.name for command in COMMANDS]

WRONG: list[tuple[list[str], str]] = [
    ([], "no command was given"),
    (["pubish"], "did you mean 'publish'?"),
    (["no-such-thing"], "is not a command"),
    (["--nonsense"], "unrecognized arguments: --nonsense"),
    (["broker"], "expected dashctl broker run or dashctl broker status or dashctl broker stop"),
    (["broker", "pause"], "'broker pause' is not a command"),
    (["train"], "expected dashctl train detector"),
    (["train", "detector", "--epochs", "0"], "whole number from 1"),
    (["train", "detector", "--held-out", "2"], "number from 0.05 to 0.9"),
    (["train", "detector", "--data", "/nonexistent"], "/nonexistent is not a folder"),
    (["collect", "--episodes", "many"], "'many' is not allowed"),
    (["collect", "--profiles", "disk-churn,nonsense"], "'nonsense' is not allowed; expected some of"),
    (["collect", "--rate", "1000"], "number from 1 to 20"),
    (["monitor", "--size", "80"], "COLUMNSxROWS"),
    (["monitor", "--size", "80x2"], "COLUMNSxROWS"),
    (["monitor", "--interval", "0"], "number from 0.05 to 60"),
    (["monitor", "--once", "--bus", "http://x"], "'http://x' is not an address"),
    (
        ["monitor", "--once", "--scene", "nonsense"],
        "scene: 'nonsense' is not allowed; expected one of overview",
    ),
    (["collect", "/dev/null"], "FOLDER: /dev/null is not a folder"),
    (["collect", "/dev/null/inside"], "/dev/null/inside: episodes cannot be recorded there: "),
    (["collect", "/proc"], "/proc: episodes cannot be recorded there: "),
    (["collect", "/tmp", "--host", "../evil"], "host is '../evil', it has to be 1 to 64 letters"),
    (["broker", "run", "--idle-exit", "soon"], "'soon' is not allowed"),
    (["broker", "run", "--bus", "tcp://example.org:5570"], "needs keys"),
    (["broker", "status", "--timeout", "nan"], "'nan' is not allowed"),
    (["state", "--json", "surplus"], "unrecognized arguments: surplus"),
    (["events", "no_such_type"], "expected one of alert"),
    (["locate", "nowhere"], "nowhere"),
    (["demo", "--headless", "--bus", "ipc://relative"], "expected an absolute path"),
    (["publish", "phase", "phase=armed", "--bus", "ipc:///tmp/\udcff"], "expected an absolute path"),
]


@pytest.mark.parametrize(("argv", "named"), WRONG)
def test_what_is_wrong_with_the_arguments_is_one_line_and_exit_status_2(
    argv: list[str], named: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("dashctl: ")
    assert named in last
    assert argv == [] or len(err.splitlines()) == 1
    assert not bus.folder.exists(), "nothing was started for it"


@pytest.mark.parametrize("argv", [["state"], ["state", "--json"], ["broker", "status"], ["broker", "stop"]])
def test_looking_where_no_broker_is_ends_with_3_and_starts_none(
    argv: list[str], bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 3
    assert capsys.readouterr() == ("", f"dashctl: no broker at {bus}\n")
    assert not bus.folder.exists()


@pytest.mark.parametrize("name", NAMES)
def test_help_of_every_command_has_an_example_of_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    described, _, examples = out.partition("examples:\n")
    assert f"usage: dashctl {name}" in described
    assert f"dashctl {name}" in examples
    assert "-v, --verbose" in described


def test_help_of_the_training_states_what_the_training_does_unless_told_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["train", "detector", "--help"])
    flags = " ".join(capsys.readouterr().out.split()).split(" --")
    stated = [
        (flag.split()[0], found[1]) for flag in flags if (found := re.search(r"\(default: (\d\S*)\)", flag))
    ]
    names = ("epochs", "held_out", "seed", "threads")
    assert stated == [(name.replace("_", "-"), str(getattr(DEFAULTS, name))) for name in names]


def test_help_of_the_training_loads_no_training_library() -> None:
    code = (
        "import sys; from dashctl.cli import main\n"
        "try: main(['train', 'detector', '--help'])\n"
        "except SystemExit: print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "torch", "sklearn"} & {*ran.stdout.splitlines()[-1].split()} == set()


def test_help_lists_every_command_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for name in NAMES:
        assert sum(line.startswith(f"  {name}  ") for line in lines) == 1
    assert "examples:" in lines


def test_the_readme_lists_every_command() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## The command")[2].partition("\n## ")[0]
    first = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    listed = set()
    for cell in first:
        names = [name.removeprefix("dashctl ") for name in re.findall(r"`([^`]+)`", cell)]
        first_word = names[0].split()[0]
        family = first_word if any(name.startswith(f"{first_word} ") for name in NAMES) else ""
        listed |= {names[0], *(f"{family} {name}".strip() for name in names[1:])}
    assert {re.sub(r" (--|[A-Z]).*", "", name) for name in listed} == set(NAMES)


@pytest.mark.parametrize("family", ["broker", "train"])
def test_help_of_a_family_lists_its_commands(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([family, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in NAMES if name.startswith(f"{family} "))


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version_is_data(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([flag])
    assert capsys.readouterr() == (f"dashctl {__version__}\n", "")


def test_flags_that_all_share_may_stand_before_the_command(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--bus", str(broker.address), "-v", "broker", "status"]) == 0
    out, err = capsys.readouterr()
    assert f"address    {broker.address}" in out
    assert f"the bus is {broker.address}" in err


@pytest.mark.parametrize("argv", [["locate", "config"], ["events", "phase"]])
def test_a_bus_before_a_command_that_uses_none_is_no_argument_of_it(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 0
    expected = capsys.readouterr()
    assert main(["--bus", "ipc:///tmp/q", "-v", *argv]) == 0
    assert capsys.readouterr() == expected


def test_a_flag_after_the_command_wins_over_the_same_before_it(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--bus", "ipc:///nowhere", "broker", "status", "--bus", str(broker.address)]) == 0
    assert f"address    {broker.address}" in capsys.readouterr().out


def test_it_runs_as_a_module_and_a_script_alike(
    dashctl: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ran = dashctl("publish", "model_metric", "accuracy=1.7")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("dashctl: model_metric.model: missing; expected a text that is not empty")
    assert ran.stderr.count("\n") == 1


def test_a_reader_that_went_away_is_no_error_worth_words() -> None:
    command = f"{sys.executable} -m dashctl events | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert ran.stderr == ""


def test_an_output_that_is_full_is_said_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "dashctl", "events"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (1, "dashctl: output: No space left on device\n")


def test_what_the_output_cannot_write_is_spelled_otherwise(
    monkeypatch: pytest.MonkeyPatch, broker: Broker
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["monitor", "--once"]) == 0
    assert b"dashctl . Overview" in written.getvalue()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_command_without_words(number: signal.Signals, status: int, bus: Address) -> None:
    # It waits for stdin, which nobody closes.
    command = [sys.executable, "-X", "faulthandler", "-m", "dashctl", "publish", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"type": "phase", "phase": "armed"}\n')
    process.stdin.flush()
    assert process.stdout.readline().startswith(b'{"delivered": 0, ')
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == status
    assert out == b""
    assert err.count(b"\n") == 1, "that it started a broker, and nothing else"


@pytest.mark.parametrize("loaded", ["dashctl.cli.entry", "argparse", "dashctl.cli.publish", "dashctl.wire"])
def test_an_interrupt_while_the_command_is_being_loaded_waits_for_that_and_ends_it_without_words(
    loaded: str,
) -> None:
    code = (
        "import os, runpy, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loaded!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "try:\n"
        "    runpy.run_module('dashctl', run_name='__main__', alter_sys=True)\n"
        "finally:\n"
        "    print(*sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "publish", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (130, b"")
    # What failed to load would not be there.
    whole = "dashctl.cli.entry" if loaded in {"dashctl.cli.entry", "argparse"} else "dashctl.cli.publish"
    assert whole in ran.stdout.decode().split()


def test_until_an_interrupt_is_minded_next_to_nothing_is_loaded() -> None:
    code = "import sys; before = {*sys.modules}; import dashctl.cli; print(*{*sys.modules} - before)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "dashctl.cli" in ran.stdout.split()
    assert {"typing", "argparse", "dashctl.cli.entry"} & {*ran.stdout.split()} == set()


def test_a_hangup_that_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["locate", "config"]) == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys; from dashctl.cli import main; status = main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(ran.stderr.splitlines()[-1].split())


def test_publishing_loads_nothing_that_it_does_not_need(broker: Broker) -> None:
    loaded = modules_after("publish", "phase", "phase=armed")
    own = {name.rpartition(".")[2] for name in loaded if name.startswith("dashctl.cli.")}
    assert own == {"entry", "commands", "loading", "parsing", "narration", "publish", "connection", "fields"}
    for heavy in (
        "asyncio",
        "shutil",
        "importlib.metadata",
        "subprocess",
        "dashctl.bus.broker",
        "numpy",
        "tomllib",
        "tempfile",
    ):
        assert heavy not in loaded


@pytest.mark.parametrize("argv", [["locate"], ["events"], ["broker", "status"], ["state", "--json"]])
def test_a_command_loads_no_other_and_nothing_heavy(argv: list[str], broker: Broker) -> None:
    loaded = modules_after(*argv)
    chosen = "_".join(word for word in argv if not word.startswith("-"))
    commands = {f"dashctl.cli.{name.replace(' ', '_')}" for name in NAMES}
    assert loaded & commands == {f"dashctl.cli.{chosen}"}
    assert loaded & {"numpy", "torch", "sklearn", "textual", "rich", "psutil", "pyarrow"} == set()


def test_an_extra_that_is_missing_is_named(bus: Address, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [name for name in sys.modules if name.startswith(("dashctl_producers", "dashctl.detector"))]
    with pytest.MonkeyPatch.context() as without:
        without.setitem(sys.modules, "psutil", None)
        for name in parts:
            without.delitem(sys.modules, name)
        assert main(["collect"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("dashctl: dashctl collect needs the package 'psutil': ")
    assert said.endswith("pip install 'dashctl[train]'\n")
    assert bus.folder is not None
    assert not bus.folder.exists()

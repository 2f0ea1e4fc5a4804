"""`dashctl keys`: pairs, who is let in, and a broker that listens for them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dashctl.bus import Address
from dashctl.bus.keys import fingerprint, keys_folder, own_pair
from dashctl.cli import main
from tests.core.bus.beyond import free_ports
from tests.core.bus.processes import until
from tests.core.cli.conftest import Dashctl


def test_a_new_pair_shows_its_public_key_and_what_to_type_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["keys", "new"]) == 0
    out, err = capsys.readouterr()
    public = out.strip()
    assert re.fullmatch("[0-9a-f]{64}", public)
    assert f"made the pair 'client', {fingerprint(public)}" in err
    assert re.search(rf"dashctl keys allow [A-Za-z0-9-]+ {public}", err)
    assert main(["keys", "new"]) == 2
    assert "there is a pair 'client' already" in capsys.readouterr().err


def test_allowing_changing_listing_and_revoking(capsys: pytest.CaptureFixture[str]) -> None:
    public = "0a" * 32
    assert main(["keys", "allow", "wall", public, "--rights", "watch,call"]) == 0
    assert capsys.readouterr().err == f"dashctl: wall ({fingerprint(public)}) may watch, call\n"
    assert main(["keys", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["own"] == []
    assert [(each["name"], each["rights"]) for each in listed["allowed"]] == [("wall", ["watch", "call"])]
    assert main(["keys", "list"]) == 0
    assert "may watch, call; since " in capsys.readouterr().out
    assert main(["keys", "revoke", fingerprint(public)]) == 0
    assert "wall" in capsys.readouterr().err
    assert main(["keys", "revoke", "wall"]) == 2
    assert main(["keys", "allow", "wall", public, "--rights", "watch,root"]) == 2
    assert "expected some of publish,watch,call" in capsys.readouterr().err


def test_a_broker_listens_for_those_who_are_allowed_and_no_secret_is_seen(
    bus: Address, dashctl: Dashctl
) -> None:
    port = free_ports()
    command = [sys.executable, "-m", "dashctl", "broker", "run", "--listen", f"tcp://127.0.0.1:{port}"]
    log = Path(str(keys_folder()) + ".log")
    log.parent.mkdir(parents=True)
    with log.open("wb") as output, subprocess.Popen(command, stderr=output) as broker:
        try:
            found = until(lambda: re.search(r"others reach this bus at (tcp://\S+)", log.read_text()))
            ran = [dashctl("keys", "new")]
            ran.append(dashctl("keys", "allow", "me", ran[0].stdout.strip()))
            for words in (
                ["publish", "phase", "phase=armed"],
                ["broker", "status"],
                ["broker", "status", "--json"],
                ["state", "--json"],
                ["doctor"],
                ["keys", "list"],
                ["keys", "list", "--json"],
                ["-v", "publish", "phase", "phase=armed"],
                ["locate"],
            ):
                ran.append(
                    dashctl(*words, *([] if "keys" in words or "locate" in words else ["--bus", found[1]]))
                )
                assert ran[-1].returncode == 0, (words, ran[-1].stdout, ran[-1].stderr)
            stopped = dashctl("broker", "stop", "--bus", found[1])
            assert (stopped.returncode, "own machine alone" in stopped.stderr) == (3, True)
        finally:
            broker.terminate()
    seen = log.read_text() + "".join(each.stdout + each.stderr for each in [*ran, stopped])
    for name in ("broker", "client"):
        stored = json.loads((keys_folder() / f"{name}.key").read_text())["secret"]
        secret = own_pair(name).secret
        assert not any(text in seen for text in (stored, secret.hex(), repr(secret)[2:-1]))
        assert own_pair(name).fingerprint in seen


def test_what_is_wrong_with_keys_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "new"])
    main(["keys", "allow", "wall", "0a" * 32])
    (keys_folder() / "client.key").chmod(0o644)
    (keys_folder() / "allowed" / "wall.json").write_text("{}")
    capsys.readouterr()
    assert main(["doctor", "--bus", f"tcp://127.0.0.1:{free_ports()}?key={'ab' * 32}"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fail")]
    assert "open to others (mode 644); expected mode 600: chmod 600" in lines[0]
    assert "wall.json cannot be read" in lines[1]

"""Starting a broker in the background: found, or made, but never two."""

import sys
import threading
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.control import ask_status, ask_stop
from dashctl.bus.launch import IDLE_EXIT, BrokerFailed, Launched, broker_log, ensure_broker
from tests.core.bus.processes import PATIENCE, is_gone, said, script, until


def test_one_that_is_there_is_found(broker: Broker, address: Address) -> None:
    launched = ensure_broker(address)
    assert (launched.found, launched.pid, launched.log) == (True, ask_status(address).pid, None)
    assert not broker_log().exists()


def test_where_there_is_none_one_is_started_that_ends_itself_and_says_where_its_log_is(
    address: Address, tmp_path: Path
) -> None:
    launched = ensure_broker(address, PATIENCE)
    try:
        status = ask_status(address, PATIENCE)
        assert (launched.found, launched.pid) == (False, status.pid)
        assert status.idle_exit == IDLE_EXIT
        assert launched.log == broker_log()
        assert tmp_path in broker_log().parents
        assert str(address) in broker_log().read_text()
        assert ensure_broker(address).found
    finally:
        ask_stop(address, PATIENCE)


def test_it_outlives_who_started_it(address: Address) -> None:
    code = """
import sys
from dashctl.bus.launch import ensure_broker
print(ensure_broker(sys.argv[1], 30).pid, flush=True)
"""
    with script(code, address) as process:
        started = int(said(process))
        assert process.wait(PATIENCE) == 0
    try:
        assert ask_status(address, PATIENCE).pid == started
    finally:
        ask_stop(address, PATIENCE)


def test_when_it_ends_it_leaves_no_zombie(address: Address) -> None:
    launched = ensure_broker(address, PATIENCE)
    ask_stop(address, PATIENCE)
    until(lambda: not Path(f"/proc/{launched.pid}").exists())


def test_several_at_once_still_make_one(address: Address) -> None:
    launched: list[Launched] = []
    ready = threading.Barrier(4)

    def launch() -> None:
        ready.wait()
        launched.append(ensure_broker(address, PATIENCE))

    threads = [threading.Thread(target=launch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert {each.pid for each in launched} == {ask_status(address, PATIENCE).pid}
        assert [each.found for each in launched].count(False) == 1
    finally:
        ask_stop(address, PATIENCE)
    assert is_gone(address)


def test_one_that_does_not_come_up_says_why(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(BrokerFailed, match=f"ended at once; its log is {broker_log()}"):
        ensure_broker(address, 0.3)


def test_with_the_last_line_of_its_log(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "python"
    refusing.write_text("#!/bin/sh\necho first >&2\necho 'no room for sockets' >&2\nexit 1\n")
    refusing.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(refusing))
    with pytest.raises(BrokerFailed, match=r"no room for sockets$") as error:
        ensure_broker(address, PATIENCE)
    assert error.value.exit_code == 3


def test_a_log_that_grew_large_is_put_aside(address: Address) -> None:
    broker_log().parent.mkdir(parents=True)
    broker_log().write_text("old\n" * 300_000)
    ensure_broker(address, PATIENCE)
    ask_stop(address, PATIENCE)
    assert "old" not in broker_log().read_text()
    assert broker_log().with_suffix(".log.1").read_text().startswith("old")

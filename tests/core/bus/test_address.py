"""Addresses: what is one, what the default is, and which folders are trusted."""

import os
from pathlib import Path

import pytest

from dashctl.bus import Address
from dashctl.bus.address import make_private
from dashctl.errors import UsageError


def test_over_unix_sockets_the_three_ends_are_files_in_the_folder() -> None:
    address = Address.parse("ipc:///run/x")
    assert address.folder == Path("/run/x")
    assert (address.inbox, address.outbox, address.calls) == (
        "ipc:///run/x/in",
        "ipc:///run/x/out",
        "ipc:///run/x/calls",
    )
    assert Address.parse(str(address)) == address


def test_over_tcp_they_are_three_ports() -> None:
    address = Address.parse("tcp://localhost:5570")
    assert address.folder is None
    assert (address.inbox, address.outbox, address.calls) == (
        "tcp://127.0.0.1:5570",
        "tcp://127.0.0.1:5571",
        "tcp://127.0.0.1:5572",
    )
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("here", "expected ipc:///folder or tcp://127.0.0.1:5570"),
        ("ipc://relative/folder", "absolute path"),
        ("ipc:///a\x00b", "absolute path"),
        ("ipc:///" + "x" * 102, "at most 107"),
        ("tcp://127.0.0.1", "port"),
        ("tcp://127.0.0.1:65534", "port"),
        ("tcp://127.0.0.1:port", "port"),
        ("tcp://127.0.0.1:" + "9" * 5_000, "port"),
        (f"tcp://127.0.0.{'9' * 5_000}:5570", "needs keys"),
        ("tcp://0.0.0.0:5570", "needs keys"),
        ("tcp://192.168.1.2:5570", "needs keys"),
        ("tcp://example.org:5570", "needs keys"),
        ("tcp://127.0.0.256:5570", "needs keys"),
        ("tcp://127.1:5570", "needs keys"),
        ("tcp://:5570", "needs keys"),
        ("tcp://[::1]:5570", "needs keys"),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_address_is_named_with_what_is_allowed(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=r"^bus: ") as error:
        Address.parse(text)
    assert named in str(error.value)


def test_the_longest_path_that_sockets_allow_is_allowed() -> None:
    assert len(Address.parse("ipc:///" + "x" * 100).calls) == len("ipc://") + 107


def test_the_variable_decides_where_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHCTL_BUS_ADDRESS", "tcp://127.0.0.1:7000")
    assert str(Address.parse()) == "tcp://127.0.0.1:7000"
    assert str(Address.parse("ipc:///x")) == "ipc:///x"


def test_then_the_configuration_file(tmp_path: Path) -> None:
    file = tmp_path / "config" / "dashctl" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[bus]\naddress = "tcp://127.0.0.1:7001"\n')
    assert str(Address.parse()) == "tcp://127.0.0.1:7001"


def test_then_the_users_runtime_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Address.parse().folder == folder / "dashctl"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert Address.parse().folder == Path(f"/tmp/dashctl-{os.getuid()}")


def test_a_folder_is_made_for_its_owner_alone(folder: Path) -> None:
    make_private(folder / "bus")
    assert (folder / "bus").stat().st_mode & 0o777 == 0o700
    make_private(folder / "bus")


def test_a_folder_open_to_others_is_refused(folder: Path) -> None:
    (folder / "bus").mkdir(mode=0o755)
    (folder / "bus").chmod(0o755)
    for check in (lambda: make_private(folder / "bus"), Address(folder / "bus").guard):
        with pytest.raises(UsageError, match=r"open to others \(mode 755\); expected mode 700"):
            check()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused_also_behind_a_link(folder: Path) -> None:
    (folder / "bus").mkdir(mode=0o700)
    os.chown(folder / "bus", 12345, -1)
    (folder / "link").symlink_to(folder / "bus")
    for name in ("bus", "link"):
        with pytest.raises(UsageError, match="belongs to user 12345"):
            make_private(folder / name)


def test_what_is_no_folder_or_cannot_be_one_is_refused(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        make_private(folder / "file")
    with pytest.raises(UsageError, match="cannot be made"):
        make_private(folder / "missing" / "bus")


def test_a_client_does_not_mind_a_folder_that_cannot_be_made(folder: Path) -> None:
    Address(folder / "missing" / "bus").guard()
    Address.parse("tcp://127.0.0.1:7000").guard()

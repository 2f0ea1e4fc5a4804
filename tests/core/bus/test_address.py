"""Addresses: what is one, what the default is, and which folders are trusted."""

import os
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.address import make_private
from dashctl.errors import UsageError
from tests.core.bus.processes import finished, script

KEY = "0123456789abcdef" * 4


def test_over_unix_sockets_the_four_ends_are_files_in_the_folder() -> None:
    address = Address.parse("ipc:///run/x")
    assert address.folder == Path("/run/x")
    assert (address.inbox, address.outbox, address.calls, address.plain) == (
        "ipc:///run/x/in",
        "ipc:///run/x/out",
        "ipc:///run/x/calls",
        "ipc:///run/x/pub",
    )
    assert Address.parse(str(address)) == address


def test_over_tcp_they_are_four_ports() -> None:
    address = Address.parse("tcp://localhost:5570")
    assert address.folder is None
    assert (address.inbox, address.outbox, address.calls, address.plain) == (
        "tcp://127.0.0.1:5570",
        "tcp://127.0.0.1:5571",
        "tcp://127.0.0.1:5572",
        "tcp://127.0.0.1:5573",
    )
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "host", "calls"),
    [
        ("tcp://box:5570", "box", "tcp://box:5572"),
        ("tcp://gpu-1.example.org:5570", "gpu-1.example.org", "tcp://gpu-1.example.org:5572"),
        ("tcp://192.168.1.2:65532", "192.168.1.2", "tcp://192.168.1.2:65534"),
        ("tcp://[fe80::1%eth0]:5570", "fe80::1%eth0", "tcp://[fe80::1%eth0]:5572"),
        ("tcp://127.0.0.1:5570", "127.0.0.1", "tcp://127.0.0.1:5572"),
    ],
)
def test_with_the_brokers_key_they_may_be_anywhere(text: str, host: str, calls: str) -> None:
    address = Address.parse(f"{text}?key={KEY}")
    assert (address.host, address.calls, address.key) == (host, calls, KEY)
    assert (str(address), address.place) == (f"{text}?key={KEY}", text)
    assert Address.parse(str(address)) == address


def test_loopback_has_an_ipv6_address_too() -> None:
    assert Address.parse("tcp://[::1]:5570").plain == "tcp://[::1]:5573"


def test_where_a_broker_listens_has_no_key_until_it_gives_its_own() -> None:
    assert str(Address.listening("tcp://0.0.0.0:5570", KEY)) == f"tcp://0.0.0.0:5570?key={KEY}"
    assert Address.listening("tcp://[::]:5570", KEY).inbox == "tcp://[::]:5570"
    for text in ("ipc:///x", "0.0.0.0:5570", f"tcp://0.0.0.0:5570?key={KEY}"):
        with pytest.raises(UsageError, match="expected tcp://ADDRESS:PORT"):
            Address.listening(text, KEY)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("here", "expected ipc:///folder or tcp://127.0.0.1:5570"),
        ("ipc://relative/folder", "absolute path"),
        ("ipc:///a\x00b", "absolute path"),
        ("ipc:///" + "x" * 102, "at most 107"),
        ("tcp://127.0.0.1", "port"),
        ("tcp://127.0.0.1:65533", "1 to 65532 (four are taken)"),
        ("tcp://127.0.0.1:port", "port"),
        ("tcp://127.0.0.1:" + "9" * 5_000, "port"),
        (f"tcp://127.0.0.{'9' * 5_000}:5570", "is no host"),
        ("tcp://0.0.0.0:5570", "needs keys"),
        ("tcp://192.168.1.2:5570", "needs keys"),
        ("tcp://example.org:5570", "needs keys"),
        ("tcp://127.0.0.256:5570", "needs keys"),
        ("tcp://127.1:5570", "needs keys"),
        ("tcp://:5570", "is no host"),
        ("tcp://a;tcp://b:5570", "is no host"),
        ("tcp://[box]:5570", "is no host"),
        ("tcp://::1:5570", "is no host"),
        ("tcp://[::2]:5570", "needs keys"),
        (f"tcp://box:5570?key={'a' * 63}", "64 hex digits"),
        (f"tcp://box:5570?key={'a' * 65}", "64 hex digits"),
        (f"tcp://box:5570?key={'A' * 64}", "64 hex digits"),
        (f"tcp://box:5570?key={'a' * 64}&key=b", "64 hex digits"),
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


def test_a_folder_that_others_could_replace_is_refused(folder: Path) -> None:
    (folder / "shared").mkdir()
    make_private(folder / "shared" / "bus")
    (folder / "shared").chmod(0o777)
    with pytest.raises(UsageError, match=r"is in /tmp/.*/shared, where others may write \(mode 777\)"):
        make_private(folder / "shared" / "bus")
    (folder / "shared").chmod(0o1777)
    make_private(folder / "shared" / "bus")


def test_also_behind_a_link(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "bus").mkdir(mode=0o700)
    (folder / "link").symlink_to(folder / "shared" / "bus")
    make_private(folder / "link")
    (folder / "shared").chmod(0o777)
    with pytest.raises(UsageError, match="where others may write"):
        make_private(folder / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_gets_neither_in_nor_in_between(broker: Broker, address: Address, folder: Path) -> None:
    assert address.folder is not None
    folder.chmod(0o711)
    tries = """
import os, socket, sys
os.setgid(54321); os.setuid(54321)
for name in ("in", "out", "calls", "pub"):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(f"{sys.argv[1]}/{name}")
            print("in")
        except PermissionError:
            print("out")
try:
    os.rename(sys.argv[1], sys.argv[1] + "-mine")
except PermissionError:
    print("stays")
"""
    with script(tries, address.folder) as other:
        assert finished(other).split() == ["out"] * 4 + ["stays"]

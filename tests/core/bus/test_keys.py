"""Key pairs and the list of who is allowed: files that only their owner can read, whole or not at all."""

import os
from pathlib import Path

import pytest

from dashctl.bus.allowed import RIGHTS, AllowList, allow, allowed_clients, allowed_folder, revoke
from dashctl.bus.keys import fingerprint, keys_folder, new_pair, own_names, own_or_new_pair, own_pair
from dashctl.errors import UsageError

ONE, OTHER = "01" * 32, "02" * 32


def test_a_pair_is_kept_for_its_owner_alone_and_shows_no_secret() -> None:
    made = new_pair("client")
    path = keys_folder() / "client.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert own_pair("client") == made
    assert (len(bytes.fromhex(made.public)), len(made.secret)) == (32, 32)
    assert made.secret.hex() not in repr(made)
    assert repr(made.secret)[2:-1] not in repr(made)
    assert [each.name for each in path.parent.iterdir()] == ["client.key"]


def test_a_fingerprint_is_made_as_ssh_makes_them() -> None:
    assert fingerprint("00" * 32) == "SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"


def test_a_pair_is_never_overwritten() -> None:
    made = new_pair("client")
    with pytest.raises(UsageError, match="there is a pair 'client' already"):
        new_pair("client")
    assert own_or_new_pair("client") == own_pair("client") == made
    assert own_or_new_pair("broker") == own_pair("broker")
    assert own_names() == ("broker", "client")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "a.b", "x" * 33, "ä", "a\n", "-rf"])
def test_names_stay_within_the_folder(name: str) -> None:
    for use in (new_pair, own_pair, lambda name: allow(name, ONE)):
        with pytest.raises(UsageError, match=r"^keys: the name .* is not allowed; expected 1 to 32 letters"):
            use(name)


def test_a_file_that_others_can_read_is_refused_and_why_is_said() -> None:
    new_pair("client")
    path = keys_folder() / "client.key"
    path.chmod(0o640)
    with pytest.raises(UsageError, match=r"open to others \(mode 640\); expected mode 600: chmod 600 "):
        own_pair("client")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused() -> None:
    new_pair("client")
    os.chown(keys_folder() / "client.key", 12345, -1)
    with pytest.raises(UsageError, match="belongs to user 12345"):
        own_pair("client")


def test_a_link_or_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    new_pair("client")
    (keys_folder() / "linked.key").symlink_to(keys_folder() / "client.key")
    (keys_folder() / "folder.key").mkdir()
    for name in ("linked", "folder"):
        with pytest.raises(UsageError, match=r"cannot be read|is not a file"):
            own_pair(name)


@pytest.mark.parametrize("content", ["", "{}", '{"public": 1, "secret": 2}', "cut off", "[" * 60_000, None])
def test_a_file_that_is_damaged_is_named_and_nothing_of_it_is_shown(content: str | None) -> None:
    new_pair("client")
    path = keys_folder() / "client.key"
    whole = path.read_text()
    path.write_text(whole.replace('"public":"', '"public":"A') if content is None else content)
    with pytest.raises(UsageError) as error:
        own_pair("client")
    assert str(error.value) == f"keys: {path} is damaged; remove it and make a pair anew"


def test_a_pair_that_is_missing_says_how_to_make_it() -> None:
    with pytest.raises(UsageError, match=r"there is no pair 'laptop' in .*dashctl keys new laptop"):
        own_pair("laptop")


def test_who_is_allowed_has_a_name_and_rights_and_may_get_others() -> None:
    assert allowed_clients() == ()
    assert allow("wall", ONE.upper(), ("watch",)).rights == ("watch",)
    assert [(each.name, each.public, each.rights) for each in allowed_clients()] == [
        ("wall", ONE, ("watch",))
    ]
    assert allow("wall", ONE).rights == RIGHTS
    assert [each.rights for each in allowed_clients()] == [RIGHTS]
    assert (allowed_folder() / "wall.json").stat().st_mode & 0o777 == 0o600


def test_a_name_and_a_key_stand_for_one_another() -> None:
    allow("wall", ONE)
    for name, public in (("wall", OTHER), ("other", ONE)):
        with pytest.raises(UsageError, match=r"'wall' is allowed with the key SHA256:.*revoke wall  first"):
            allow(name, public)


@pytest.mark.parametrize("public", ["", "01" * 31, "01" * 33, "zz" * 32, "ab" * 31 + "a\n"])
def test_a_public_key_has_64_hex_digits(public: str) -> None:
    with pytest.raises(UsageError, match="expected 64 hex digits"):
        allow("wall", public)


def test_a_right_is_taken_by_name_or_fingerprint() -> None:
    allow("wall", ONE)
    allow("desk", OTHER)
    assert revoke("wall").public == ONE
    assert revoke(fingerprint(OTHER)).name == "desk"
    assert allowed_clients() == ()
    with pytest.raises(UsageError, match="'wall' is not allowed anyway; those who are: nobody is"):
        revoke("wall")


def test_a_broker_sees_what_changes_and_whether_somebody_may_less() -> None:
    known = AllowList()
    assert not known.refresh()
    allow("wall", ONE, ("watch",))
    assert not known.refresh()
    assert (known.may("wall", "watch"), known.may("wall", "call"), known.may("desk", "watch")) == (
        True,
        False,
        False,
    )
    allow("wall", ONE, ("watch", "call"))
    assert not known.refresh()
    allow("wall", ONE, ("call",))
    assert known.refresh()
    revoke("wall")
    assert known.refresh()
    assert known.client(ONE) is None


def test_a_file_that_cannot_be_read_allows_nobody_and_takes_no_other_with_it() -> None:
    allow("wall", ONE)
    allow("desk", OTHER)
    (allowed_folder() / "desk.json").chmod(0o644)
    for name, content in (("noise", b"\xff"), ("nested", b'{"name":"nested","x":' + b"[" * 60_000)):
        (allowed_folder() / f"{name}.json").write_bytes(content)
        (allowed_folder() / f"{name}.json").chmod(0o600)
    known = AllowList()
    assert (known.may("wall", "call"), known.may("desk", "call")) == (True, False)
    assert len(known.problems) == 3
    assert revoke("wall").public == ONE
    assert "open to others (mode 644)" in known.problems[0]

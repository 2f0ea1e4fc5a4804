"""Who waits at the broker: answered when the event comes, and not remembered for ever."""

from typing import cast

import pytest

from dashctl.bus.askers import ROOM, ROOM_FOR_ONE, Asker, Askers
from dashctl.bus.door import Door, Peer

DOOR = cast("Door", None)
C = Peer(DOOR, b"c")


def test_those_are_answered_whose_event_is_in_and_once() -> None:
    askers = Askers()
    early, late = Asker(C, 1, 5, 0.0), Asker(C, 2, 9, 0.0)
    assert askers.add(b"p", early)
    assert askers.add(b"p", late)
    assert askers.answerable(b"q", lambda number: True) == []
    assert askers.answerable(b"p", lambda number: number <= 5) == [early]
    assert askers.answerable(b"p", lambda number: number <= 5) == []
    assert b"p" in askers
    assert askers.answerable(b"p", lambda number: True) == [late]
    assert b"p" not in askers


def test_there_is_room_for_many_and_it_is_given_back() -> None:
    askers = Askers()
    peers = [Peer(DOOR, bytes([number])) for number in range(ROOM // ROOM_FOR_ONE)]
    for number in range(ROOM):
        assert askers.add(b"p", Asker(peers[number % len(peers)], number, number, float(number)))
    assert not askers.add(b"p", Asker(C, 0, 0, 0.0))
    askers.forget_before(10.0)
    assert [askers.add(b"q", Asker(C, 0, 0, 20.0)) for _ in range(11)] == [True] * 10 + [False]
    assert len(askers.answerable(b"p", lambda number: True)) == ROOM - 10
    askers.forget_before(30.0)
    assert b"q" not in askers


@pytest.mark.parametrize(
    "peers",
    [[Peer(DOOR, b"a"), Peer(DOOR, b"a")], [Peer(DOOR, b"a", "ana"), Peer(DOOR, b"b", "ana")]],
    ids=["one connection", "one key"],
)
def test_one_does_not_take_the_room_of_all(peers: list[Peer]) -> None:
    askers = Askers()
    for number in range(ROOM_FOR_ONE):
        assert askers.add(b"p", Asker(peers[number % 2], number, number, 0.0))
    assert not any(askers.add(b"q", Asker(peer, 0, 0, 0.0)) for peer in peers)
    assert askers.add(b"q", Asker(Peer(DOOR, b"c", "bea"), 0, 0, 0.0))
    assert askers.answerable(b"p", lambda number: number == 7)
    assert askers.add(b"p", Asker(peers[0], 7, 7, 0.0))
    assert not askers.add(b"p", Asker(peers[0], 7, 7, 0.0))

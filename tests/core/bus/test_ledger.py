"""The books over what producers numbered: every number counts once, holes until they are filled."""

from hypothesis import given
from hypothesis import strategies as st

from dashctl.bus.ledger import ACTIVE, GAPS, PRODUCERS, Ledger
from dashctl.wire import Header


def frame(first: int, events: int = 1, producer: bytes = b"p", dropped: int = 0, logged: int = 0) -> Header:
    return Header(producer, first, events, "", dropped, logged)


def test_numbers_without_a_hole_are_new_and_none_is_lost() -> None:
    ledger = Ledger()
    assert all(ledger.enter(frame(first, 10), 0.0) for first in range(0, 100, 10))
    assert (ledger.lost, ledger.duplicates) == (0, 0)
    assert ledger.has(b"p", 99)
    assert not ledger.has(b"p", 100)
    assert not ledger.has(b"q", 0)


def test_a_hole_counts_as_lost_until_it_is_filled() -> None:
    ledger = Ledger()
    ledger.enter(frame(0), 0.0)
    ledger.enter(frame(10), 0.0)
    assert ledger.lost == 9
    assert not ledger.has(b"p", 4)
    assert ledger.enter(frame(3, 3), 0.0)
    assert ledger.lost == 6
    assert ledger.has(b"p", 4)
    assert not ledger.enter(frame(5), 0.0)
    assert ledger.enter(frame(1, 2), 0.0)
    assert ledger.enter(frame(6, 4), 0.0)
    assert (ledger.lost, ledger.duplicates) == (0, 1)


def test_numbers_already_seen_are_duplicates_also_in_part() -> None:
    ledger = Ledger()
    ledger.enter(frame(0, 10), 0.0)
    assert not ledger.enter(frame(0, 10), 0.0)
    assert not ledger.enter(frame(5, 10), 0.0)
    assert ledger.duplicates == 20


def test_a_producer_that_was_there_before_the_broker_has_lost_nothing_by_it() -> None:
    ledger = Ledger()
    assert ledger.enter(frame(5_000), 0.0)
    assert ledger.lost == 0
    assert ledger.enter(frame(4_999), 0.0)
    assert ledger.lost == 0


def test_but_it_has_lost_what_it_says_that_it_dropped() -> None:
    ledger = Ledger()
    ledger.enter(frame(5_000, dropped=700), 0.0)
    assert ledger.lost == 700
    ledger.enter(frame(6_000, dropped=1_699), 0.0)
    assert ledger.lost == 1_699


def test_the_books_are_bounded_and_the_most_silent_leaves_them() -> None:
    ledger = Ledger()
    for number in range(PRODUCERS + 1):
        ledger.enter(frame(0, 1, number.to_bytes(8, "big")), 0.0)
    assert not ledger.has((0).to_bytes(8, "big"), 0)
    assert ledger.has((1).to_bytes(8, "big"), 0)


def test_only_so_many_holes_are_remembered_and_the_count_stays_right() -> None:
    ledger = Ledger()
    for number in range(0, 4 * GAPS, 2):
        ledger.enter(frame(number), 0.0)
    assert ledger.lost == 2 * GAPS - 1
    assert not ledger.enter(frame(1), 0.0)
    assert ledger.lost == 2 * GAPS - 1


def test_who_was_heard_lately_is_active() -> None:
    ledger = Ledger()
    ledger.enter(frame(0, producer=b"a"), 0.0)
    ledger.enter(frame(0, producer=b"b"), 5.0)
    assert ledger.active(5.0) == 2
    assert ledger.active(ACTIVE + 1.0) == 1
    ledger.enter(frame(1, producer=b"a"), ACTIVE + 1.0)
    assert ledger.active(ACTIVE + 1.0) == 2


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)))
def test_whatever_the_order_each_number_counts_once(order: list[int], missing: set[int]) -> None:
    ledger = Ledger()
    ledger.enter(frame(0), 0.0)
    arriving = [1 + number for number in order if number not in missing]
    assert all(ledger.enter(frame(number), 0.0) for number in arriving)
    assert not any(ledger.enter(frame(number), 0.0) for number in arriving)
    assert all(ledger.has(b"p", number) for number in arriving)
    assert ledger.lost == (max(arriving) - len(arriving) if arriving else 0)
    assert ledger.duplicates == len(arriving)


def test_holes_that_a_producer_declares_do_not_push_out_those_that_may_be_filled() -> None:
    ledger = Ledger()
    ledger.enter(frame(0), 0.0)
    ledger.enter(frame(2), 0.0)
    for number in range(1, 2 * GAPS):
        ledger.enter(frame(2 + 10 * number, dropped=9 * number), 0.0)
    assert ledger.lost == 1 + 9 * (2 * GAPS - 1)
    assert ledger.enter(frame(1), 0.0)
    assert ledger.lost == 9 * (2 * GAPS - 1)


def test_what_is_sent_again_to_a_broker_that_has_it_is_a_duplicate_and_else_it_is_new() -> None:
    for knows in (True, False):
        ledger = Ledger()
        if knows:
            ledger.enter(frame(0, 10), 0.0)
        ledger.enter(frame(10, 10, logged=40), 0.0)
        again = [ledger.enter(frame(first, 10, logged=40), 1.0) for first in (10, 20, 30)]
        assert again == [False, True, True]
        assert (ledger.lost, ledger.duplicates) == (0, 10)


def test_what_a_producer_had_numbered_when_it_ended_and_never_came_is_lost() -> None:
    ledger = Ledger()
    ledger.enter(frame(0, 10, logged=25), 0.0)
    assert ledger.lost == 0
    ((producer, account),) = ledger.silent(1.0)
    assert (producer, ledger.settle(account)) == (b"p", 15)
    assert (ledger.lost, ledger.vanished, ledger.silent(1.0)) == (15, 1, [])


def test_one_that_is_heard_again_was_not_gone() -> None:
    ledger = Ledger()
    ledger.enter(frame(0, 10, logged=25), 0.0)
    ledger.settle(ledger.silent(1.0)[0][1])
    assert ledger.enter(frame(10, 5, logged=25), 5.0)
    assert (ledger.lost, ledger.vanished) == (0, 0)
    assert ledger.settle(ledger.silent(9.0)[0][1]) == 10


def test_a_farewell_tells_the_last_number_and_whoever_said_it_has_not_vanished() -> None:
    ledger = Ledger()
    ledger.enter(frame(0, 10), 0.0)
    ledger.part(b"p", 12)
    assert ledger.settle(ledger.silent(1.0)[0][1]) == 2
    assert (ledger.lost, ledger.vanished) == (2, 0)


def test_the_books_survive_being_written_down() -> None:
    ledger = Ledger()
    ledger.enter(frame(5, 10, dropped=2, logged=40), 1.0)
    ledger.enter(frame(20, 10, logged=40), 2.0)
    ledger.greet(b"p", 50)
    ledger.enter(frame(0, 1, b"q"), 3.0)
    ledger.settle(ledger.silent(2.0)[0][1])
    loaded = Ledger.load(ledger.dump(100.0), 90.0)
    assert (loaded.lost, loaded.duplicates, loaded.vanished) == (ledger.lost, 0, 1)
    assert loaded.dump(90.0) == ledger.dump(100.0)
    assert loaded.enter(frame(15, 5), 20.0)
    assert (loaded.lost, loaded.vanished) == (2, 0)


def test_claims_that_add_up_beyond_any_format_can_still_be_written_down() -> None:
    ledger = Ledger()
    for number in range(5):
        producer = bytes([number])
        ledger.enter(frame(0, 1, producer), 1.0)
        ledger.enter(frame(2**63 - 2, 1, producer), 1.0)
        ledger.greet(producer, 2**64 - 1)
        ledger.settle(ledger._accounts[producer])
    assert ledger.lost > 2**64
    loaded = Ledger.load(ledger.dump(0.0), 0.0)
    assert loaded.lost == 2**63 - 1
    assert [row.lost for row in loaded.report(1.0, 1.0)] == [2**63 - 1] * 5

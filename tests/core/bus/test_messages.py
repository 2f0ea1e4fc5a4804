"""Requests and replies: what cannot be read is refused, whatever it is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.bus import messages

NOT_UTF_8 = messages.encode(messages.AskSnapshot(1, "gap")).replace(b"gap", b"\xe2ap")


def test_a_request_with_a_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_request(NOT_UTF_8)


def test_a_reply_with_a_text_that_is_not_utf_8_is_refused() -> None:
    reply = messages.encode(messages.Refused(1, "why")).replace(b"why", b"\xe2hy")
    with pytest.raises(messages.BadReply):
        messages.decode_reply(reply)


@given(st.binary(max_size=60), st.integers(0, len(NOT_UTF_8)))
def test_any_bytes_are_a_request_or_refused(noise: bytes, place: int) -> None:
    for piece in (noise, NOT_UTF_8[:place] + noise + NOT_UTF_8[place:], NOT_UTF_8[:place] + noise):
        try:
            messages.decode_request(piece)
        except (msgspec.DecodeError, RecursionError):
            continue

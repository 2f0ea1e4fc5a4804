"""What a row of telemetry promises, on whatever machine the tests run."""

import hashlib
import socket
import time

import numpy as np

from dashctl.detector.telemetry import COLUMNS, NAMES, Sampler


def test_a_row_has_one_finite_value_per_column_none_below_zero() -> None:
    row = Sampler().sample()
    assert row.shape == (len(COLUMNS),)
    assert row.dtype == np.float32
    assert np.isfinite(row).all()
    assert (row >= 0).all()


def test_two_rows_at_once_divide_by_no_zero() -> None:
    sampler = Sampler()
    assert all(np.isfinite(sampler.sample()).all() for _ in range(20))


def test_columns_are_named_once_and_say_what_they_are() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(column.unit and column.what for column in COLUMNS)


def test_percentages_stay_within_a_hundred() -> None:
    sampler = Sampler()
    time.sleep(0.05)
    row = sampler.sample()
    shares = [value for column, value in zip(COLUMNS, row, strict=True) if column.unit == "%"]
    assert max(shares) <= 100.01


def test_a_busy_core_shows() -> None:
    sampler = Sampler()
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        hashlib.sha256(bytes(65536))
    row = dict(zip(NAMES, sampler.sample().tolist(), strict=True))
    assert row["core_max"] > 30
    assert row["core_max"] >= row["cpu_total"] - 1 >= row["core_min"] - 2


def test_bytes_over_loopback_show_as_bytes_per_second() -> None:
    begun = time.monotonic()  # Before the sampler looks for the first time: no rate is over less.
    sampler = Sampler()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
        server.accept()[0],
    ):
        near.sendall(bytes(100_000))
        time.sleep(0.2)
    row = dict(zip(NAMES, sampler.sample().tolist(), strict=True))
    seconds = time.monotonic() - begun
    assert row["lo_bytes"] * seconds >= 100_000
    assert row["tcp_opens"] * seconds >= 2
    assert row["lo_packets"] > 0

"""Recordings: what crossed a bus, kept in an MCAP file, played back, and turned into tables.

Rules: a recording is readable up to the last flush however it ended; it is played back in the order
in which it was recorded; nothing here is loaded by a program that publishes.
"""

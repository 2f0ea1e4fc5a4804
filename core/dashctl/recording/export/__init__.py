"""Recordings and journals as tables that other programs read.

Rules: what is read is held in memory a part at a time, whatever its size; a folder appears under its
name when it is whole; a value is never rounded but where the format has no room for it.
"""

"""Feeding another broker: what this one's journal has is passed on to the one upstream."""

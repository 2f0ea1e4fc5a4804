"""The few widgets of the monitor: each shows rows that a pure function made."""

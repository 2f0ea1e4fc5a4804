"""The few widgets of the monitor.

Rules: each shows rows that a pure function made, or what Textual draws itself; none knows an event or a
state; what a person does with one it tells the application, which decides.
"""

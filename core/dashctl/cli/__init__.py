"""The `dashctl` command.

Rules: data goes to stdout, narration to stderr; only the module of the chosen command is loaded; what
a person can put right is one line with an exit status, never a traceback. Exit statuses: 0 ok, 1
failed, 2 usage or configuration, 3 no connection, 4 timeout, 130 interrupted.
"""

from dashctl.cli.entry import main

__all__ = ["main"]

"""The `dashctl` command.

Rules: data goes to stdout, narration to stderr; only the module of the chosen command is loaded; what
a person can put right is one line with an exit status, never a traceback. Exit statuses: 0 ok, 1
failed, 2 usage or configuration, 3 no connection, 4 timeout, 130 interrupted.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; None stands for this process's own. Gives the exit status."""
    # Ctrl+c may come while the command is still being loaded: that is inside, and little is outside.
    try:
        from dashctl.cli.loading import signals_held

        with signals_held():
            from dashctl.cli.entry import run
        return run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED

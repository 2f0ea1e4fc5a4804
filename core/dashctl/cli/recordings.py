"""What commands that read recordings have in common."""

from argparse import ArgumentTypeError

from dashctl.cli.narration import say
from dashctl.errors import UsageError
from dashctl.recording.moments import When
from dashctl.recording.recording import Recording


def moment(text: str) -> When:
    """Reads a moment."""
    try:
        return When.parse(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def tell_faults(recording: Recording) -> None:
    """Say what the last reading of a recording did not give."""
    if recording.damage:
        say(f"{recording.path}: {recording.damage}; everything before that was read")
    for loss in recording.losses:
        say(f"{recording.path}: something is missing: {loss}")
    skipped = ", ".join(f"{count:,} {reason}" for reason, count in recording.skipped.items())
    if skipped:
        say(f"{recording.path}: passed over, because it is not understood: {skipped}")

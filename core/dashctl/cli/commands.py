"""The table of commands: their names, what they are for, and the module that has each.

Rule: nothing is loaded to list them; a command's module is loaded when it is chosen.
"""

from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple, Protocol, cast

from dashctl.cli.loading import signals_held
from dashctl.cli.parsing import Parser

_IN_MODULES: Final = str.maketrans(" -", "__")


class CommandModule(Protocol):
    """What a command's module has."""

    DESCRIPTION: str
    EXAMPLES: Sequence[str]

    def add_arguments(self, parser: Parser) -> None:
        """Declare the command's own flags and arguments."""

    def run(self, arguments: Namespace) -> int:
        """Do it, and give the exit status."""


class Command(NamedTuple):
    """One command. A name of two words is the first's second: `broker run`.

    `needs_settings` is False for one that works although the configuration file is wrong.
    """

    name: str
    group: str
    summary: str
    needs_settings: bool = True

    def load(self) -> CommandModule:
        """The module that has it."""
        with signals_held():
            module = import_module(f"dashctl.cli.{self.name.translate(_IN_MODULES)}")
        return cast("CommandModule", module)


COMMANDS: Final = (
    Command("demo", "Begin here", "watch a real training run on this machine, all in one"),
    Command("doctor", "Begin here", "what is missing or wrong here, and what to do about it", False),
    Command("monitor", "Watch", "the screen; with --once, one scene as text"),
    Command("watch", "Watch", "what happens, a line at a time: for screen readers, logs and pipes"),
    Command("shot", "Watch", "a scene as a picture: SVG, HTML or PNG"),
    Command("serve-web", "Watch", "the same screen in a browser tab"),
    Command("state", "Watch", "everything that is remembered, as a summary or as JSON"),
    Command("history", "Watch", "what the journal has of a metric, or the last events of a type"),
    Command("alerts run", "Watch", "watch by rules, and say on the bus what fires"),
    Command("alerts check", "Watch", "whether a file of rules is as it has to be, and what it says"),
    Command("alerts list", "Watch", "what fires now"),
    Command("publish", "Publish", "send one event, or JSON lines from stdin, and wait until it is taken in"),
    Command("events", "Publish", "every event type with its fields and what they allow"),
    Command("host", "Publish", "tell how this machine is doing, graphics processors included"),
    Command("collect", "Record and train", "record this machine's telemetry as labelled episodes"),
    Command("record", "Record and train", "record everything that is published into a file"),
    Command("replay", "Record and train", "play a recording, in a monitor of its own or onto a bus"),
    Command("export", "Record and train", "a recording or the journal as Parquet, CSV or TensorBoard"),
    Command("train detector", "Record and train", "train and test the detector's models on episodes"),
    Command("services", "Steer", "who can be called, and for what"),
    Command("call", "Steer", "have a running program do something, and wait for its answer"),
    Command("broker run", "The broker", "run a broker here, in the foreground"),
    Command("broker status", "The broker", "how the broker is doing, and what it refused"),
    Command("broker stop", "The broker", "end the broker"),
    Command("gateway", "The broker", "let programs publish and watch over HTTP"),
    Command("keys new", "Keys", "make a key pair, to get in at a broker on another machine"),
    Command("keys list", "Keys", "this user's pairs, and who is let in here"),
    Command("keys allow", "Keys", "let somebody in at this user's brokers"),
    Command("keys revoke", "Keys", "let somebody in no longer"),
    Command("config print", "Files", "every setting, its value, and where that comes from"),
    Command("config validate", "Files", "whether a configuration file is as it has to be", False),
    Command("config path", "Files", "where the configuration file is", False),
    Command("locate", "Files", "where configuration, logs, sockets and recordings are", False),
)

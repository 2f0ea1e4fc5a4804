"""How a command gets to a bus.

Rule: a command that puts something in or waits for something makes sure that there is a broker; one
that only looks does not start any.
"""

from argparse import Namespace

from dashctl.bus.address import Address
from dashctl.cli.narration import say


def bus_of(arguments: Namespace) -> Address:
    """The bus that the arguments and the settings name. Raises UsageError."""
    address = Address.parse(arguments.bus)
    if arguments.verbose:
        say(f"the bus is {address}")
    return address


def broker_of(arguments: Namespace) -> Address:
    """The bus, with a broker that was found there or was started. Raises UsageError or NoBroker."""
    from dashctl.bus.launch import ensure_broker

    address = bus_of(arguments)
    launched = ensure_broker(address)
    if not launched.found:
        say(f"started a broker (process {launched.pid}); its log is {launched.log}")
    elif arguments.verbose:
        say("found a broker")
    return address

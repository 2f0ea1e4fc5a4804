"""How a command gets to a bus.

Rules: a command that puts something in or waits for something makes sure that there is a broker; one
that only looks does not start any, and none is started on another machine. What is opened on the way is
closed when the command ends.
"""

from argparse import Namespace
from typing import Final

from dashctl.bus.address import Address
from dashctl.cli.narration import say

FAR: Final = "ssh://"
"""What the address of a bus begins with that is reached by ssh."""


def bus_of(arguments: Namespace) -> Address:
    """The bus that the arguments and the settings name. Raises UsageError, and FarAway for one by ssh."""
    address = _far_bus(arguments) if is_far(arguments) else Address.parse(arguments.bus)
    if arguments.verbose:
        say(f"the bus is {address}")
    return address


def broker_of(arguments: Namespace) -> Address:
    """The bus, with a broker that was found there or was started. Raises UsageError or NoBroker."""
    address = bus_of(arguments)
    if is_far(arguments):
        return address
    from dashctl.bus.launch import ensure_broker

    launched = ensure_broker(address)
    if not launched.found:
        say(f"started a broker (process {launched.pid}); its log is {launched.log}")
    elif arguments.verbose:
        say("found a broker")
    return address


def is_far(arguments: Namespace) -> bool:
    """Whether the bus is on another machine, by ssh."""
    return arguments.bus is not None and arguments.bus.startswith(FAR)


def place_of(arguments: Namespace, address: Address) -> str:
    """The bus as a person knows it: the address itself, unless it is a tunnel's end."""
    return arguments.bus if is_far(arguments) else str(address)


def _far_bus(arguments: Namespace) -> Address:
    from dashctl.cli.ssh import Far, Tunnel

    tunnel: Tunnel = arguments.opened.enter_context(Tunnel(Far.parse(arguments.bus)))
    return tunnel.address

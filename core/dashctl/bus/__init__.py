"""The bus: programs publish events, a broker passes them on and remembers, monitors follow.

Rules: what is named here is public, with `control` (asking a broker) and `launch` (starting one); a
name is loaded when it is first used, so that who only publishes does not wait for the rest. The
package above loads its names in the same way, in lines of its own: they have to know their module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dashctl.bus.address import Address
    from dashctl.bus.announcer import Announcer
    from dashctl.bus.broker import Broker
    from dashctl.bus.calling import CallProgress, ask_services, call
    from dashctl.bus.follower import Connection, Follower
    from dashctl.bus.invocation import Invocation
    from dashctl.bus.lock import BrokerRunning
    from dashctl.bus.publisher import Publisher, PublisherStatistics, publish, try_publish
    from dashctl.bus.service import Service
    from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber

__all__ = [
    "Address",
    "Announcer",
    "Arrived",
    "Broker",
    "BrokerRunning",
    "CallProgress",
    "Connection",
    "Follower",
    "Invocation",
    "Publisher",
    "PublisherStatistics",
    "Resynchronised",
    "Service",
    "Subscriber",
    "ask_services",
    "call",
    "publish",
    "try_publish",
]

_WHERE: Final = {
    "Address": "address",
    "Announcer": "announcer",
    "Arrived": "subscriber",
    "Broker": "broker",
    "BrokerRunning": "lock",
    "CallProgress": "calling",
    "Connection": "follower",
    "Follower": "follower",
    "Invocation": "invocation",
    "Publisher": "publisher",
    "PublisherStatistics": "publisher",
    "Resynchronised": "subscriber",
    "Service": "service",
    "Subscriber": "subscriber",
    "ask_services": "calling",
    "call": "calling",
    "publish": "publisher",
    "try_publish": "publisher",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

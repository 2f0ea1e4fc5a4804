"""The bus: programs publish events, a broker passes them on and remembers, monitors follow.

Rule: what is named here is public; the modules beside it are free to change, `control` and `launch`
apart.
"""

from dashctl.bus.address import Address
from dashctl.bus.broker import Broker
from dashctl.bus.follower import Connection, Follower
from dashctl.bus.lock import BrokerRunning
from dashctl.bus.publisher import Publisher, PublisherStatistics, publish, try_publish
from dashctl.bus.subscriber import Arrived, Resynchronised, Subscriber

__all__ = [
    "Address",
    "Arrived",
    "Broker",
    "BrokerRunning",
    "Connection",
    "Follower",
    "Publisher",
    "PublisherStatistics",
    "Resynchronised",
    "Subscriber",
    "publish",
    "try_publish",
]

"""Which right each request takes, for those who come through a door that asks for keys.

Rules: a request that is not in the table is for this machine alone; one of the rights that stand there is
enough; who comes through a door without keys is this user and may everything.
"""

from collections.abc import Mapping
from typing import Final

from dashctl.bus import messages

_ANY: Final = ("publish", "watch", "call")
_PUBLISH: Final = ("publish",)
_WATCH: Final = ("watch",)
_CALL: Final = ("call",)

NEEDED: Final[Mapping[type[messages.Request], tuple[str, ...]]] = {
    messages.AskStatus: _ANY,
    messages.AskSnapshot: _WATCH,
    messages.AskJournal: _WATCH,
    messages.AskSegment: _WATCH,
    messages.AskHistory: _WATCH,
    messages.AskIngested: _PUBLISH,
    messages.Hello: _PUBLISH,
    messages.Farewell: _PUBLISH,
    messages.Offer: _PUBLISH,
    messages.Withdraw: _PUBLISH,
    messages.ProgressOf: _PUBLISH,
    messages.ResultOf: _PUBLISH,
    messages.FailureOf: _PUBLISH,
    messages.AskServices: ("watch", "call"),
    messages.Call: _CALL,
    messages.Cancel: _CALL,
}
"""AskStop is missing: a broker is ended where it runs."""

"""Brings alerts to a receiver by HTTP, in a thread of its own.

Rules: nobody ever waits for it; what waits is bounded, and of each alert only how it stands last; what fails
is tried again, later each time, and said once until it goes again; a redirection is a failure, because the
token is meant for one receiver alone.
"""

import http.client
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.error import HTTPError, URLError

from dashctl.alerts.receivers import RESEND, Webhook, body_for
from dashctl.alerts.standing import Key, Standing
from dashctl.errors import DashctlError, UsageError

WAITING: Final = 1_000
"""Alerts that wait at most; the oldest go first."""
BATCH: Final = 64
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
PARTING: Final = 2.0
"""Seconds that what waits has when all else ends."""
_AGAIN: Final = frozenset({408, 425, 429})
"""Refusals that may be otherwise later, as all of 500 and more."""


class NotDelivered(DashctlError):
    """The receiver did not take it; `final` where trying again makes no sense."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Delivery:
    """Tells a receiver of alerts. `report` hears, in another thread, of failures and of their end."""

    def __init__(
        self, webhook: Webhook, report: Callable[[str, bool], object], *, first_pause: float = FIRST_PAUSE
    ) -> None:
        self._webhook, self._report = webhook, report
        self._first_pause = first_pause
        self._changed = threading.Condition()
        self._waiting: dict[Key, Standing] = {}
        self._firing: dict[Key, Standing] = {}
        self._resend_at = time.monotonic() + RESEND
        self._over = False
        self._failing = False
        self._opener = urllib.request.build_opener(_NoRedirection)
        self._thread = threading.Thread(target=self._deliver, name="dashctl-alerts-webhook", daemon=True)
        self._thread.start()

    def tell(self, alerts: Sequence[Standing]) -> None:
        """Tell of alerts, soon; at once a return."""
        with self._changed:
            for each in alerts:
                self._waiting.pop(each.key, None)
                self._waiting[each.key] = each
                if len(self._waiting) > WAITING:
                    del self._waiting[next(iter(self._waiting))]
            self._changed.notify_all()

    def firing(self, alerts: Sequence[Standing]) -> None:
        """All that fires now: an Alertmanager has to be told of it again and again."""
        with self._changed:
            self._firing = {each.key: each for each in alerts}

    def close(self, timeout: float = PARTING) -> None:
        """End; what waits is tried once more, for that many seconds."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join(timeout)

    def _deliver(self) -> None:
        pause = self._first_pause
        while batch := self._next():
            try:
                self._post(batch)
            except NotDelivered as failed:
                self._say(str(failed), failing=True)
                if failed.final:
                    continue
                self._put_back(batch)
                if not self._rest(pause):
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = self._first_pause
                self._say(f"{self._webhook.place} takes alerts again", failing=False)

    def _next(self) -> list[Standing]:
        """What is to be told next, waited for; nothing at the end."""
        with self._changed:
            while not self._waiting:
                if self._over:
                    return []
                self._changed.wait(max(0.0, self._resend_at - time.monotonic()))
                self._repeat_if_due()
            keys = list(self._waiting)[:BATCH]
            return [self._waiting.pop(key) for key in keys]

    def _repeat_if_due(self) -> None:
        if time.monotonic() < self._resend_at:
            return
        self._resend_at = time.monotonic() + RESEND
        if self._webhook.format == "alertmanager":
            self._waiting = {**self._firing, **self._waiting}

    def _put_back(self, batch: Sequence[Standing]) -> None:
        with self._changed:
            # What was told meanwhile is newer.
            self._waiting = {**{each.key: each for each in batch}, **self._waiting}

    def _rest(self, pause: float) -> bool:
        """Wait before trying again; False if all is over."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._over, pause)

    def _post(self, batch: Sequence[Standing]) -> None:
        place = self._webhook.place
        try:
            body = body_for(self._webhook, batch, time.time())
            headers = self._webhook.headers()
            request = urllib.request.Request(self._webhook.target, body, headers, method="POST")  # noqa: S310 - the file allows http and https alone
            with self._opener.open(request, timeout=self._webhook.timeout):
                return
        except UsageError as error:
            raise NotDelivered(str(error)) from None
        except HTTPError as error:
            error.close()
            final = 300 <= error.code < 500 and error.code not in _AGAIN
            raise NotDelivered(f"{place} refused alerts with {error.code}", final=final) from None
        except URLError as error:
            raise NotDelivered(f"{place} cannot be reached: {_plain(error.reason)}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotDelivered(f"{place} cannot be reached: {_plain(error)}") from None

    def _say(self, text: str, *, failing: bool) -> None:
        if failing is not self._failing:
            self._failing = failing
            self._report(text, failing)


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the refusal is raised as it came."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _plain(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
    return text.lower() if isinstance(reason, OSError) else text

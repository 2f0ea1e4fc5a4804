"""Where alerts are sent, and what is sent there: HTTP bodies as others define them.

Rules: pure functions from what is known of alerts to JSON; secrets are read when they are needed and stand in
no message. Formats: Prometheus Alertmanager's API v2 (`POST /api/v2/alerts`) and the payload of its webhook
receiver, version 4.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from dashctl.alerts.standing import Standing
from dashctl.errors import UsageError

Format = Literal["alertmanager", "webhook"]

RESEND: Final = 60.0
"""Seconds after which Alertmanager is told again of what fires: it takes silence for an end."""
LIVES: Final = 4 * RESEND
"""Seconds after which an alert ends there unless it is told again, as Prometheus has it."""
_NOT_ENDED: Final = "0001-01-01T00:00:00Z"
_SOURCE: Final = "dashctl"


class Webhook(msgspec.Struct, frozen=True):
    """Whom to tell. The token, from the environment or a file, is sent in a header of this name."""

    url: str
    format: Format = "alertmanager"
    header: str = "Authorization"
    token_env: str = ""
    token_file: str = ""
    timeout: float = 10.0

    @property
    def place(self) -> str:
        """The receiver as messages may name it: without what could be secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"

    @property
    def target(self) -> str:
        """Where a body is posted: Alertmanager's alerts are at a path of its own."""
        path = "/api/v2/alerts"
        if self.format == "webhook" or self.url.rstrip("/").endswith(path):
            return self.url
        return self.url.rstrip("/") + path

    def headers(self) -> dict[str, str]:
        """What goes with each body. Raises UsageError where the token cannot be read, without it."""
        own = {"Content-Type": "application/json", "User-Agent": _SOURCE}
        token = self._token()
        if token:
            bare = self.header.lower() != "authorization" or " " in token
            own[self.header] = token if bare else f"Bearer {token}"
        return own

    def _token(self) -> str:
        if self.token_env:
            token = os.environ.get(self.token_env, "")
            if not token:
                raise UsageError(f"webhook: token_env: ${self.token_env} is not set")
        elif self.token_file:
            try:
                token = Path(self.token_file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
                raise UsageError(f"webhook: token_file: {self.token_file} cannot be read: {reason}") from None
        else:
            return ""
        if not token.isascii() or not token.isprintable():
            raise UsageError("webhook: the token has characters that no header may have")
        return token


def body_for(webhook: Webhook, alerts: Sequence[Standing], now: float) -> bytes:
    """The JSON to be posted."""
    listed = [_alert(each, now, lives=webhook.format == "alertmanager") for each in alerts]
    return msgspec.json.encode(listed if webhook.format == "alertmanager" else _payload(listed))


def _payload(listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    firing = any(each["status"] == "firing" for each in listed)
    return {
        "version": "4",
        "groupKey": '{}:{source="dashctl"}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": _SOURCE,
        "groupLabels": {"source": _SOURCE},
        "commonLabels": _common([each["labels"] for each in listed]),
        "commonAnnotations": _common([each["annotations"] for each in listed]),
        "externalURL": "",
        "alerts": listed,
    }


def _alert(standing: Standing, now: float, *, lives: bool) -> dict[str, Any]:
    labels = _labels(standing)
    ends = standing.ended if standing.ended is not None else now + LIVES if lives else None
    plain: dict[str, Any] = {
        "labels": labels,
        "annotations": _annotations(standing),
        "startsAt": _written(standing.since),
        "endsAt": _NOT_ENDED if ends is None else _written(max(ends, standing.since)),
        "generatorURL": "",
    }
    if not lives:
        plain["status"] = "firing" if standing.ended is None else "resolved"
        plain["fingerprint"] = _fingerprint(labels)
    return plain


def _labels(standing: Standing) -> dict[str, str]:
    """What tells alerts apart; empty ones are left out, as labels without a value are none."""
    alert = standing.alert
    name = alert.name.removesuffix(f": {alert.metric}") if alert.metric else alert.name
    labels = {
        "alertname": name or alert.name,
        "severity": alert.severity,
        "run": standing.run,
        "metric": alert.metric or "",
        "source": _SOURCE,
    }
    return {key: value for key, value in labels.items() if value}


def _annotations(standing: Standing) -> dict[str, str]:
    alert = standing.alert
    value = "" if alert.value is None else f"{alert.value:g}"
    found = {"summary": alert.message or alert.name, "description": alert.rule or "", "value": value}
    return {key: text for key, text in found.items() if text}


def _common(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first = tables[0] if tables else {}
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in tables)}


def _fingerprint(labels: Mapping[str, str]) -> str:
    joined = "\0".join(f"{key}\0{labels[key]}" for key in sorted(labels))
    return hashlib.sha256(joined.encode(errors="replace")).hexdigest()[:16]


def _written(moment: float) -> str:
    """RFC 3339, in UTC."""
    try:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return _NOT_ENDED

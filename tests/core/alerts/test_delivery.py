"""Telling a receiver by HTTP: what is posted, and what becomes of one that fails, is slow, or refuses."""

import threading
import time
from pathlib import Path

import pytest

from dashctl.alerts.delivery import Delivery
from dashctl.alerts.receivers import Webhook, body_for
from dashctl.alerts.standing import Standing
from dashctl.events import Alert
from tests.core.alerts.conftest import PATIENCE, receiver

NOW = 1_700_000_000.0
NAN = Alert("nan: loss", "loss is NaN at step 3", "critical", False, "loss", float("nan"), "any metric NaN")
FIRING = Standing("mnist-1", NAN, NOW)
OVER = Standing("mnist-1", NAN, NOW, NOW + 60, Alert("nan: loss", "over", resolved=True))


class Told:
    """What is reported of deliveries."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.lines: list[tuple[str, bool]] = []

    def __call__(self, text: str, failing: bool) -> None:
        with self.changed:
            self.lines.append((text, failing))
            self.changed.notify_all()

    def wait_for(self, count: int) -> list[tuple[str, bool]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count, PATIENCE)
            return self.lines


def test_an_alertmanager_is_told_of_begin_and_end_as_its_api_has_it() -> None:
    with receiver() as there:
        delivery = Delivery(Webhook(there.url), Told())
        delivery.tell([FIRING])
        there.wait_for(1)
        delivery.tell([OVER])
        first, second = there.wait_for(2)
        delivery.close()
    assert {path for path, _, _ in there.posts} == {"/api/v2/alerts"}
    assert first[0]["labels"] == {
        "alertname": "nan",
        "severity": "critical",
        "run": "mnist-1",
        "metric": "loss",
        "source": "dashctl",
    }
    assert first[0]["annotations"] == {
        "summary": "loss is NaN at step 3",
        "description": "any metric NaN",
        "value": "nan",
    }
    assert first[0]["startsAt"] == second[0]["startsAt"] == "2023-11-14T22:13:20.000Z"
    assert first[0]["endsAt"] > "2026", "it ends some minutes from now, unless it is told again"
    assert second[0]["endsAt"] == "2023-11-14T22:14:20.000Z"
    assert second[0]["labels"] == first[0]["labels"]
    assert first[0]["generatorURL"] == ""


def test_a_webhook_is_told_as_alertmanager_tells_its_own() -> None:
    with receiver() as there:
        delivery = Delivery(Webhook(f"{there.url}/hook", "webhook"), Told())
        delivery.tell([FIRING, Standing("", Alert("disk full"), NOW)])
        (body,) = there.wait_for(1)
        delivery.close()
    ((path, headers, _),) = there.posts
    assert (path, headers["Content-Type"]) == ("/hook", "application/json")
    assert {key: body[key] for key in ("version", "status", "receiver", "truncatedAlerts")} == {
        "version": "4",
        "status": "firing",
        "receiver": "dashctl",
        "truncatedAlerts": 0,
    }
    first, second = body["alerts"]
    assert (first["status"], first["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert len(first["fingerprint"]) == 16
    assert first["fingerprint"] != second["fingerprint"]
    assert second["labels"] == {"alertname": "disk full", "severity": "warning", "source": "dashctl"}
    assert body["commonLabels"] == {"source": "dashctl"}


def test_a_receiver_that_fails_is_tried_again_and_said_once_until_it_goes() -> None:
    with receiver(500, 503, 429) as there:
        told = Told()
        delivery = Delivery(Webhook(there.url), told, first_pause=0.01)
        delivery.tell([FIRING])
        there.wait_for(1)
        delivery.tell([OVER])
        there.wait_for(2)
        assert told.wait_for(2) == [
            (f"{there.url} refused alerts with 500", True),
            (f"{there.url} takes alerts again", False),
        ]
        delivery.close()
    assert there.tried == 5


def test_of_an_alert_only_its_last_state_waits() -> None:
    with receiver(0, 500) as there:
        delivery = Delivery(Webhook(there.url, timeout=0.2), Told(), first_pause=0.01)
        delivery.tell([FIRING])
        there.wait_for(tried=1)
        for _ in range(50):
            delivery.tell([OVER, Standing("b", NAN, NOW)])
        there.wait_for(1)
        delivery.close()
    alerts = [alert for _, _, body in there.posts for alert in body]
    assert sorted(alert["labels"]["run"] for alert in alerts) == ["b", "mnist-1"]
    assert "2023-11-14T22:14:20.000Z" in {alert["endsAt"] for alert in alerts}


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_a_refusal_is_not_tried_again_and_a_redirection_is_one(status: int) -> None:
    with receiver(status) as there:
        told = Told()
        delivery = Delivery(Webhook(there.url), told, first_pause=0.01)
        delivery.tell([FIRING])
        told.wait_for(1)
        delivery.tell([OVER])
        bodies = there.wait_for(1)
        delivery.close()
    assert told.lines[0] == (f"{there.url} refused alerts with {status}", True)
    assert [body[0]["endsAt"] for body in bodies] == ["2023-11-14T22:14:20.000Z"]
    assert {path for path, _, _ in there.posts} == {"/api/v2/alerts"}


def test_a_receiver_that_says_nothing_keeps_nobody_waiting() -> None:
    with receiver(0) as there:
        told = Told()
        delivery = Delivery(Webhook(there.url, timeout=0.2), told, first_pause=60)
        began = time.monotonic()
        for _ in range(1_000):
            delivery.tell([FIRING])
        assert told.wait_for(1) == [(f"{there.url} cannot be reached: no answer in time", True)]
        delivery.close()
        assert time.monotonic() - began < PATIENCE


def test_nobody_there_is_said_in_words() -> None:
    with receiver() as there:
        url = there.url
    told = Told()
    delivery = Delivery(Webhook(url), told, first_pause=60)
    delivery.tell([FIRING])
    assert told.wait_for(1) == [(f"{url} cannot be reached: connection refused", True)]
    delivery.close()


def test_the_token_goes_in_its_header_and_stands_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "s3cret")
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    assert Webhook("http://x", token_env="HOOK_TOKEN").headers()["Authorization"] == "Bearer s3cret"
    assert Webhook("http://x", header="X-Key", token_file=str(file)).headers()["X-Key"] == "t0ken"
    assert Webhook("https://me:s3cret@x:8/y?key=s3cret").place == "https://x:8"
    with receiver(500) as there:
        told = Told()
        url = there.url.replace("127.0.0.1", "127.0.0.1", 1) + "/?key=s3cret"
        delivery = Delivery(Webhook(url, "webhook", token_env="HOOK_TOKEN"), told, first_pause=0.01)
        delivery.tell([FIRING])
        there.wait_for(1)
        told.wait_for(2)
        delivery.close()
    assert there.posts[0][1]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(told.lines)


def test_a_token_that_is_not_there_is_named_without_it(tmp_path: Path) -> None:
    told = Told()
    delivery = Delivery(Webhook("http://127.0.0.1:9", token_env="NO_SUCH_TOKEN"), told, first_pause=60)
    delivery.tell([FIRING])
    assert told.wait_for(1) == [("webhook: token_env: $NO_SUCH_TOKEN is not set", True)]
    delivery.close()
    (tmp_path / "bad").write_text("a\nb")
    delivery = Delivery(Webhook("http://127.0.0.1:9", token_file=str(tmp_path / "bad")), told, first_pause=60)
    delivery.tell([FIRING])
    assert told.wait_for(2)[1] == ("webhook: the token has characters that no header may have", True)
    delivery.close()


def test_what_fires_is_told_to_an_alertmanager_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashctl.alerts.delivery.RESEND", 0.05)
    with receiver() as there:
        delivery = Delivery(Webhook(there.url), Told())
        delivery.firing([FIRING])
        bodies = there.wait_for(3)
        delivery.close()
    assert {body[0]["startsAt"] for body in bodies} == {"2023-11-14T22:13:20.000Z"}


def test_a_moment_that_no_calendar_has_is_sent_all_the_same() -> None:
    assert b"0001-01-01" in body_for(Webhook("http://x"), [Standing("", NAN, 1e300)], NOW)

"""Who may do what over HTTP; nothing secret is said."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dashctl.bus import Address, Broker
from dashctl.bus.allowed import allow
from dashctl.bus.keys import own_pair
from dashctl.errors import UsageError
from dashctl.gateway.access import check_exposure, is_loopback, read_tokens
from dashctl.gateway.server import bound
from tests.core.bus.beyond import free_ports, let_in
from tests.core.bus.processes import until
from tests.core.gateway.certificate import CERTIFICATE, KEY
from tests.core.gateway.conftest import Start, gateway_process
from tests.core.gateway.listening import listening

PUBLISHING = "p" * 32
WATCHING = "w" * 32
BOTH = "b" * 32
EVENT = {"type": "phase", "phase": "armed"}


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    path.write_text(f"# who may do what\npublish {PUBLISHING}\nwatch {WATCHING}\n\npublish,watch {BOTH}\n")
    path.chmod(0o600)
    return path


def test_a_token_has_its_rights_and_no_others(broker: Broker, start: Start, tokens: Path) -> None:
    running = start("--token-file", str(tokens))
    with running.client() as client:

        def statuses(authorization: str | None) -> tuple[int, int]:
            headers = {} if authorization is None else {"Authorization": authorization}
            posted = client.post("/publish", json=EVENT, headers=headers)
            return posted.status_code, client.get("/state", headers=headers).status_code

        assert statuses(f"Bearer {PUBLISHING}") == (200, 403)
        assert statuses(f"Bearer {WATCHING}") == (403, 200)
        assert statuses(f"bearer {BOTH}") == (200, 200)
        for wrong in (None, "", "Bearer", f"Bearer {BOTH}x", f"Basic {BOTH}", BOTH):
            assert statuses(wrong) == (401, 401)
        assert client.get("/state").headers["www-authenticate"] == "Bearer"
        assert client.get("/events").status_code == 401
        assert client.get("/health").status_code == 200
        answers = client.post("/publish", json=EVENT, headers={"Authorization": f"Bearer {BOTH}x"}).text
    running.process.terminate()
    _, said = running.process.communicate(timeout=20)
    for secret in (PUBLISHING, WATCHING, BOTH):
        assert secret not in answers + said


def test_a_web_page_is_refused(broker: Broker, start: Start) -> None:
    with start().client() as client:
        asked = [
            client.post("/publish", json=EVENT, headers={"Origin": "https://example.org"}),
            client.post("/publish", json=EVENT, headers={"Origin": "null"}),
            client.post("/publish", json=EVENT, headers={"Host": "example.org"}),
            client.get("/state", headers={"Host": "127.0.0.1.example.org"}),
        ]
        assert [answer.status_code for answer in asked] == [403] * 4
        assert client.get("/state", headers={"Host": "localhost:1"}).status_code == 200
        assert client.get("/state", headers={"Host": "[::1]:1"}).status_code == 200
        assert "access-control-allow-origin" not in asked[0].headers


def test_it_speaks_tls(broker: Broker, start: Start, tokens: Path, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text(KEY)
    running = start(
        "--host",
        "0.0.0.0",
        "--token-file",
        str(tokens),
        "--tls-cert",
        str(tmp_path / "cert.pem"),
        "--tls-key",
        str(tmp_path / "key.pem"),
    )
    url = running.url.replace("0.0.0.0", "localhost")
    assert url.startswith("https://")
    trusted = ssl.create_default_context(cadata=CERTIFICATE)
    headers = {"Authorization": f"Bearer {BOTH}"}
    with httpx.Client(base_url=url, verify=trusted, trust_env=False, timeout=30, headers=headers) as client:
        assert client.post("/publish", json=EVENT).status_code == 200
        assert client.post("/publish", json=EVENT, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--host", "0.0.0.0"], "add --token-file FILE and --tls-cert FILE and --tls-key FILE"),
        (["--host", "0.0.0.0", "--token-file", "{tokens}"], "add --tls-cert FILE and --tls-key FILE"),
        (["--tls-cert", "/dev/null"], "--tls-key: missing"),
        (["--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"], "/nonexistent: cannot be read"),
        (["--tls-cert", "/dev/null", "--tls-key", "/dev/null"], "TLS"),
        (["--token-file", "/nonexistent"], "/nonexistent: cannot be read"),
        (["--port", "70000"], "whole number from 0 to 65535"),
    ],
)
def test_what_is_not_safe_or_wrong_is_refused_at_the_start(
    address: Address, tokens: Path, arguments: list[str], named: str
) -> None:
    command = [sys.executable, "-m", "dashctl", "gateway", "--bus", str(address), "--port", "0"]
    given = [each.format(tokens=tokens) for each in arguments]
    ran = subprocess.run([*command, *given], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert named in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("text", "mode", "named"),
    [
        ("publish " + "x" * 16, 0o644, "is open to others (mode 644); expected mode 600"),
        ("", 0o600, "no token in it"),
        ("# nothing\n\n", 0o600, "no token in it"),
        ("publish secretsecretsecret more", 0o600, "line 1: expected RIGHTS TOKEN"),
        ("\nsteer secretsecretsecret", 0o600, "line 2: expected RIGHTS TOKEN"),
        ("publish secret", 0o600, "line 1: the token is too short"),
    ],
)
def test_a_token_file_that_is_not_as_it_has_to_be_is_refused(
    tmp_path: Path, text: str, mode: int, named: str
) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(UsageError) as raised:
        read_tokens(path)
    assert named in str(raised.value)
    assert "secret" not in str(raised.value)


def test_only_loopback_may_do_without() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert is_loopback(host)
        check_exposure(host, tokens=False, tls=False)
    for host in ("0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.1.example.org", ""):
        assert not is_loopback(host)
        with pytest.raises(UsageError, match="can be reached from other machines"):
            check_exposure(host, tokens=True, tls=False)
        check_exposure(host, tokens=True, tls=True)


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'no\.such\.host\.invalid' is no address here"):
        bound("no.such.host.invalid", 0)


def test_the_owner_alone_may_have_the_file(tokens: Path) -> None:
    if os.getuid() == 0:
        os.chown(tokens, 12_345, -1)
        with pytest.raises(UsageError, match="belongs to user 12345"):
            read_tokens(tokens)
    else:
        assert len(read_tokens(tokens)) == 3


def test_it_reaches_a_broker_that_asks_for_keys(address: Address) -> None:
    let_in("publish", "watch")
    with Broker(address, listen=[f"tcp://127.0.0.1:{free_ports()}"]) as broker:
        broker.start()
        (there,) = broker.listen
        with gateway_process(there) as running, running.client() as client:
            until(lambda: client.get("/health").status_code == 200)
            with listening(client) as messages:
                with running.client() as other:
                    assert other.post("/publish", json=EVENT).json() == {"delivered": 1, "durable": False}
                    assert len(other.get("/state").json()["events"]["phase"]) == 1
                assert next(each for each in messages if each.name == "phase").data["phase"] == "armed"
            allow("client", own_pair("client").public, ["watch"])
            refused = until(lambda: not_allowed(client))
    assert "does not allow this to the key 'client'" in refused


def not_allowed(client: httpx.Client) -> str:
    answer = client.post("/publish", json=EVENT)
    return str(answer.json()["error"]) if answer.status_code == 503 and "allow" in answer.text else ""

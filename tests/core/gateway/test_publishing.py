"""Publishing over HTTP: what is right arrives once, what is wrong is a 4xx that names the field."""

import json
import math
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx

from dashctl.bus import Address, Broker, Subscriber
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.events import EVENT_TYPES, Metric, ModelMetric, PhaseEvent, PointCloud
from tests.core.bus.processes import PATIENCE, until
from tests.core.gateway.conftest import Running, Start, gateway_process


def test_an_event_is_published_as_a_plain_dict(gateway: Running, address: Address) -> None:
    with gateway.client() as client, Subscriber(address) as subscriber:
        until(lambda: subscriber.receive(0.05))
        answer = client.post("/publish", json={"type": "model_metric", "model": "lstm", "accuracy": 0.5})
    assert (answer.status_code, answer.json()) == (200, {"delivered": 2, "durable": False})
    (stamped,) = ask_snapshot(address).latest(ModelMetric).values()
    assert (stamped.run, stamped.event) == ("", ModelMetric("lstm", 0.5))


def test_what_curl_sends_by_default_is_an_event_too(gateway: Running, address: Address) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    with gateway.client() as client:
        answer = client.post("/publish", content=b'{"type":"phase","phase":"armed"}', headers=form)
    assert answer.status_code == 200
    assert ask_snapshot(address).version(PhaseEvent) == 1


def test_run_and_time_may_be_given(gateway: Running, address: Address) -> None:
    event = {"type": "metric", "name": "loss", "step": 3, "value": "nan", "time": 12.5}
    with gateway.client() as client:
        client.post("/publish", json=event | {"run": "field"}, params={"run": "other"})
        client.post("/publish", json=event, params={"run": "query"})
        client.post("/publish", json=event, headers={"Dashctl-Run": "header"})
    state = ask_snapshot(address)
    assert state.series(Metric) == [(run, "loss") for run in ("field", "query", "header")]
    for key in state.series(Metric):
        columns = state.curve(Metric, key)
        assert columns is not None
        assert math.isnan(columns.last)
        assert memoryview(columns.times).cast("d").tolist() == [12.5]


WRONG = [
    (b'{"type": "phase", "phase": "arm"}', 422, "phase.phase: 'arm' is not allowed; expected one of"),
    (b'{"type": "nonsense"}', 422, "type: 'nonsense' is not an event type"),
    (b'{"type": "model_metric", "model": "m"}', 422, "model_metric.accuracy: missing"),
    (b'{"type": "model_metric", "model": "m", "accuracy": 1.7}', 422, "model_metric.accuracy: 1.7"),
    (b'{"type": "phase", "phase": "armed", "more": 1}', 422, "phase.more: no such field"),
    (b'{"type": "phase", "phase": "armed", "time": -1}', 422, "time: -1 is not allowed"),
    (b'{"type": "phase", "phase": "armed", "time": NaN}', 422, "time: nan is not allowed"),
    (b'{"type": "phase", "phase": "armed", "time": true}', 422, "time: True is not allowed"),
    (b'{"type": "phase", "phase": "armed", "run": 7}', 422, "run: 7 is not allowed"),
    (b'{"type": "phase", "phase": "armed", "run": "' + b"x" * 33 + b'"}', 422, "at most 32 bytes"),
    (b'{"type": "bus_stats", "started": 1}', 422, "only the broker"),
    (b'{"type": "phase", "phase": {"a": [1]}}', 422, "phase.phase"),
    (b"", 400, "body: not JSON"),
    (b'{"type": "phase"', 400, "body: not JSON"),
    (b"[1, 2]", 400, "expected one event"),
    (b"\xff\xfe", 400, "body: not"),
    (b"[" * 100_000, 400, "body: not JSON"),
    (b"9" * 10_000, 400, "body: "),
]


def test_what_is_wrong_is_named_and_none_of_it_arrives(gateway: Running, address: Address) -> None:
    with gateway.client() as client:
        for body, expected, named in WRONG:
            answer = client.post("/publish", content=body)
            assert (answer.status_code, named in answer.json()["error"]) == (expected, True), answer.text
    assert ask_snapshot(address).version(PhaseEvent) == 0


def test_the_good_part_of_an_array_is_kept(gateway: Running, address: Address) -> None:
    batch = [
        {"type": "phase", "phase": "armed"},
        {"type": "phase", "phase": "?"},
        3,
        {"type": "phase", "phase": "clean"},
    ]
    with gateway.client() as client:
        answer = client.post("/publish/batch", json=batch)
        none_good = client.post("/publish/batch", json=batch[1:3])
        empty = client.post("/publish/batch", json=[])
    told = answer.json()
    assert (answer.status_code, told["accepted"]) == (200, 2)
    assert [each["index"] for each in told["rejected"]] == [1, 2]
    assert "phase.phase: '?'" in told["rejected"][0]["message"]
    assert (none_good.status_code, none_good.json()["accepted"]) == (422, 0)
    assert (empty.status_code, empty.json()["accepted"]) == (200, 0)
    assert ask_snapshot(address).version(PhaseEvent) == 2


def test_the_good_lines_of_many_are_kept(gateway: Running, address: Address) -> None:
    lines = b'{"type":"phase","phase":"armed","run":"a"}\n\n{broken\n{"type":"phase","phase":"clean"}'
    with gateway.client() as client:
        answer = client.post(
            "/publish/batch?run=b", content=lines, headers={"content-type": "application/x-ndjson"}
        )
    told = answer.json()
    assert (answer.status_code, told["accepted"]) == (200, 2)
    assert [each["index"] for each in told["rejected"]] == [2]
    assert ask_snapshot(address).version(PhaseEvent) == 2


def test_a_thousand_events_arrive_once_in_their_order(gateway: Running, address: Address) -> None:
    batch = [
        {"type": "metric", "name": "loss", "step": step, "value": step / 8, "run": f"r{step % 3}"}
        for step in range(1_000)
    ]
    with gateway.client() as client:
        answer = client.post("/publish/batch", json=batch)
    assert answer.json().get("accepted") == 1_000, answer.text
    state = ask_snapshot(address)
    steps = [
        memoryview(columns.steps).cast("q").tolist()
        for run in range(3)
        if (columns := state.curve(Metric, (f"r{run}", "loss"))) is not None
    ]
    assert steps == [list(range(run, 1_000, 3)) for run in range(3)]
    status = ask_status(address)
    assert (status.lost, status.duplicates) == (0, 0)


def test_many_at_once_arrive_once_each(gateway: Running, address: Address) -> None:
    with gateway.client() as client, ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda step: client.post(
                    "/publish", json={"type": "metric", "name": "m", "step": step, "value": 1}
                ),
                range(200),
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert ask_snapshot(address).version(Metric) == 200


def test_a_cloud_travels_as_base64(gateway: Running, address: Address) -> None:
    cloud = PointCloud.pack("pca", [1.0, 2.0], [3.0, 4.0], phase=["clean", "armed"])
    with gateway.client() as client:
        answer = client.post(
            "/publish", json={"type": "point_cloud", "name": "pca", "x": [1, 2], "y": [3, 4]}
        )
        assert answer.status_code == 200
        (stamped,) = client.get("/state").json()["events"]["point_cloud"]
        event = {name: value for name, value in stamped.items() if name not in ("time", "run")}
        assert client.post("/publish", json=event).status_code == 200
    (kept,) = ask_snapshot(address).latest(PointCloud).values()
    assert kept.event.x == cloud.x


def test_a_body_that_is_too_large_is_refused(gateway: Running) -> None:
    with gateway.client() as client:
        whole = client.post("/publish", content=b"[" + b" " * (33 * 1024 * 1024))
        many = client.post("/publish/batch", json=[{"type": "phase", "phase": "armed"}] * 10_001)
    assert (whole.status_code, many.status_code) == (413, 413)
    assert "10,000" in many.json()["error"]


def test_without_a_broker_it_says_so_and_when_to_come_again(start: Start) -> None:
    with start().client() as client:
        answers = [
            client.post("/publish", json={"type": "phase", "phase": "armed"}),
            client.get("/state"),
            client.get("/health"),
        ]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    for answer in answers[:2]:
        assert "no broker at ipc://" in answer.json()["error"]
        assert answer.headers["retry-after"] == "1"


def test_a_broker_that_comes_back_is_found_again(address: Address, start: Start) -> None:
    event = {"type": "phase", "phase": "armed"}
    with start().client() as client:
        for _ in range(2):
            with Broker(address) as broker:
                broker.start()
                until(lambda: client.post("/publish", json=event).status_code == 200)
                assert ask_snapshot(address).version(PhaseEvent) == 1


RAW = [
    b"nonsense\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
    b"POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: nine\r\n\r\n",
    b"POST /publish HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /events HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
]


def test_what_is_no_http_harms_nobody(gateway: Running) -> None:
    for raw in RAW:
        assert b" 5" not in answered(gateway, raw).partition(b"\r\n")[0]
    with gateway.client() as client:
        assert client.get("/health").status_code == 200


def answered(gateway: Running, raw: bytes) -> bytes:
    url = httpx.URL(gateway.url)
    came = b""
    connection = socket.create_connection((url.host, url.port or 0), timeout=10)
    with connection, suppress(ConnectionError):
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(4096):
            came += part
    return came


def test_a_request_that_is_never_finished_is_cut_off_and_a_stream_is_not(
    broker: object, address: Address
) -> None:
    begun = b"POST /publish HTTP/1.1\r\nHost: localhost\r\n"
    with gateway_process(address, patience=0.5) as hurried, hurried.client() as client, ExitStack() as opened:
        url = httpx.URL(hurried.url)
        with client.stream("GET", "/events?type=alert") as response:
            for beginning in (b"", begun, begun + b"Content-Length: 9\r\n\r\n{"):
                stranger = opened.enter_context(socket.create_connection((url.host, url.port or 0), PATIENCE))
                stranger.sendall(beginning)
                with suppress(ConnectionError):
                    assert stranger.recv(4096) == b""
            alert = {"type": "alert", "name": "a", "message": "still here"}
            with hurried.client() as other:
                assert other.post("/publish", json=alert).status_code == 200
            assert any("still here" in line for line in response.iter_lines())


def test_it_ends_well_on_sigterm_also_while_somebody_listens(gateway: Running) -> None:
    with gateway.client() as client, client.stream("GET", "/events") as response:
        assert response.status_code == 200
        gateway.process.terminate()
        _, said = gateway.process.communicate(timeout=20)
    assert gateway.process.returncode == 0
    assert "Traceback" not in said
    assert said.rstrip().endswith("ended")


def test_a_port_that_is_taken_is_one_line(gateway: Running, address: Address) -> None:
    port = str(httpx.URL(gateway.url).port)
    ran = subprocess.run(
        [sys.executable, "-m", "dashctl", "gateway", "--bus", str(address), "--port", port],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 2
    assert ran.stderr == f"dashctl: port: cannot listen at 127.0.0.1:{port} (Address already in use)\n"


def test_the_description_has_every_route_and_every_event(gateway: Running) -> None:
    with gateway.client() as client:
        described = client.get("/schema/openapi.json").json()
        for path, operations in described["paths"].items():
            for method in operations:
                if path != "/events":
                    assert client.request(method, path).status_code not in (404, 405)
    event = described["components"]["schemas"]["Event"]
    names = {cls.type_name(): f"#/components/schemas/{cls.__name__}" for cls in EVENT_TYPES}
    assert event["discriminator"] == {"propertyName": "type", "mapping": names}
    assert [each["$ref"] for each in event["oneOf"]] == list(names.values())
    assert '"accuracy"' in json.dumps(described["components"]["schemas"]["ModelMetric"])

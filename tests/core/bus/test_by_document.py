"""What docs/protocol.md says is enough to write a client in any language."""

import json
import subprocess
import sys
from pathlib import Path

from dashctl.bus import Address, Broker
from dashctl.bus.journal.settings import JournalSettings
from tests.core.bus import by_document
from tests.core.bus.by_document import EVENTS
from tests.core.bus.processes import PATIENCE


def test_a_client_that_knows_the_document_alone_publishes_follows_and_calls(
    address: Address, tmp_path: Path
) -> None:
    program = Path(by_document.__file__)
    assert "dashctl" not in program.read_text(encoding="utf-8")
    with Broker(address, journal=JournalSettings(tmp_path / "journal")) as broker:
        broker.start()
        ran = subprocess.run(
            [sys.executable, str(program), str(address.folder)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert ran.stderr == ""
    said = json.loads(ran.stdout)
    assert said["told"] == {"answer": "ingested", "delivered": 1, "durable": True}
    assert said["seen"] == [*EVENTS, {"type": "phase", "phase": "armed"}]
    assert said["low"] == [[event["value"] for event in EVENTS]]
    no_method = "plain.none: no such method; expected add"
    assert said["called"] == [
        {"answer": "progress", "id": 7, "done": 1.0, "total": 2.0, "note": "half"},
        {"answer": "returned", "id": 7, "value": 3},
        {"answer": "refused", "id": 8, "reason": no_method, "code": "no method"},
    ]
    assert said["status"] == {"lost": 0, "duplicates": len(EVENTS), "rejected": {}, "vanished": 0}

"""`dashctl events`: what is printed is what the classes declare."""

import json

import pytest

from dashctl.cli import main
from dashctl.cli.events import kept
from dashctl.events import BY_NAME, EVENT_TYPES
from dashctl.retention import Last, Latest, Retention, Series, Trace, Transient, Window
from dashctl.validation import checks_of


def test_every_type_stands_with_its_fields_what_they_allow_and_its_scene(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["events"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    paragraphs = {part.partition(":")[0]: part for part in out.rstrip("\n").split("\n\n")}
    assert list(paragraphs) == [cls.type_name() for cls in EVENT_TYPES]
    for name, paragraph in paragraphs.items():
        assert "Scene" in paragraph.splitlines()[0]
        assert "\n  kept: " in paragraph
        for check in checks_of(BY_NAME[name]):
            assert f" {check.name} " in paragraph
            assert check.allowed in paragraph


def test_what_must_be_given_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "log_line"]) == 0
    out = capsys.readouterr().out
    assert "  * message  a text" in out
    assert '    level    one of critical, debug, error, info, warning (default: "info")' in out


def test_one_type_stands_with_all_that_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "point_cloud"]) == 0
    out = capsys.readouterr().out
    assert "packed little-endian float32" in out
    assert "model_metric" not in out


def test_the_schema_has_every_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["discriminator"]["mapping"]) == set(BY_NAME)
    assert schema["$defs"]["ModelMetric"]["properties"]["accuracy"]["maximum"] == 1.0


def test_the_schema_of_one_type_is_of_that_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "phase", "--schema"]) == 0
    assert list(json.loads(capsys.readouterr().out)["$defs"]) == ["PhaseEvent"]


@pytest.mark.parametrize(
    ("retention", "words"),
    [
        (Latest(), "kept: the newest"),
        (Latest(("model",), keys=200), "kept: the newest per model, for 200 at most"),
        (
            Latest(("run", "name"), keys=5, merge=True),
            "per run and name, for 5 at most; fields left out keep",
        ),
        (Window(300, ("phase",)), "kept: how many per phase in the last 300 s"),
        (Series(1000, ("run", "name")), "kept: a curve per run and name in at most 1,000 points"),
        (Last(1000), "kept: the last 1,000"),
        (Last(1000, characters=5000), "kept: the last 1,000, 5,000 characters at most"),
        (Last(300, ("host",)), "kept: the last 300 per host"),
        (Trace(300, ("host",), ("cpu",), keys=9), "the newest per host, for 9 at most, and the last 300"),
        (Transient(), "kept: nothing"),
    ],
)
def test_retention_is_said_in_words(retention: Retention, words: str) -> None:
    assert words in kept(retention)

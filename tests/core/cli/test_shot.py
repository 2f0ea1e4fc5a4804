"""`dashctl shot`: a scene of a real bus as a file."""

from pathlib import Path

import pytest

from dashctl import Publisher
from dashctl.bus import Address, Broker
from dashctl.cli import main
from dashctl.events import ModelMetric


def test_a_scene_is_written_as_a_picture_and_not_over_another(
    broker: Broker, bus: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Publisher(bus) as publisher:
        publisher.publish(ModelMetric("lstm", 0.928))
    path = tmp_path / "models.svg"
    assert main(["shot", "--scene", "models", "--size", "80x24", str(path)]) == 0
    assert "lstm" in path.read_text()
    assert f"wrote {path}" in capsys.readouterr().err
    assert main(["shot", str(path)]) == 2
    assert "is there already; expected another name, or --force" in capsys.readouterr().err
    assert main(["shot", str(path), "--force"]) == 0
    assert "Overview" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["x.gif"], 2, "x.gif: '.gif' is not allowed; expected .svg, .html, .png"),
        (["x"], 2, "'no ending' is not allowed"),
        (["x.svg", "--scene", "fish"], 2, "scene: 'fish' is not allowed"),
        (["x.svg", "--size", "0x0"], 2, "0x0"),
        (["x.svg"], 3, "no broker"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], status: int, said: str, bus: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shot", *arguments]) == status
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_folder_that_is_not_there_is_named(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shot", str(tmp_path / "gone" / "x.svg")]) == 1
    assert "cannot write x.svg in" in capsys.readouterr().err

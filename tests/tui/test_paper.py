"""Pictures and tables that leave the monitor: whole, inert, and the same as on the screen."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from dashctl.errors import UsageError
from dashctl_tui.paper.export import NotWritten, check_name, free_name, write_picture, write_table
from dashctl_tui.paper.html import to_html
from dashctl_tui.paper.png import to_png
from dashctl_tui.paper.runs import page_of
from dashctl_tui.paper.svg import to_svg
from dashctl_tui.paper.table import to_csv
from dashctl_tui.plots.canvas import Row, to_text
from dashctl_tui.plots.palette import ACCENT, ALERT, TEXT, filled
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import DECK
from dashctl_tui.widgets.scene_view import SceneView
from tests.tui.sample import NOW, FixedSource, full_state, looked_at, monitor_of
from tests.tui.test_app import press, shown

SKIN = Skin()
SVG = "{http://www.w3.org/2000/svg}"
BRAILLE = re.compile("[\u2800-\u28ff]")
ROWS = [
    Row.of(("plain ", TEXT), ("loud", ALERT), ('  <b>&"', filled(ACCENT))),
    Row.of(("⣿⠁█▄日本", ACCENT)),
    Row.of(""),
]
SCENES = pytest.mark.parametrize("scene", DECK, ids=lambda scene: scene.name)


def rows_of(scene: Any) -> list[Row]:
    viewport = looked_at(scene, 100, 30)
    return list(scene.paint(scene.select(full_state(), viewport), viewport).rows)


def test_a_page_says_where_each_run_stands_and_in_what_colours() -> None:
    page = page_of(ROWS, SKIN)
    assert (page.columns, page.lines) == (17, 3)
    assert [(run.line, run.column, run.width, run.text) for run in page.runs] == [
        (0, 0, 6, "plain "),
        (0, 6, 4, "loud"),
        (0, 10, 7, '  <b>&"'),
        (1, 0, 8, "⣿⠁█▄日本"),
    ]
    plain, loud, block, _ = page.runs
    assert plain.background == loud.background == page.background
    assert loud.bold
    assert block.background != page.background


def test_paper_has_all_colours_whatever_the_terminal_has() -> None:
    assert page_of(ROWS, Skin(depth="none")) == page_of(ROWS, SKIN)


@SCENES
def test_a_scene_as_svg_is_xml_with_the_same_words(scene: Any) -> None:
    rows = rows_of(scene)
    drawn = ET.fromstring(to_svg(page_of(rows, SKIN)))
    words = "".join(text.text or "" for text in drawn.iter(f"{SVG}text"))
    assert "".join(words.split()) == "".join(BRAILLE.sub("", to_text(rows)).split())
    assert not [key for each in drawn.iter() for key in each.attrib if "href" in key]


def test_what_stands_behind_blanks_or_braille_is_at_its_cells_whatever_the_font() -> None:
    row = Row.of(("a  b", TEXT), ("⣿⠁ ⡀", TEXT), (" 日本 c", TEXT))
    drawn = ET.fromstring(to_svg(page_of([row], SKIN)))
    places = {each.text: each.get("x") for each in drawn.iter(f"{SVG}text")}
    assert places == {"a": "0", "b": "27", "日本": "81", "c": "126"}
    paths = [each.get("d") or "" for each in drawn.iter(f"{SVG}path")]
    assert [path.count("M") for path in paths] == [9, 1]
    assert paths[0].startswith("M37.5 1.25h2v2h-2z")
    assert paths[1].startswith("M64.5 14.75h2v2h-2z")


def test_a_character_of_another_width_has_a_box_of_its_own() -> None:
    page = to_html(page_of([Row.of(("a⣿日", TEXT))], SKIN))
    assert "a<i>⣿</i><b>日</b>" in page


@SCENES
def test_a_scene_as_html_reads_as_it_does_on_the_screen(scene: Any) -> None:
    class Text(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.text, self.inside = "", False

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.inside = self.inside or tag == "pre"
            assert tag in {"html", "head", "meta", "title", "style", "body", "pre", "span", "i", "b"}

        def handle_endtag(self, tag: str) -> None:
            self.inside = self.inside and tag != "pre"

        def handle_data(self, data: str) -> None:
            self.text += data if self.inside else ""

    rows = rows_of(scene)
    page = Text()
    page.feed(to_html(page_of(rows, SKIN)))
    assert [line.rstrip() for line in page.text.split("\n")] == [row.text.rstrip() for row in rows]


def test_a_png_has_the_colours_in_their_cells() -> None:
    page = page_of(ROWS, SKIN)
    image = Image.open(io.BytesIO(to_png(page)))
    assert image.size == (17 * 10, 3 * 20)
    hexes = {run.text: run for run in page.runs}
    assert pixel(image, 105, 1) == hexes['  <b>&"'].background
    assert pixel(image, 25, 25) == hexes["⣿⠁█▄日本"].colour, "a full block"
    assert pixel(image, 35, 22) == page.background, "above the lower half block"
    assert pixel(image, 35, 38) == hexes["⣿⠁█▄日本"].colour
    assert pixel(image, 5, 55) == page.background
    lit = sum(pixel(image, x, y) != page.background for x in range(10) for y in range(20, 40))
    assert lit == 8 * 9, "eight dots of nine pixels"


def pixel(image: Image.Image, x: int, y: int) -> str:
    return "#" + bytes(image.convert("RGB").getpixel((x, y))).hex()  # type: ignore[arg-type]


def test_a_table_is_csv_that_no_spreadsheet_calculates_with() -> None:
    table = [("run", "value"), ("=1+1", -0.5), ('say "hi", twice', None), ("a\nb", float("nan"))]
    assert list(csv.reader(io.StringIO(to_csv(table), newline=""))) == [
        ["run", "value"],
        ["'=1+1", "-0.5"],
        ['say "hi", twice', ""],
        ["a\nb", "nan"],
    ]


@SCENES
def test_every_scene_gives_the_data_behind_its_picture(scene: Any) -> None:
    viewport = looked_at(scene, 100, 30)
    view = scene.select(full_state(), viewport)
    assert scene.table is not None
    heading, *lines = list(scene.table(view, viewport))
    assert lines
    assert {len(line) for line in lines} == {len(heading)}
    assert all(isinstance(cell, str) and cell for cell in heading)
    to_csv([heading, *lines])


def test_a_file_is_written_as_its_name_asks(tmp_path: Path) -> None:
    for ending, begins in ((".svg", b"<svg "), (".html", b"<!DOCTYPE html>"), (".PNG", b"\x89PNG")):
        write_picture(tmp_path / f"x{ending}", ROWS, SKIN)
        assert (tmp_path / f"x{ending}").read_bytes().startswith(begins)
    assert len(list(tmp_path.iterdir())) == 3, "nothing is left beside them"
    with pytest.raises(UsageError, match=r"x.gif: '.gif' is not allowed; expected .svg, .html, .png"):
        check_name(tmp_path / "x.gif")
    with pytest.raises(NotWritten, match=r"cannot write x\.csv in .*gone"):
        write_table(tmp_path / "gone" / "x.csv", [("a",)])


def test_a_name_is_not_given_twice(tmp_path: Path) -> None:
    first = free_name(tmp_path, "knn", NOW)
    first.with_suffix(".csv").touch()
    second = free_name(tmp_path, "knn", NOW)
    assert (first.name, second.name) == ("dashctl-knn-20231114-221320", "dashctl-knn-20231114-221320-2")


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_e_writes_what_is_on_the_screen(tmp_path: Path) -> None:
    monitor = monitor_of(FixedSource(full_state()), scene="models", now=lambda: NOW, exports=tmp_path)
    async with monitor.run_test(size=(120, 40)) as pilot:
        await press(pilot, "e")
        names = listed(tmp_path)
        assert names == ["dashctl-models-20231114-221320.csv", "dashctl-models-20231114-221320.svg"]
        assert f"wrote {names[1]} and {names[0]}" in shown(monitor, "status")
        text = "".join(to_text(monitor.query_one(SceneView).rows).split())
        drawn = ET.fromstring((tmp_path / names[1]).read_text())
        assert "".join("".join(drawn.itertext()).split()) == text
        assert "lstm" in (tmp_path / names[0]).read_text()


async def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    monitor = monitor_of(FixedSource(full_state()), now=lambda: NOW, exports=tmp_path / "gone")
    async with monitor.run_test(size=(120, 40)) as pilot:
        await press(pilot, "e")
        assert "cannot write dashctl-overview" in shown(monitor, "status")


def test_what_a_terminal_would_obey_is_a_sign_in_a_table_and_lines_stay_lines() -> None:
    assert to_csv([["a\x1b[31mb", "one\ntwo"]]) == 'a␛[31mb,"one\ntwo"\r\n'

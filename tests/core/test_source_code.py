"""Code as an event: the text as it stands in its file, and where its loop is."""

import functools
import inspect
import textwrap
from pathlib import Path

import pytest

from dashctl.events import SourceCode
from dashctl.source_code import NoSource, source_code
from dashctl.validation import LONGEST_TEXT
from tests.core import protocol_tables


def trains() -> int:
    done = 0
    for short in range(2):
        done += short
    for epoch in range(3):
        for batch in range(3):
            done += epoch * batch
    return done


class Trainer:
    """A method's code is indented."""

    def fit(self) -> None:
        while self.again():
            pass

    def again(self) -> bool:
        return False


def line_at(code: SourceCode, number: int | None) -> str:
    assert number is not None
    return Path(code.path).read_text().splitlines()[number - 1].strip()


@pytest.mark.parametrize(
    ("of", "loop"),
    [
        (trains, "for epoch in range(3):"),
        (Trainer.fit, "while self.again():"),
        (Trainer, "while self.again():"),
        (functools.wraps(trains)(lambda *_: 0), "for epoch in range(3):"),
    ],
)
def test_the_text_is_what_stands_in_the_file_and_the_loop_is_marked(of: object, loop: str) -> None:
    code = source_code(of)
    assert code.path == __file__
    assert code.text == inspect.getsource(of)  # type: ignore[arg-type]
    assert line_at(code, code.first_line) == code.text.splitlines()[0].strip()
    assert line_at(code, code.loop) == loop


def test_a_module_begins_with_its_first_line() -> None:
    code = source_code(protocol_tables)
    assert code.first_line == 1
    assert code.text == Path(protocol_tables.__file__).read_text()


def test_code_without_a_loop_has_none() -> None:
    assert source_code(Trainer.again).loop is None


@pytest.mark.parametrize("of", [len, 3, functools.partial(trains), None])
def test_what_has_no_code_says_so(of: object) -> None:
    with pytest.raises(NoSource, match=r"source: the code of .* cannot be read"):
        source_code(of)


def test_code_that_is_too_long_is_cut_after_a_line_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "".join(f"    x{number} = {number}  # {'.' * 80}\n" for number in range(1_000))
    (tmp_path / "endless.py").write_text(textwrap.dedent("def train():\n") + body)
    monkeypatch.syspath_prepend(tmp_path)
    import endless  # type: ignore[import-not-found]  # noqa: PLC0415

    code = source_code(endless.train)
    *lines, last = code.text.splitlines()
    assert len(code.text) <= LONGEST_TEXT
    assert lines == (tmp_path / "endless.py").read_text().splitlines()[: len(lines)]
    assert last == f"# … {1_001 - len(lines):,} more lines are not shown"

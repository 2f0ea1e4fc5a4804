"""What a terminal shows after some codes: a grid of cells, to compare two ways to the same picture."""

import re

from rich.cells import cell_len

_CODE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
_TWO_COLOURED = {"38": "colour", "48": "background"}

Cell = tuple[str, tuple[str, str, frozenset[str]]]
"""A letter, and its colour, background and attributes."""


class Cells:
    """A terminal without edges that knows where codes go: CUP, CHA and SGR, and no other."""

    def __init__(self) -> None:
        self.at: dict[tuple[int, int], Cell] = {}
        self._column = self._row = 0
        self._pen: tuple[str, str, frozenset[str]] = ("", "", frozenset())

    def feed(self, text: str) -> "Cells":
        """Take codes and text in."""
        position = 0
        for code in _CODE.finditer(text):
            self._put(text[position : code.start()])
            self._obey(code[1], code[2])
            position = code.end()
        self._put(text[position:])
        return self

    def _put(self, text: str) -> None:
        assert "\x1b" not in text, f"a code that nobody knows: {text!r}"
        for letter in text:
            width = cell_len(letter)
            if width:
                pen = self._pen
                # Nobody sees in which colour a blank would have been written.
                if letter == " " and not pen[2] & {"4", "7", "9"}:
                    pen = ("", pen[1], frozenset())
                self.at[self._column, self._row] = (letter, pen)
                for covered in range(1, width):
                    self.at.pop((self._column + covered, self._row), None)
            self._column += width

    def _obey(self, parameters: str, final: str) -> None:
        numbers = [int(number or 1) for number in parameters.split(";")] if "?" not in parameters else []
        match final:
            case "H":
                self._row, self._column = numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
            case "G":
                self._column = numbers[0] - 1
            case "m":
                self._ink((parameters or "0").split(";"))
            case _:
                raise AssertionError(f"a code that nobody knows: {parameters}{final}")

    def _ink(self, codes: list[str]) -> None:
        colour, background, attributes = self._pen
        while codes:
            code = codes.pop(0)
            if code in _TWO_COLOURED:
                taken = 2 if codes[0] == "5" else 4
                value = ";".join([code, *codes[:taken]])
                codes = codes[taken:]
                colour, background = (value, background) if code == "38" else (colour, value)
            elif code == "0":
                colour, background, attributes = "", "", frozenset()
            elif code in {"39", "49"}:
                colour, background = ("", background) if code == "39" else (colour, "")
            elif len(code) == 2 and code[0] in "39":
                colour = code
            elif (code[0] == "4" and len(code) == 2) or code.startswith("10"):
                background = code
            else:
                attributes |= {code}
        self._pen = (colour, background, attributes)

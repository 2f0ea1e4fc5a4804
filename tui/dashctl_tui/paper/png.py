"""A page as PNG.

Rules: braille and blocks are drawn dot by dot, so that they are the same in any font and meet at the edges;
text is set character by character, each in its own cells.
"""

import io
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len

from dashctl.errors import UsageError
from dashctl_tui.paper.runs import Page, Run

_WIDTH: Final = 10
_HEIGHT: Final = 20
_SIZE: Final = 16
_FONTS: Final = (
    ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    ("LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf"),
    ("Menlo.ttc", "Menlo.ttc"),
    ("consola.ttf", "consolab.ttf"),
)
_BRAILLE: Final = 0x2800
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_LEFT_BLOCKS: Final = "▏▎▍▌▋▊▉"
# Bit of each dot of a cell, by row and column (Unicode, block Braille Patterns).
_DOTS: Final = ((0, 3), (1, 4), (2, 5), (6, 7))

Font = ImageFont.FreeTypeFont


def to_png(page: Page) -> bytes:
    """The picture; (columns × 10) by (lines × 20) pixels. Raises UsageError where there is no font for it."""
    fonts = _fonts()
    image = Image.new("RGB", (max(1, page.columns) * _WIDTH, max(1, page.lines) * _HEIGHT), page.background)
    draw = ImageDraw.Draw(image)
    for run in page.runs:
        _draw(draw, run, fonts)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _fonts() -> tuple[Font, Font]:
    for regular, bold in _FONTS:
        try:
            return ImageFont.truetype(regular, _SIZE), ImageFont.truetype(bold, _SIZE)
        except OSError:
            continue
    names = ", ".join(regular for regular, _ in _FONTS)
    raise UsageError(f"png: no font found; expected one of {names}, or write .svg or .html")


def _draw(draw: ImageDraw.ImageDraw, run: Run, fonts: tuple[Font, Font]) -> None:
    x, y = run.column * _WIDTH, run.line * _HEIGHT
    end = x + run.width * _WIDTH
    if end > x:
        draw.rectangle((x, y, end - 1, y + _HEIGHT - 1), fill=run.background)
    for character in run.text:
        if character != " ":
            _draw_character(draw, (x, y), character, run.colour, fonts[run.bold])
        x += cell_len(character) * _WIDTH
    if run.underline and end > x - run.width * _WIDTH:
        draw.line((run.column * _WIDTH, y + _HEIGHT - 2, end - 1, y + _HEIGHT - 2), fill=run.colour)


def _draw_character(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], character: str, colour: str, font: Font
) -> None:
    x, y = corner
    pattern = ord(character) - _BRAILLE
    if 0 <= pattern < 256:
        for row, bits in enumerate(_DOTS):
            for column, bit in enumerate(bits):
                if pattern >> bit & 1:
                    left, top = x + 1 + column * 5, y + 1 + row * 5
                    draw.rectangle((left, top, left + 2, top + 2), fill=colour)
    elif character in _BLOCKS:
        filled = round((_BLOCKS.index(character) + 1) / 8 * _HEIGHT)
        draw.rectangle((x, y + _HEIGHT - filled, x + _WIDTH - 1, y + _HEIGHT - 1), fill=colour)
    elif character in _LEFT_BLOCKS:
        filled = max(1, round((_LEFT_BLOCKS.index(character) + 1) / 8 * _WIDTH))
        draw.rectangle((x, y, x + filled - 1, y + _HEIGHT - 1), fill=colour)
    else:
        draw.text((x, y), character, font=font, fill=colour)

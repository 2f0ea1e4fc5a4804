"""Every character that the drawings use for something other than words.

Rule: no other module of the plots spells such a character out, so that another set (for terminals without
Unicode) can be put in its place here.
"""

from typing import Final

ELLIPSIS: Final = "…"
UNPRINTABLE: Final = "�"

BRAILLE_BASE: Final = 0x2800

BLOCKS_UP: Final = " ▁▂▃▄▅▆▇█"
BLOCKS_RIGHT: Final = " ▏▎▍▌▋▊▉█"

NOT_A_NUMBER: Final = "✕"
PLUS_INFINITY: Final = "▲"
MINUS_INFINITY: Final = "▼"
BELOW_SCALE: Final = "◂"

DOT: Final = "●"
SHARED_DOT: Final = "◉"
UNKNOWN: Final = "·"
MATCH: Final = "✓"
MISMATCH: Final = "✗"
SERIES: Final = "━"
SEPARATOR: Final = "·"
CURSOR: Final = "┃"
POINTER: Final = "›"
RISING: Final = "▴"
FALLING: Final = "▾"
GOAL: Final = "┆"

AXIS_CORNER: Final = "└"
AXIS_HORIZONTAL: Final = "─"
AXIS_VERTICAL: Final = "│"
AXIS_TICK_LEFT: Final = "┤"
AXIS_TICK_BOTTOM: Final = "┬"

WIRE_RIGHT: Final = "├"
WIRE_UP: Final = "┴"
WIRE_CROSS: Final = "┼"
ARROW_RIGHT: Final = "▶"
ARROW_DOWN: Final = "▼"

FRAME_TOP_LEFT: Final = "╭"
FRAME_TOP_RIGHT: Final = "╮"
FRAME_BOTTOM_LEFT: Final = "╰"
FRAME_BOTTOM_RIGHT: Final = "╯"

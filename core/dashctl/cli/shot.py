"""`dashctl shot`: a picture of a scene, as a file.

Rules: what is wrong with the arguments is found before a broker is asked; a file that is there stays unless
told otherwise.
"""

from argparse import Namespace
from importlib import import_module
from pathlib import Path
from typing import Final

from dashctl.bus.control import ask_snapshot
from dashctl.cli.connection import bus_of, place_of
from dashctl.cli.extras import needing
from dashctl.cli.monitor import connection_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, size
from dashctl.errors import UsageError
from dashctl.settings import MONITOR_THEME, THEMES, setting

DESCRIPTION: Final = (
    "Write one scene as a picture: .svg, .html or .png (which takes the extra shot), as the\n"
    "file's name says. In the monitor, e does it for what is on the screen."
)
EXAMPLES: Final = (
    "dashctl shot --scene knn cloud.svg",
    "dashctl shot --scene training --size 200x50 curves.png",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="ends in .svg, .html or .png")
    parser.add_argument("--scene", default="overview", metavar="NAME", help="(default: %(default)s)")
    parser.add_argument(
        "--size", type=size, default=(120, 40), metavar="COLUMNSxROWS", help="(default: 120x40)"
    )
    parser.add_argument("--theme", choices=THEMES, help="colours (default: [monitor] theme, or dark)")
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Write it."""
    path: Path = arguments.file
    theme = setting(MONITOR_THEME, arguments.theme)
    with needing("tui", "dashctl shot"):
        import_module("dashctl_tui.scenes").scene_named(arguments.scene)
        import_module("dashctl_tui.paper.export").check_name(path)
    if path.exists() and not arguments.force:
        raise UsageError(f"{path}: is there already; expected another name, or --force")
    address = bus_of(arguments)
    state = ask_snapshot(address)
    with needing("shot", "dashctl shot"):
        import_module("dashctl_tui").shot(
            state,
            connection_of(state, None),
            path,
            scene=arguments.scene,
            size=arguments.size,
            theme=theme,
            address=place_of(arguments, address),
        )
    say(f"wrote {path}")
    return 0

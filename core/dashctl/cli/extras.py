"""Parts of dashctl that not every installation has the packages for: the monitor and the producers.

Rules: they are loaded by name when a command needs them, because the core does not know them; what
is missing is said with the extra that brings it. A module that is missing for any other reason is
a fault of ours, and stays visible as one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dashctl.errors import MissingExtra

PACKAGES: Final = {
    "export": ("pyarrow", "tensorboard"),
    "host": ("psutil", "pynvml"),
    "serve": ("litestar", "prometheus_client", "uvicorn"),
    "tui": ("numpy", "pygments", "rich", "textual"),
    "web": ("aiohttp", "aiohttp_jinja2", "jinja2", "textual_serve"),
    "shot": ("PIL",),
    "train": ("numpy", "psutil", "pyarrow", "sklearn", "torch"),
}
"""What an extra brings, by the names under which Python imports it."""


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """What is done inside needs an extra. Raises MissingExtra if a package of it is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in PACKAGES[extra]:
            raise
        raise MissingExtra(what, extra, missing) from None

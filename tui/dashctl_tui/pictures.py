"""What the monitor shows, and when: the clock asks, a scene gives a picture, widgets send what changed.

Rules: nothing here draws; a picture is asked for when something may have changed, and what did not change is
not sent; a source in trouble is told of, and asked again.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from threading import Thread
from typing import Any

from textual.app import App, ComposeResult
from textual.binding import BindingsMap
from textual.filter import LineFilter

from dashctl.bus import Connection
from dashctl.errors import DashctlError
from dashctl.events import Event
from dashctl_tui.actions import EVERY, Action, bindings
from dashctl_tui.calls import Calls, completed
from dashctl_tui.chosen import Chosen
from dashctl_tui.chrome import Notice, Status, deck_line, status_line
from dashctl_tui.clock import FrameClock, Line, Swift
from dashctl_tui.cursor import Cursor
from dashctl_tui.frames import Frame
from dashctl_tui.keys import keycaps
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import ALERT, GOOD, MUTED, WARNING
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.themes import THEMES
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.firing import Bell, Firing, rings
from dashctl_tui.scenes.highlight import prepare
from dashctl_tui.scenes.scene import Picture, Scene
from dashctl_tui.scenes.viewport import NO_SCREEN, Keycaps, ScreenStats
from dashctl_tui.source import Lens, Source, Telling
from dashctl_tui.terminal import TerminalDriver, all_colours
from dashctl_tui.theme import InSkin, textual_name, textual_theme
from dashctl_tui.time_bar import draw_time_bar
from dashctl_tui.travel import Traveller
from dashctl_tui.widgets.ask_line import AskLine
from dashctl_tui.widgets.call_line import CallLine
from dashctl_tui.widgets.filter import FilterLine
from dashctl_tui.widgets.rows import RowsView
from dashctl_tui.widgets.scene_view import DeckView, SceneView
from dashctl_tui.widgets.time_view import TimeView

_LATER = 0.005
_ASK_AGAIN = 1.0
_STILL = 4
"""Seconds, at most, until it is looked again whether time alone changes a picture that it did not change."""
_SETTLED = 1.0
"""Seconds until the first pictures are out, and there is time for what later ones need."""
_SWIFT = Swift()
_NOTICED = 8.0
"""Seconds for which a notice stands."""
_WORD_INKS = {"going on": MUTED, "result": GOOD, "error": ALERT}


_FIRST = Chosen("overview")
_DEFAULT_SKIN = Skin()


class Pictures(App[None]):
    """Shows what a source knows; what a person does is the heir's."""

    TITLE = "dashctl"
    ENABLE_COMMAND_PALETTE = True
    # Nothing waits for keys but the monitor itself, until a filter is asked for.
    AUTO_FOCUS = None
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #deck, #status, #filter, #call, #ask, #time { height: 1; }
    #scene { height: 1fr; }
    #filter, #call, #ask { display: none; border: none; padding: 0 1; }
    #time { display: none; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette:ansi CommandList > .option-list--option-highlighted { text-style: bold underline; }
    Input:ansi > .input--cursor { text-style: reverse; color: ansi_default; background: ansi_default; }
    """

    def __init__(
        self,
        source: Source,
        address: str,
        *,
        traveller: Traveller,
        calls: Calls,
        publish: Callable[[Event, str], None],
        chosen: Chosen = _FIRST,
        actions: Sequence[Action] = EVERY,
        skin: Skin = _DEFAULT_SKIN,
        interval: float = 0.1,
        now: Callable[[], float] = time.time,
        mark: Callable[[], str] = str,
        local: str = "",
        exports: Path | None = None,
        bell: Bell = "off",
    ) -> None:
        """local: where `address` is reached from here, if that is elsewhere; nobody is shown that.

        exports: where pictures and tables are written, None for the working directory. bell: how bad a new
        alert has to be for the terminal's bell.
        """
        super().__init__(driver_class=terminal_driver())
        # Not a keymap, which takes a key away from everything else: what a key does depends on the scene.
        self._bindings = BindingsMap(bindings(actions))
        self._actions = actions
        self._keycaps = {scene.name: keycaps(actions, scene.name) for scene in DECK}
        self._exports = exports or Path.cwd()
        self._bell, self._firing = bell, Firing()
        self._skin, self._filter = skin, InSkin(skin)
        self.no_color = skin.depth == "none"
        self.console = all_colours()
        for name in THEMES:
            self.register_theme(textual_theme(replace(skin, theme=name)))
        self.theme = textual_name(skin)
        self._lens = Lens(source, now)
        self._address, self._local, self._mark = address, local or address, mark
        self._chosen = chosen
        self._publish = publish
        self._view: Any = None
        self._picture = Picture(())
        self._drawn: object = None
        self._around: object = None
        self._drawn_time: object = None
        self._resyncs = 0
        self._epoch = ""
        self._moved_at = 0.0
        self._clock = FrameClock(self.draw, interval, self._line, polled=not isinstance(source, Telling))
        if isinstance(source, Telling):
            source.on_news = self._news_from_thread
        self._ended: int | None = None
        self._traveller, self._calls = traveller, calls
        traveller.on_news = calls.on_news = self._hurry_from_thread
        self._cursor = Cursor(self._lens, traveller)
        self._notice: Notice | None = None
        self._noticed_until = 0.0
        self._untold = True
        self._connection = Connection(connected=False, since=now())
        self._stats = NO_SCREEN
        self._looked = (chosen, 0.0)
        self._still = 0

    @property
    def scene(self) -> Scene[Any]:
        """The one on the screen."""
        return self._chosen.scene

    @property
    def chosen(self) -> Chosen:
        """What a person chose to see."""
        return self._chosen

    def compose(self) -> ComposeResult:
        yield DeckView("deck")
        yield SceneView()
        yield TimeView()
        yield RowsView("status")
        yield FilterLine()
        yield AskLine()
        yield CallLine(lambda typed: completed(typed, self._calls.services))

    def on_mount(self) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.on_taken = self._clock.look
        self.run_worker(self._clock.run(), name="frames")
        self.set_timer(_SETTLED, Thread(target=prepare, name="dashctl-highlight", daemon=True).start)
        if self._ended is not None:
            self.exit(return_code=self._ended)

    def on_unmount(self) -> None:
        self._traveller.close()
        self._calls.close()

    def _choose(self, chosen: Chosen) -> None:
        """See this from now on."""
        self._chosen = chosen
        self._clock.hurry()

    @property
    def skin(self) -> Skin:
        """The colours and characters that are sent."""
        return self._skin

    def get_line_filters(self) -> list[LineFilter]:
        """What Textual's widgets draw is brought down to the skin."""
        return [self._filter]

    def end(self, status: int) -> None:
        """End with this exit status; may be called from a signal handler."""
        self._ended = status
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(partial(self.exit, return_code=status))

    # Pictures

    def draw(self) -> float:
        """Show what changed since the last time; the seconds after which there is something by itself."""
        self._untold = True
        if not self._screen_stack or not self._running:
            return self._clock.interval
        frame = self._new_frame()
        try:
            rest = self._draw_what_there_is(frame)
        except DashctlError as error:
            # Whoever is asked may be in trouble; the picture stays, and it is asked again.
            self._say(str(error), ALERT)
            rest = _ASK_AGAIN
        self._draw_chrome(frame)
        self._send(frame)
        return rest

    def _draw_what_there_is(self, frame: Frame | None) -> float:
        self._take_news()
        moving = self._move_on()
        self._draw_time(frame)
        self._draw_scene(frame)
        return 0.0 if moving else self._rest()

    def _new_frame(self) -> Frame | None:
        """None where Textual has to draw: on no terminal, and behind another screen."""
        in_front = len(self.screen_stack) == 1 and isinstance(self._driver, TerminalDriver)
        return Frame() if in_front else None

    def _send(self, frame: Frame | None) -> None:
        if isinstance(self._driver, TerminalDriver):
            if frame is not None and frame.text:
                self._driver.write_frame(frame.text, self.cursor_position)
            if frame is None or frame.left_out:
                # Textual sends what it was given to draw a moment later.
                self.call_after_refresh(self._driver.end_frame)
            elif not frame.text:
                self._driver.traffic.drew_nothing()

    def _rest(self) -> float:
        """Seconds until what is shown is another by the time alone."""
        # On a slow line, until it has to be said no more.
        rest = 1.0 if self._stats.slow else inf
        if self._notice is not None and not self._calls.under_way:
            rest = min(rest, max(0.0, self._noticed_until - time.monotonic()))
        if (self.scene.ticks and self._lens.held is None) or self.screen_stack[0].query_one("#time").display:
            # A little later, so that the second has surely begun.
            rest = min(rest, 1.0 - self._lens.present() % 1.0 + _LATER)
        return rest

    def _draw_chrome(self, frame: Frame | None) -> None:
        width = self.size.width
        if time.monotonic() >= self._noticed_until and not self._calls.under_way:
            self._notice = None
        connection = self._connection
        shown = self._cursor.shown or self._mark()
        status = Status(
            connection,
            self._address,
            shown,
            self._chosen.shared.filter,
            self._notice,
            self._slow(),
            len(self._firing.unseen),
            self._firing.worst,
        )
        around = (width, self.scene.name, status)
        if around == self._around:
            return
        self._around = around
        screen = self.screen_stack[0]
        screen.query_one("#deck", RowsView).show([deck_line(DECK, self.scene, width, self._keys())], frame)
        screen.query_one("#status", RowsView).show([status_line(status, width, self._keys())], frame)

    def _draw_scene(self, frame: Frame | None) -> None:
        view_of = self.screen_stack[0].query_one(SceneView)
        size = view_of.size
        if not size.width or not size.height:
            return
        now, second = float(int(self._lens.now())), self._second()
        viewport = self._chosen.viewport(size.width, size.height, second)
        viewport = replace(viewport, screen=self._screen_stats(), keys=self._keys())
        self._view, changed = self._lens.look(self.scene, viewport)
        if changed and second != now:
            viewport = replace(viewport, now=now)
            self._view, _ = self._lens.look(self.scene, viewport)
        drawn = (
            self.scene.name,
            viewport if self.scene.ticks else replace(viewport, now=0.0, screen=NO_SCREEN),
        )
        if not changed and drawn == self._drawn:
            return
        self._drawn = drawn
        self._picture = self.scene.paint(self._view, viewport)
        if getattr(viewport.look, "scroll", 0) > self._picture.scrollable:
            self._choose(self._chosen.taking(replace(viewport.look, scroll=self._picture.scrollable)))
        self._looked = (self._chosen, viewport.now)
        self._still = 0 if view_of.show(self._picture.rows, frame) else self._still + 1

    def _keys(self) -> Keycaps:
        return self._keycaps[self.scene.name]

    def _second(self) -> float:
        """The second to show: an older one for a while where the last ones made no difference."""
        now, (chosen, before) = float(int(self._lens.now())), self._looked
        resting = chosen is self._chosen and 0 <= now - before < min(self._still, _STILL)
        return before if resting else now

    def _slow(self) -> int:
        """Pictures a second on a slow line, 0 on any other."""
        stats = self._screen_stats()
        return max(1, round(1 / stats.interval)) if stats.slow else 0

    def _screen_stats(self) -> ScreenStats:
        if isinstance(self._driver, TerminalDriver):
            self._stats = self._driver.traffic.stats(self._clock.own_pace, self._stats)
        return self._stats

    def _draw_time(self, frame: Frame | None) -> None:
        bar, line = self._cursor.bar(), self.screen_stack[0].query_one("#time", TimeView)
        if line.display != (bar is not None):
            line.display = bar is not None
        drawn = (bar, self.size.width)
        if bar is not None and drawn != self._drawn_time:
            self._drawn_time = drawn
            line.show([draw_time_bar(bar, self.size.width)], frame)

    def _take_news(self) -> None:
        if trouble := self._cursor.arrive():
            self._say(trouble, WARNING)
        connection = self._connection = self._lens.source.connection()
        firing = self._lens.firing()
        # What fired before the monitor knew of anything is no news.
        if self._epoch and rings(self._firing, firing, self._bell):
            self.bell()
        self._firing = firing
        if connection.resyncs > self._resyncs:
            self._say(_begun_anew(restarted=connection.epoch != self._epoch), WARNING)
        shared = self._chosen.shared
        if connection.epoch != self._epoch and (shared.marked or shared.baseline):
            # Of another bus, or of last time, and gone since: nothing would be shown for their sake.
            self._chosen = self._chosen.among(self._lens.runs())
        self._resyncs, self._epoch = connection.resyncs, connection.epoch
        word = self._calls.take()
        if word is not None:
            self._say(word.text, _WORD_INKS[word.kind])

    def _say(self, text: str, ink: Ink) -> None:
        text = text.replace(self._local, self._address)
        self._notice, self._noticed_until = Notice(text, ink), time.monotonic() + _NOTICED

    def _hurry_from_thread(self) -> None:
        # A thread that is late finds the loop closed, and nobody to tell.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._clock.hurry)

    def _news_from_thread(self) -> None:
        # Once until they were looked at: waking the loop is not for nothing.
        if self._untold:
            self._untold = False
            with suppress(RuntimeError):
                if self._loop is not None:
                    self._loop.call_soon_threadsafe(self._clock.tell)

    def _line(self) -> Line:
        return self._driver if isinstance(self._driver, TerminalDriver) else _SWIFT

    def _move_on(self) -> bool:
        """Whether the picture moves by itself."""
        now, moving = self._clock.drawn_at, False
        if self.scene.moves is not None:
            look = self.scene.moves(self._chosen.look, now - self._moved_at)
            moving = look is not self._chosen.look
            if moving:
                self._chosen = self._chosen.taking(look)
        self._moved_at = now
        return moving


def terminal_driver() -> type[TerminalDriver] | None:
    """The driver of a terminal, None for what the environment names instead."""
    return TerminalDriver if os.name == "posix" and not os.environ.get("TEXTUAL_DRIVER") else None


def _begun_anew(*, restarted: bool) -> str:
    return "the broker was started again" if restarted else "fell behind; all was taken from the broker anew"

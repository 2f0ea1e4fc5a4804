"""The application: keys and the mouse in, pictures out.

Rules: nothing here draws; it asks the visible scene for a picture when the clock says so, and hands the
rows to a widget that sends what changed; what a person chose is kept per scene.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen
from textual.widgets import Input

from dashctl_tui.actions import GENERAL, MOVES, SPECIAL, bindings, go_to
from dashctl_tui.chrome import Status, deck_line, deck_tabs, status_line
from dashctl_tui.clock import FrameClock
from dashctl_tui.looking import DRAG, SPIN, TURN, Looking
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.scene import Picture, Scene
from dashctl_tui.source import Lens, Source
from dashctl_tui.terminal import Colourless, TerminalDriver
from dashctl_tui.theme import THEME
from dashctl_tui.widgets.filter import FilterChosen, FilterLine
from dashctl_tui.widgets.help import HelpScreen
from dashctl_tui.widgets.rows import RowsView
from dashctl_tui.widgets.scene_view import DeckView, Dragged, Pointed, SceneView, Sized, Wheeled

_SCENES = tuple(go_to(position, scene.name, scene.title) for position, scene in enumerate(DECK, 1))
_TITLES = [scene.title for scene in DECK]
_INTERRUPTED = 130
_WHEEL_ROWS = 3


class Monitor(App[None]):
    """Shows what a source knows."""

    TITLE = "dashctl"
    BINDINGS: ClassVar[list[BindingType]] = bindings(_SCENES)
    ENABLE_COMMAND_PALETTE = True
    # Nothing waits for keys but the monitor itself, until a filter is asked for.
    AUTO_FOCUS = None
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #deck, #status, #filter { height: 1; }
    #scene { height: 1fr; }
    #filter { display: none; border: none; padding: 0 1; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette:nocolor CommandList > .option-list--option-highlighted { text-style: bold underline; }
    """

    def __init__(
        self,
        source: Source,
        address: str,
        *,
        scene: str = "overview",
        interval: float = 0.1,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(driver_class=TerminalDriver if os.name == "posix" else None)
        self.register_theme(THEME)
        self.theme = THEME.name
        self._lens = Lens(source, now)
        self._address = address
        self._position = [each.name for each in DECK].index(scene)
        self._looking = {each.name: Looking() for each in DECK}
        self._filter = ""
        self._picture = Picture(())
        self._drawn: object = None
        self._around: object = None
        self._spun_at = 0.0
        self._clock = FrameClock(self.draw, interval, self._terminal_is_busy)
        self._ended: int | None = None

    @property
    def scene(self) -> Scene[Any]:
        """The one on the screen."""
        return DECK[self._position]

    @property
    def looking(self) -> Looking:
        """How the visible scene is looked at."""
        return self._looking[self.scene.name]

    def compose(self) -> ComposeResult:
        yield DeckView("deck")
        yield SceneView()
        yield RowsView("status")
        yield FilterLine()

    def on_mount(self) -> None:
        self.run_worker(self._clock.run(), name="frames")
        if self._ended is not None:
            self.exit(return_code=self._ended)

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, but no colour rather than shades of grey where NO_COLOR asks for it."""
        if os.environ.get("NO_COLOR"):
            return [Colourless()]
        return [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action, for the palette."""
        for action in (*_SCENES, *GENERAL, *MOVES, *SPECIAL):
            if action.call != "command_palette":
                yield SystemCommand(
                    f"{action.title}  {action.shown}", action.help, partial(self.run_action, action.call)
                )

    def end(self, status: int) -> None:
        """End with this exit status; may be called from a signal handler."""
        self._ended = status
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(partial(self.exit, return_code=status))

    # Pictures

    def draw(self) -> None:
        """Show what changed since the last time."""
        if not self._screen_stack or not self._running:
            return
        self._spin()
        self._draw_scene()
        self._draw_chrome()

    def _draw_chrome(self) -> None:
        width = self.size.width
        status = Status(self._lens.source.connection(), self._address, self._lens.held, self._filter)
        around = (width, self._position, status)
        if around == self._around:
            return
        self._around = around
        screen = self.screen_stack[0]
        screen.query_one("#deck", RowsView).show([deck_line(_TITLES, self._position, width)])
        screen.query_one("#status", RowsView).show([status_line(status, width)])

    def _draw_scene(self) -> None:
        view_of = self.screen_stack[0].query_one(SceneView)
        size = view_of.size
        if not size.width or not size.height:
            return
        viewport = self.looking.viewport(size.width, size.height, float(int(self._lens.now())), self._filter)
        view, changed = self._lens.look(self.scene, viewport)
        drawn = (self.scene.name, viewport if self.scene.ticks else replace(viewport, now=0.0))
        if not changed and drawn == self._drawn:
            return
        self._drawn = drawn
        self._picture = self.scene.paint(view, viewport)
        if self.looking.scroll > self._picture.scrollable:
            self._look(replace(self.looking, scroll=self._picture.scrollable))
        if view_of.show(self._picture.rows) and isinstance(self._driver, TerminalDriver):
            self.call_after_refresh(self._driver.end_frame)

    def _terminal_is_busy(self) -> bool:
        return isinstance(self._driver, TerminalDriver) and self._driver.backlogged

    def _look(self, looking: Looking) -> None:
        self._looking[self.scene.name] = looking
        self._clock.hurry()

    def _spin(self) -> None:
        now = self._clock.drawn_at
        if self.looking.spinning:
            self._looking[self.scene.name] = self.looking.turned(SPIN * min(1.0, now - self._spun_at), 0.0)
        self._spun_at = now

    # Keys

    def action_show(self, name: str) -> None:
        self._position = [scene.name for scene in DECK].index(name)
        self._clock.hurry()

    def action_turn(self, by: int) -> None:
        self.action_show(DECK[(self._position + by) % len(DECK)].name)

    def action_move(self, across: int, down: int) -> None:
        if self.scene.turns:
            self._look(self.looking.turned(across * TURN, down * TURN))
        else:
            self._look(self.looking.scrolled(down))

    def action_page(self, by: int) -> None:
        self._look(self.looking.scrolled(by * max(1, self.size.height // 2)))

    def action_edge(self, end: int) -> None:
        self._look(replace(self.looking, scroll=self._picture.scrollable if end > 0 else 0))

    def action_zoom(self, steps: int) -> None:
        if self.scene.turns:
            self._look(self.looking.zoomed(steps))

    def action_recolour(self) -> None:
        self._look(replace(self.looking, colouring=self.looking.colouring + 1))

    def action_next_item(self) -> None:
        self._look(replace(self.looking, item=self.looking.item + 1, camera=None))

    def action_spin(self) -> None:
        if self.scene.turns:
            self._look(replace(self.looking, spinning=not self.looking.spinning))

    def action_log_scale(self) -> None:
        self._look(replace(self.looking, log_y=not self.looking.log_y))

    def action_smooth(self) -> None:
        self._look(self.looking.smoother())

    def action_reset(self) -> None:
        self._look(Looking())

    def action_pause(self) -> None:
        if self._lens.held:
            self._lens.release()
        else:
            self._lens.hold()
        self._clock.hurry()

    def action_ask_filter(self) -> None:
        self._type_filter(typing=True)

    def action_step_back(self) -> None:
        if self._filter:
            self._choose_filter("")
        elif self._lens.held:
            self.action_pause()

    def action_help(self) -> None:
        self.push_screen(HelpScreen(_SCENES))

    def action_leave(self) -> None:
        self.exit()

    def action_interrupt(self) -> None:
        self.exit(return_code=_INTERRUPTED)

    # The filter

    def _type_filter(self, *, typing: bool) -> None:
        line = self.query_one(FilterLine)
        line.display = typing
        self.query_one("#status").display = not typing
        if typing:
            line.value = self._filter
            line.focus()
        else:
            self.set_focus(None)
        self._clock.hurry()

    def _choose_filter(self, text: str) -> None:
        self._filter = text
        for name, looking in self._looking.items():
            self._looking[name] = replace(looking, scroll=0)
        self._clock.hurry()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "filter" and event.input.display:
            self._choose_filter(event.value)

    def on_filter_chosen(self, event: FilterChosen) -> None:
        self._choose_filter(event.text)
        self._type_filter(typing=False)

    # The mouse

    def on_sized(self, event: Sized) -> None:
        self.draw()

    def on_pointed(self, event: Pointed) -> None:
        for position, tab in enumerate(deck_tabs(_TITLES, self._position, self.size.width)):
            if tab.start <= event.column < tab.stop:
                self.action_show(DECK[position].name)
                break

    def on_wheeled(self, event: Wheeled) -> None:
        if self.scene.turns:
            self._look(self.looking.zoomed(-event.steps))
        else:
            self._look(self.looking.scrolled(event.steps * _WHEEL_ROWS))

    def on_dragged(self, event: Dragged) -> None:
        if not self.scene.turns:
            return
        turned = self.looking.turned(event.across * DRAG[0], event.down * DRAG[1])
        self._look(replace(turned, dragging=not event.over))

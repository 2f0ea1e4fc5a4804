"""What a person does in the monitor: keys, the mouse, and the lines that are typed in.

Rules: a key is an action of the table; what it means in a scene is the scene's own, a pure act whose outcome
is brought about here; what a person chose is one value.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen
from textual.widgets import Input

from dashctl.errors import UsageError
from dashctl_tui.calls import line_of
from dashctl_tui.chrome import deck_tabs
from dashctl_tui.paper.export import NotWritten, export
from dashctl_tui.pictures import Pictures
from dashctl_tui.plots.palette import ALERT, GOOD, MUTED, WARNING
from dashctl_tui.plots.themes import THEMES
from dashctl_tui.query import parse
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.acts import Ask, At, Effect, Publish, Say, ShowScene, Taken
from dashctl_tui.theme import InSkin, textual_name
from dashctl_tui.travel import BEGINNING, Wish
from dashctl_tui.widgets.ask_line import Asked, AskLine
from dashctl_tui.widgets.call_line import CallLine, CallTyped
from dashctl_tui.widgets.filter import FilterChosen, FilterLine
from dashctl_tui.widgets.help import HelpScreen
from dashctl_tui.widgets.rows import RowsView
from dashctl_tui.widgets.scene_view import Pointed, SceneView, Sized, Touched
from dashctl_tui.widgets.time_view import Sought

_INTERRUPTED = 130
_SEVERITY_INKS = {"info": MUTED, "warning": WARNING, "critical": ALERT}


class Monitor(Pictures):
    """The application."""

    _asking: Ask | None = None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action, for the palette."""
        for action in self._actions:
            if action.call != "command_palette" and action.scene in {"", self.scene.name}:
                yield SystemCommand(
                    f"{action.title}  {action.shown}", action.help, partial(self.run_action, action.call)
                )

    # Acts

    def _at(self) -> At[Any, Any]:
        size = self.screen_stack[0].query_one(SceneView).size
        viewport = self._chosen.viewport(size.width, size.height, self._lens.now())
        return At(self._view, replace(viewport, keys=self._keys()), self._picture.scrollable)

    def _take(self, outcome: Any) -> None:
        """Bring about what an act gave: a look, or what is Taken."""
        self._chosen = self._chosen.taking(outcome)
        if isinstance(outcome, Taken):
            for effect in outcome.effects:
                self._bring_about(effect)
        self._clock.hurry()

    def _bring_about(self, effect: Effect) -> None:
        match effect:
            case Publish():
                self._publish(effect.event, effect.run)
            case ShowScene():
                self.action_show(effect.name)
                if effect.look is not None:
                    self._take(effect.look)
            case Say():
                self._say(effect.text, _SEVERITY_INKS[effect.severity])
            case Ask():
                self._asking = effect
                line = self.query_one(AskLine)
                line.placeholder = effect.prompt
                self._type_in(line, effect.text)

    # Keys

    def action_show(self, name: str) -> None:
        self._chosen = replace(self._chosen, name=name)
        self._clock.hurry()

    def action_turn(self, by: int) -> None:
        names = [scene.name for scene in DECK]
        self.action_show(names[(names.index(self.scene.name) + by) % len(names)])

    def action_move(self, name: str) -> None:
        act = self.scene.acts.get(name)
        if act is not None:
            self._take(act(self._at()))

    def action_act(self, scene: str, name: str) -> None:
        for action in self.scene.actions:
            if action.name == name:
                self._take(action.act(self._at()))

    def action_turn_theme(self) -> None:
        """Show everything in the next theme's colours."""
        names = [*THEMES]
        name = names[(names.index(self._skin.theme) + 1) % len(names)]
        self._skin = replace(self._skin, theme=name)
        self._filter = InSkin(self._skin)
        self.theme = textual_name(self._skin)
        for screen in self.screen_stack:
            for view in screen.query(RowsView):
                view.dress()
        self._say(f"theme {name}", MUTED)
        self._clock.hurry()

    def action_reset(self) -> None:
        self._take(self.scene.look)

    # Time

    def action_pause(self) -> None:
        if self._cursor.shown:
            self.action_live()
        else:
            self._cursor.pause()
            self._clock.hurry()

    def action_live(self) -> None:
        self._cursor.go_live()
        self._clock.hurry()

    def action_step(self, by: int) -> None:
        self._go(Wish(steps=by))

    def action_jump(self, by: int) -> None:
        self._go(Wish(jumps=by))

    def action_beginning(self) -> None:
        self._go(BEGINNING)

    def _go(self, wish: Wish) -> None:
        self._cursor.go(wish)
        self._clock.hurry()

    def action_time_bar(self) -> None:
        self._cursor.want_bar()
        self._clock.hurry()

    def on_sought(self, event: Sought) -> None:
        self._cursor.seek(event.column, self.size.width)
        self._clock.hurry()

    def action_ask_filter(self) -> None:
        self._type_in(self.query_one(FilterLine), self._chosen.shared.filter)

    def action_ask_call(self) -> None:
        self._calls.look()
        self._type_in(self.query_one(CallLine), "")

    def action_step_back(self) -> None:
        back = self.scene.acts.get("back")
        outcome = None if back is None else back(self._at())
        if outcome is not None and outcome != self._chosen.look:
            self._take(outcome)
        elif self._chosen.shared.filter:
            self._choose_filter("")
        elif self._cursor.shown:
            self.action_live()
        else:
            self._calls.give_up()
            self._noticed_until = 0.0

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self.scene, self._actions))

    def action_export(self) -> None:
        rows = self.screen_stack[0].query_one(SceneView).rows
        try:
            written = export(self._exports, self.scene, self._at(), rows, self._skin)
        except NotWritten as error:
            self._say(str(error), ALERT)
        else:
            self._say(f"wrote {' and '.join(path.name for path in written)} in {self._exports}", GOOD)
        self._clock.hurry()

    def action_leave(self) -> None:
        self.exit()

    def action_interrupt(self) -> None:
        self.exit(return_code=_INTERRUPTED)

    # The lines that are typed in

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "act":
            return parameters[0] == self.scene.name and not isinstance(self.focused, Input)
        if action in {"ask_filter", "ask_call"}:
            return len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return True

    def _type_in(self, line: Input, text: str | None) -> None:
        """Show this line in place of the status, with a text to begin with; None: no longer."""
        line.display = text is not None
        self.query_one("#status").display = text is None
        if text is not None:
            line.value = text
        # At once: what is typed next is already meant for the line.
        self.set_focus(None if text is None else line)
        self._clock.hurry()

    def _choose_filter(self, text: str) -> None:
        self._chosen = self._chosen.filtered(text)
        self._clock.hurry()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "filter" and event.input.display:
            self._choose_filter(event.value)

    def on_filter_chosen(self, event: FilterChosen) -> None:
        self._choose_filter(event.text)
        self._type_in(self.query_one(FilterLine), None)
        if trouble := parse(event.text).trouble:
            self._say(trouble, WARNING)

    def on_asked(self, event: Asked) -> None:
        self._type_in(self.query_one(AskLine), None)
        asking, self._asking = self._asking, None
        if asking is None or event.text is None:
            return
        try:
            self._take(asking.then(self._at(), event.text))
        except UsageError as error:
            self._say(str(error), ALERT)

    def on_call_typed(self, event: CallTyped) -> None:
        self._type_in(self.query_one(CallLine), None)
        if not event.text:
            return
        try:
            self._calls.start(line_of(event.text))
        except UsageError as error:
            self._say(str(error), ALERT)

    # The mouse

    def on_sized(self, event: Sized) -> None:
        self.draw()

    def on_pointed(self, event: Pointed) -> None:
        for scene, tab in zip(DECK, deck_tabs(DECK, self.scene, self.size.width, self._keys()), strict=True):
            if tab.start <= event.column < tab.stop:
                self.action_show(scene.name)
                break

    def on_touched(self, event: Touched) -> None:
        self._take(self.scene.mouse(self._at(), event.gesture))

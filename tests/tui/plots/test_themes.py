"""Colours: legible, and apart from each other, with 256 of them, with sixteen, and for colour-blind eyes."""

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from dashctl import settings
from dashctl.phases import PHASES as ATTACK_PHASES
from dashctl_tui.plots.canvas import Ink
from dashctl_tui.plots.palette import filled, scale_ink
from dashctl_tui.plots.skin import Skin
from dashctl_tui.plots.themes import CATEGORIES, MODELS, PHASES, THEMES, Theme

EVERY_THEME = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
# Linear RGB as seen without one kind of cone: G. Machado, M. Oliveira and L. Fernandes, 2009, severity 1.
SIGHT = {
    "full": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritan": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
GREY = np.tile(WEIGHTS, (3, 1))
# From linear RGB to CIE XYZ with white D65, and to the Oklab space: IEC 61966-2-1, and B. Ottosson, 2020.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
TO_LMS = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
TO_OKLAB = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
TEXT_ROLES = ("text", "heading", "muted", "accent", "good", "warning", "alert")
SETS = {
    "phases": [f"phase.{name}" for name in PHASES],
    "models": [f"model.{name}" for name in MODELS],
    "categories": [f"category.{number}" for number in range(CATEGORIES)],
}
Vector = NDArray[np.float64]


def linear(colour: str) -> Vector:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Vector) -> Vector:
    lab: Vector = TO_OKLAB @ np.cbrt(TO_LMS @ rgb.clip(0, 1))
    return lab


def cielab(rgb: Vector) -> Vector:
    """L*, a*, b* of CIE 1976."""
    ratio = (TO_XYZ @ rgb.clip(0, 1)) / (TO_XYZ @ np.ones(3))
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_distance(colours: Sequence[str], space: Callable[[Vector], Vector], sight: Vector) -> float:
    seen = [space(sight @ linear(colour)) for colour in colours]
    return min(float(np.linalg.norm(one - another)) for one, another in combinations(seen, 2))


def contrast(one: str, other: str) -> float:
    """As WCAG 2.1 defines it."""
    dark, light = sorted(float(WEIGHTS @ linear(each)) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def in_depth(theme: Theme, role: str, depth: str) -> str:
    colour = Skin(theme.name).paint(Ink(f"{role}/{depth}")).colour
    assert isinstance(colour, str)
    return colour


def test_the_settings_know_every_theme() -> None:
    assert tuple(THEMES) == settings.THEMES
    assert PHASES == ATTACK_PHASES


@EVERY_THEME
def test_every_theme_knows_every_role(theme: Theme) -> None:
    dark = THEMES["dark"]
    assert theme.colours.keys() == dark.colours.keys()
    assert set(theme.sixteen) == set(dark.sixteen)
    assert all(0 <= number < 16 for number in [*theme.sixteen.values(), *theme.scale_of_sixteen])


@EVERY_THEME
def test_words_are_legible(theme: Theme) -> None:
    """WCAG 2.1, level AA, for text."""
    for role in (*TEXT_ROLES, *SETS["models"]):
        assert contrast(theme.colours[role], theme.background) >= 4.5, role


@EVERY_THEME
def test_what_is_drawn_is_visible(theme: Theme) -> None:
    """WCAG 2.1, level AA, for graphics."""
    for role in (*SETS["phases"], *SETS["categories"]):
        assert contrast(theme.colours[role], theme.background) >= 3.0, role


@EVERY_THEME
def test_text_on_a_filled_cell_is_legible(theme: Theme) -> None:
    skin = Skin(theme.name)
    for role in (*TEXT_ROLES, *SETS["phases"], *SETS["models"], *SETS["categories"]):
        paint = skin.paint(filled(Ink(role)))
        assert contrast(str(paint.colour), str(paint.background)) >= 3.0, role
    for step in range(16):
        paint = skin.paint(filled(scale_ink(step / 15)))
        assert contrast(str(paint.colour), str(paint.background)) >= 3.0, step


@pytest.mark.parametrize("theme", [THEMES["dark"], THEMES["light"]], ids=lambda theme: theme.name)
@pytest.mark.parametrize("sight", SIGHT)
def test_the_colours_of_a_set_stay_apart_for_every_eye(theme: Theme, sight: str) -> None:
    for least, roles in ((0.06, SETS["phases"]), (0.07, SETS["models"]), (0.05, SETS["categories"])):
        assert least_distance([theme.colours[role] for role in roles], oklab, SIGHT[sight]) > least
    first = [theme.colours[role] for role in SETS["categories"][:6]]
    assert least_distance(first, oklab, SIGHT[sight]) > 0.07


@pytest.mark.parametrize(("name", "least"), [("okabe-ito", 16.0), ("high-contrast", 10.0)])
@pytest.mark.parametrize("sight", SIGHT)
def test_two_themes_are_safe_for_colour_blind_eyes(name: str, least: float, sight: str) -> None:
    """By CIE 1976 ΔE*ab: two is seen side by side, ten at a glance."""
    theme = THEMES[name]
    for roles in SETS.values():
        assert least_distance([theme.colours[role] for role in roles], cielab, SIGHT[sight]) >= least


def test_one_theme_is_safe_for_eyes_that_see_no_colour_at_all() -> None:
    theme = THEMES["high-contrast"]
    for roles in (SETS["phases"], SETS["models"], SETS["categories"][:6]):
        assert least_distance([theme.colours[role] for role in roles], cielab, GREY) >= 9


@EVERY_THEME
def test_the_colours_of_a_set_stay_apart_when_there_are_only_256(theme: Theme) -> None:
    skin = Skin(theme.name, "256")
    for roles in SETS.values():
        assert len({skin.paint(Ink(role)) for role in roles}) == len(roles)
    for role in (*SETS["phases"], *SETS["categories"]):
        depths = {skin.paint(Ink(f"{role}/{depth}")) for depth in ("near", "middle", "far")}
        assert len(depths) == 3, role


@pytest.mark.parametrize("theme", [THEMES["dark"], THEMES["light"]], ids=lambda theme: theme.name)
def test_no_depth_of_a_phase_is_one_of_another_when_there_are_only_256(theme: Theme) -> None:
    skin = Skin(theme.name, "256")
    depths = [
        {skin.paint(Ink(f"{role}/{depth}")) for depth in ("near", "middle", "far")} for role in SETS["phases"]
    ]
    assert all(mine.isdisjoint(theirs) for mine, theirs in combinations(depths, 2))


@EVERY_THEME
def test_no_depth_of_a_category_looks_like_a_depth_of_another(theme: Theme) -> None:
    # Okabe and Ito's own colours are apart by lightness, too, and depth is lightness.
    least = {"dark": 0.05, "okabe-ito": 0.01}.get(theme.name, 0.03)
    depths = [
        [oklab(linear(in_depth(theme, role, depth))) for depth in ("near", "middle", "far")]
        for role in SETS["categories"]
    ]
    for mine, theirs in combinations(depths, 2):
        assert min(float(np.linalg.norm(a - b)) for a in mine for b in theirs) > least


@EVERY_THEME
def test_nearer_stands_out_more(theme: Theme) -> None:
    for role in SETS["categories"]:
        near, middle, far = (
            contrast(in_depth(theme, role, depth), theme.background) for depth in ("near", "middle", "far")
        )
        assert near > middle > far


@EVERY_THEME
@pytest.mark.parametrize("sight", SIGHT)
def test_a_scale_leads_away_from_the_background_for_every_eye(theme: Theme, sight: str) -> None:
    skin = Skin(theme.name)
    colours = [str(skin.paint(scale_ink(step / 15)).colour) for step in range(16)]
    lightness = [float(oklab(SIGHT[sight] @ linear(colour))[0]) for colour in colours]
    steps = [later - earlier for earlier, later in pairwise(lightness)]
    assert all(step > 0 for step in steps) if theme.dark else all(step < 0 for step in steps)
    assert abs(lightness[-1] - lightness[0]) > 0.3


@EVERY_THEME
def test_with_sixteen_colours_what_matters_differs(theme: Theme) -> None:
    for roles in SETS.values():
        assert len({theme.sixteen[role] for role in roles}) == len(roles)
    assert len({theme.sixteen[role] for role in ("accent", "good", "warning", "alert", "muted")}) == 5


# How two terminals of old show the sixteen: X11's xterm, and the text mode of VGA.
XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
    "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
VGA = (
    "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
)


@EVERY_THEME
@pytest.mark.parametrize("shades", [XTERM, VGA], ids=["xterm", "VGA"])
def test_with_sixteen_colours_words_can_be_read(theme: Theme, shades: str) -> None:
    sixteen = [f"#{shade}" for shade in shades.split()]
    behind = "#000000" if theme.dark else "#ffffff"
    for role in ("muted", "accent", "good", "warning", "alert"):
        assert contrast(sixteen[theme.sixteen[role]], behind) > 2.0, role

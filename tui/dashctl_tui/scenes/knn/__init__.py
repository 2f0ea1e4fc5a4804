"""KNN: clouds of points that can be turned, asked and cut out of.

Rules: `points` says what came and prepares it, `look` how it is looked at, `drawing` and `legend` make the
picture, `acts` change the look.
"""

from itertools import compress

from dashctl.events import Embedding, PointCloud
from dashctl.state import State
from dashctl_tui.scenes.knn.acts import ACTIONS, ACTS, mouse, moves
from dashctl_tui.scenes.knn.drawing import draw
from dashctl_tui.scenes.knn.look import CloudLook
from dashctl_tui.scenes.knn.points import Told
from dashctl_tui.scenes.names import natural
from dashctl_tui.scenes.scene import Scene, Table, Viewport

__all__ = ["SCENE", "CloudLook"]


def _select(state: State, viewport: Viewport[CloudLook]) -> Told | None:
    clouds = [item.event for item in state.latest(PointCloud).values() if viewport.shows(item.event.name)]
    single = state.last(Embedding).get((), ()) if viewport.shows("embeddings") else ()
    # By name, so that none takes the place of another when a new version comes.
    clouds.sort(key=lambda cloud: natural(cloud.name))
    return Told(tuple(clouds), tuple(single)) if clouds or single else None


def _table(told: Told, viewport: Viewport[CloudLook]) -> Table:
    """The points of the region, or else all that are visible, with every field."""
    look = told.about(viewport.look)
    points = told.active(look)
    shown = points.selected(look.region, look.hidden)
    if shown is None:
        shown = points.visible(look.hidden)
    axes = ["x", "y", "z"][: points.xyz.shape[1]]
    kinds = {name: each for name, each in points.fields.items() if name and name not in points.numbers}
    columns = [
        range(points.count),
        *points.xyz.T.tolist(),
        *([each.names[code] for code in each.codes.tolist()] for each in kinds.values()),
        *(each.tolist() for each in points.numbers.values()),
    ]
    rows = zip(*columns, strict=True)
    kept = rows if shown is None else compress(rows, shown.tolist())
    return [["point", *axes, *kinds, *points.numbers], *kept]


SCENE = Scene(
    name="knn",
    title="KNN",
    key="K",
    draws=(PointCloud, Embedding),
    select=_select,
    draw=draw,
    empty="No points have come yet",
    remedy=("`dashctl train detector` publishes a projection of its window features."),
    look=CloudLook(),
    picks=lambda look: None,
    acts=ACTS,
    actions=ACTIONS,
    mouse=mouse,
    moves=moves,
    table=_table,
)

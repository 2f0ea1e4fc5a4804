"""What the scene Stack shows, as a table: a line for each producer, the broker, and each door."""

from collections.abc import Sequence

from dashctl_tui.scenes.scene import Scrolled, Table, Viewport
from dashctl_tui.scenes.stack.view import Stack


def table_of_stack(view: Stack, viewport: Viewport[Scrolled]) -> Table:
    heading = (
        "role",
        "name",
        "run",
        "producer",
        "host",
        "key",
        "state",
        "events_per_second",
        "events",
        "lost",
        "silent_seconds",
    )
    rows: list[Sequence[str | int | float | None]] = [heading]
    for node in view.nodes:
        one = node.stats
        rows.append(
            (
                "producer",
                node.name,
                one.run,
                one.producer,
                node.host,
                one.user,
                node.state or "sending",
                one.rate,
                one.events,
                one.lost,
                round(node.silent, 1),
            )
        )
    stats = view.stats
    rows.append(
        (
            "broker",
            "",
            "",
            "",
            "",
            "",
            "",
            stats.rate,
            stats.events,
            stats.lost,
            round(view.late, 1),
        )
    )
    rows += [
        (
            "monitors",
            door.address,
            "",
            "",
            "",
            "",
            f"{door.monitors} connected",
            stats.rate_out * door.monitors / max(1, stats.monitors),
            None,
            None,
            None,
        )
        for door in view.doors
    ]
    return rows

"""What a benchmark found out.

Rule: ours and the peer's are measured in the same run on the same machine, so that the ratio means
something where the machine is noisy.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison. `ratio` is how many times better ours is; below 1 it is worse."""

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times better than the peer."""
        return self.ours / self.peer if self.more_is_better else self.peer / self.ours


def format_results(results: list[Result]) -> str:
    """An aligned table."""
    head = ("what", "ours", "peer", "unit", "ratio", "against")
    rows = [
        (
            each.name,
            f"{each.ours:,.3g}",
            f"{each.peer:,.3g}",
            each.unit,
            f"{each.ratio:.2f} ×",
            each.peer_name,
        )
        for each in results
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]
    ]
    notes = [f"  {each.name}: {each.note}" for each in results if each.note]
    return "\n".join([line.rstrip() for line in lines] + notes)

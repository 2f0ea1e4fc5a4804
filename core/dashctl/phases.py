"""The phases of an attack, in the order in which one unfolds.

Rule: this is the only place that names them; events, cores and scenes import them from here.
"""

from typing import Final, Literal, get_args

Phase = Literal["clean", "armed", "infecting", "infected_running", "dormant"]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)

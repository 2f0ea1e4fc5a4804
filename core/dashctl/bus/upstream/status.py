"""How the feeding of another broker goes, as it is told."""

from typing import NamedTuple


class UplinkStatus(NamedTuple):
    """How the feeding goes at one moment."""

    address: str
    connected: bool
    behind: int
    """Bytes of the journal that are not known to be in upstream."""
    refusal: str

    def described(self) -> str:
        """In words, for a person."""
        state = self.refusal or ("connected" if self.connected else "not connected")
        return f"{self.address}: {state}, {self.behind:,} bytes behind"

"""The buses of the bus's own tests."""

from tests.core.bus.conftest import address, broker, folder, own_folders

__all__ = ["address", "broker", "folder", "own_folders"]

"""The monitor in a browser tab, by way of textual-serve."""

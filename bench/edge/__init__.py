"""The image of `python -m bench.edges`."""

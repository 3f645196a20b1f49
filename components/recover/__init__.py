"""Putting right what an interrupted update left: `python3 -m components.recover STACK`."""

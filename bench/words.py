"""What the commands of this folder take on their command lines."""

import argparse
from collections.abc import Callable, Sequence


def listed(known: Sequence[str], *, everything: str = "") -> Callable[[str], list[str]]:
    """A type for `argparse`: names between commas, each of those that there are, in their order.

    Args:
        known: the names that there are.
        everything: a word that stands for all of them; "" if none does.
    """
    others = f", or {everything!r}" if everything else ""

    def parse(text: str) -> list[str]:
        if everything and text == everything:
            return list(known)
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is unknown; there are {', '.join(known)}{others}"
                )
            if names.count(name) > 1:
                raise argparse.ArgumentTypeError(f"{name!r} is named twice")
        return names

    return parse

"""What of a secret is in a text, in whatever spelling."""

import base64

PIECE = 8
"""Bytes in a row that tell a secret."""


def leaks(secret: str, shown: str) -> list[str]:
    """The pieces of a secret that are in a text: as it is, in hexadecimal, or in base64.

    Args:
        secret: a text that nothing else resembles.
        shown: where it should not be.
    """
    raw = secret.encode()
    pieces = [raw[start : start + PIECE] for start in range(len(raw) - PIECE + 1)]
    written = {piece.decode(errors="ignore") for piece in pieces} | {p.hex() for p in pieces}
    written |= {piece.hex().upper() for piece in pieces}
    for piece in pieces:
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # Where it begins in a longer text decides which characters stand for it.
            for before in range(3):
                code = encode(b"\0" * before + piece).decode()
                written.add(code[-(-before * 8 // 6) : (before + PIECE) * 8 // 6])
    return sorted(text for text in written if len(text) >= PIECE and text in shown)

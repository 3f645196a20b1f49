"""The certificate that config asks for, and what else the program and the edge agree on."""

import json
from dataclasses import asdict, dataclass

PORT = 8402
"""Where lego listens for the authority's questions, in the edge's container or in one of its own.
"""
STATE = "state.json"
"""The file in the volume of certificates that says what is kept, and what failed."""
REFUSED = 3
"""The exit code where an authority gives no certificate: what was said is about that."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A certificate that is to be had.

    Attributes:
        domains: whom it is made out to.
        directory: the URL at which the certificate authority says how it is asked.
        email: the address of the account there.
        ca: in PEM, the root by which that URL is verified; "" for those that the system knows.
    """

    domains: tuple[str, ...]
    directory: str
    email: str
    ca: str = ""

    @staticmethod
    def of_json(text: str) -> "Wanted":
        """What `as_json` wrote."""
        told = json.loads(text)
        return Wanted(**{**told, "domains": tuple(told["domains"])})

    def as_json(self) -> str:
        """It as a text."""
        return json.dumps(asdict(self))

"""`python -m bench.rotation`: other secrets under a constant load, one after the other.

The example site on PostgreSQL is told another value of one secret at a time, and updated; the code
stays as it is. Each update replaces what reads the secret, and no request may fail.
"""

import argparse
import secrets
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.compare import use_engine
from bench.lead import Course, Lead
from bench.load_site import LoadSite, Update
from bench.loaded import Pulumi
from bench.outcome import Outcome
from bench.process import BenchError
from bench.request_mix import Mix
from bench.updates import held, number
from bench.updates_report import latency, requests, updates
from components.errors import UserError
from tests.integration.harness import Site
from toolchain.errors import ToolchainError

KEYS = ("app.secretKey", "database.password", 'secrets["LAMP_TOKEN"]', 'secretFiles["lamp.pem"]')
"""The secrets that are changed, by their config key."""


@dataclass(frozen=True, kw_only=True)
class Rotation(Update):
    """An update that brings another value of a secret.

    Attributes:
        key: the secret's config key.
    """

    key: str

    @property
    def what(self) -> str:
        """What is another one, in words."""
        return f"another {self.key}"


class TellingSite(LoadSite):
    """The copy that the load can be put on, whose secrets are what changes.

    Args:
        folder: a copy of the example site, which gets the load's app.
        site: the stack that deploys it.
    """

    def __init__(self, folder: Path, site: Site) -> None:
        super().__init__(folder)
        self._site = site

    def stage(self, update: Update) -> None:
        """Have config say another value."""
        assert isinstance(update, Rotation)
        self._site.set_secret(update.key, secrets.token_urlsafe(48))


class Rotating(Pulumi):
    """This program, told other secrets."""

    def loaded(self) -> LoadSite:
        """The copy that is deployed, whose secrets are what changes."""
        return TellingSite(self.ours.source, self.ours.site)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the tables; the exit code is 1 if a request failed."""
    options = parse(argv)
    course = Course(
        updates=[Rotation(release="0", key=key) for _ in range(options.times) for key in KEYS],
        requests=options.requests,
        mix=Mix(rate=options.rate),
    )
    try:
        use_engine()
        outcome = _run(course)
    except (BenchError, ToolchainError, UserError) as error:
        print(error, file=sys.stderr)
        return 1
    found = {"rotation": outcome}
    print(f"{requests(found)}\n\nlatency, ms\n{latency(found)}\n\n{updates(outcome)}")
    return 0 if held(outcome) else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.rotation", description=__doc__)
    parser.add_argument("--times", type=int, default=2, help="each secret is changed")
    parser.add_argument("--requests", type=number, default=20_000, metavar="N", help="at least")
    parser.add_argument("--rate", type=float, default=150.0, help="short requests per second")
    return parser.parse_args(argv)


def _run(course: Course) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        site = Rotating(folder, f"bench-rotation-{secrets.token_hex(3)}", "postgres")
        try:
            return Lead(site, course, folder, lambda text: print(text, file=sys.stderr)).go()
        finally:
            site.destroy()


if __name__ == "__main__":
    sys.exit(main())

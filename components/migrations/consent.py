"""Consent to single migrations, by name: which are covered, and the commands that give and end it.

A consent ends with its migration: once that is applied, it does nothing any more. Pure functions,
no Pulumi import.
"""

import difflib
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALLOW, ALLOW_AHEAD = "migrations.allow", "migrations.allowAhead"
_ENDED = {
    ALLOW: "is applied",
    ALLOW_AHEAD: "is none that the database is ahead by",
}
"""What has become of a migration when a consent to it does nothing any more, by the key."""
_LONG = {
    ALLOW: "applied before the release that serves",
    ALLOW_AHEAD: "the database was not ahead by it any more before the release that serves",
}
"""The same of one that had ended long ago."""


def ended_by(result: Any, key: str) -> frozenset[str]:
    """Consents of which a check told that they had ended by then.

    Args:
        result: the check's; anything else, such as None, tells of none.
        key: of config, that gives the consents.
    """
    ended = result.get("ended", {}) if isinstance(result, Mapping) else {}
    return frozenset(ended.get(key, ()))


def ended_before(result: Any, serving: str, key: str) -> frozenset[str]:
    """Consents that had ended already when the release that serves was checked.

    What ended with the serving release itself is none of them: who mends a release that failed
    need not touch config in between.

    Args:
        result: the last check's.
        serving: the content tag of the release that serves.
        key: of config, that gives the consents.
    """
    # The last check may have been of a release that came to serve nobody.
    last = result.get("release") if isinstance(result, Mapping) else ""
    return ended_by(result, key) if last == serving else frozenset()


def refused(result: Any, *, serving: str, release: str, pinned: bool) -> dict[str, frozenset[str]]:
    """Consents that a new release is refused for if they have ended still, by the key of config.

    The same release again is refused for none, nor is an earlier one: config is the next one's.

    Args:
        result: the last check's.
        serving: the content tag of the release that serves.
        release: that of the release that is to serve.
        pinned: it is an earlier one.
    """
    if pinned or release == serving:
        return {}
    return {key: ended_before(result, serving, key) for key in (ALLOW, ALLOW_AHEAD)}


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What one key of config consents to.

    Attributes:
        key: `migrations.allow` or `migrations.allowAhead`.
        names: the migrations, as `app_label.migration_name`, in the order of the config.
        stack: the stack whose config it is.
    """

    key: str
    names: Sequence[str]
    stack: str

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Those of the migrations that nobody has consented to, each once."""
        return [name for name in dict.fromkeys(wanted) if name not in self.names]

    def giving(self, wanted: Sequence[str]) -> str:
        """The commands that consent to further migrations, beside those of now."""
        numbered = enumerate(wanted, len(self.names))
        return ", ".join(self._set(number, name) for number, name in numbered)

    def taking_back(self, ended: Collection[str]) -> str:
        """The commands that remove consents, to be run in this order: each moves those after it."""
        numbers = [number for number, name in enumerate(self.names) if name in ended]
        places = [f"{self.key}[{number}]" for number in reversed(numbers)]
        places = [self.key] if len(numbers) == len(self.names) else places
        return ", ".join(
            f"`pulumi config rm --path {shlex.quote(place)} -s {self.stack}`" for place in places
        )

    def ended(self, names: Collection[str]) -> str:
        """What is said of consents that do nothing any more; "" if there are none."""
        ended = dict.fromkeys(name for name in self.names if name in names)
        if not ended:
            return ""
        return (
            f"{self.key}: {'; '.join(f'{name} {_ENDED[self.key]}' for name in ended)}: the consent "
            f"does nothing any more, remove it with {self.taking_back(ended)}"
        )

    def long_ended(self, names: Collection[str]) -> tuple[str, list[str]]:
        """What is said of consents that had ended before the serving release, and what to do."""
        ended = dict.fromkeys(name for name in self.names if name in names)
        return (
            f"{self.key} names {', '.join(ended)}: {_LONG[self.key]}, "
            "and a consent that is used up does not stay in config",
            [f"remove it: {self.taking_back(ended)}"],
        )

    def unknown(
        self, names: Collection[str], known: Iterable[str], where: str
    ) -> tuple[str, list[str]]:
        """What is said of consents to migrations that don't exist.

        Args:
            names: these migrations.
            known: those that exist, of which one may be meant.
            where: who doesn't have them.

        Returns:
            What is wrong, and what to do.
        """
        there = list(known)
        ways = [self._way(number, there) for number, n in enumerate(self.names) if n in names]
        return (
            f"{self.key} names {', '.join(dict.fromkeys(names))}, which {where}",
            [*ways, f"or remove what is wrong: {self.taking_back(names)}"],
        )

    def _way(self, number: int, known: Sequence[str]) -> str:
        close = difflib.get_close_matches(self.names[number], known, n=1, cutoff=0.6)
        if close:
            return f"did you mean {close[0]}? {self._set(number, close[0])}"
        app = self.names[number].partition(".")[0]
        own = [name for name in known if name.startswith(f"{app}.")]
        there = f"{app} has {', '.join(own[-5:])}" if own else f"no app is called {app} there"
        return f"{there}: {self._set(number, 'NAME')}"

    def _set(self, number: int, name: str) -> str:
        place = shlex.quote(f"{self.key}[{number}]")
        return f"`pulumi config set --path {place} {name} -s {self.stack}`"

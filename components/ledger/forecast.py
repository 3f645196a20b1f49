"""What an `up` will do to the site: five lines for people. Pure functions, no Pulumi import.

What can't be known before the image is built is said to be unknown.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ..place import Place
from .plan import NOTHING, Up, or_restart
from .update_kind import Before


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is known of an `up` before it begins.

    Attributes:
        deployment: the deployment's name.
        up: which line of the decision matrix it is.
        before: what there is before it.
        release: the tag of the release that is to serve.
        rollback: that release is an earlier one, asked for by its tag.
        pulled: the registry that it is pulled from; "" where it isn't.
        new_migrations: the project's own that what serves doesn't have; None where nobody knows.
        fresh: the database is made by this `up`.
        copied: a copy of the database is made before pending migrations run.
        allowed: migrations that run beside what serves, although it can't live with them.
        window: migrations that what serves can't live with run while nothing serves.
        database: the database's identity, which holds no secret.
        served_database: that of the database that served until now; "" if none did.
        media: the volume or folder of the uploaded files.
        port: where the edge listens; None without one.
        shared: the edge that sites share, by which visitors are to come; "" without one.
        retire: containers that are taken over from, where some of them run.
        holds_port: one of them has the edge's port.
        restarted_for: settings for which the database server is restarted.
        there: the names of the resources in the stack's state.
    """

    deployment: str
    up: Up
    before: Before
    release: str
    rollback: bool = False
    pulled: str = ""
    new_migrations: Sequence[str] | None = None
    fresh: bool = False
    copied: bool = True
    allowed: Sequence[str] = ()
    window: bool = False
    database: str = ""
    served_database: str = ""
    media: str = ""
    port: int | None = None
    shared: str = ""
    retire: Sequence[str] = ()
    holds_port: bool = False
    restarted_for: Sequence[str] = ()
    there: Collection[str] = ()

    def lines(self, made: Collection[str], changed: Collection[str] = ()) -> str:
        """Row, release, migrations, gap, and what stays: one line each.

        Args:
            made: the names of the resources that are created or replaced, as the engine found.
            changed: those that are changed in place.
        """
        starts = self._name("backend") in made or any(
            name.startswith(self._name("backend-")) for name in made
        )
        runs = starts or self._name("job") in made
        up = or_restart(self.up) if starts else self.up
        told = (
            ("this up", self._kind(up, {*made, *changed})),
            ("release", self._release(starts=starts)),
            ("migrations", self._migrations() if runs else "none run"),
            ("gap", "; ".join(self._gaps(made, starts=starts)) or self._none(starts=starts)),
            ("stays", self._stays({*made, *changed}, starts=starts)),
        )
        return "\n".join(f"{title}: {text}" for title, text in told)

    def _name(self, suffix: str) -> str:
        return Place(self.deployment).name(suffix)

    def _kind(self, up: Up, touched: Collection[str]) -> str:
        if up.row != NOTHING or not touched:
            return f"{up.row} ({up.why})"
        beside = ", ".join(sorted(name.removeprefix(self._name("")) for name in touched))
        return f"{up.row} for the release; what changes beside it: {beside}"

    def _replaced(self, suffix: str, made: Collection[str]) -> bool:
        return self._name(suffix) in made and self._name(suffix) in self.there

    def _release(self, *, starts: bool) -> str:
        before = self.before.release if self.before.served else ""
        if before == self.release:
            text = f"{self.release}, the one that serves"
        else:
            ready = "which is on the host already" if self.up.built else "which is built now"
            ready = f"which is pulled from {self.pulled}" if self.pulled else ready
            text = f"{before} -> {self.release}" if before else self.release
            text = f"{text}, {ready}"
        if not self.before.rejected:
            return text
        failed = f"a container of {self.before.rejected} failed its gate and gets no traffic"
        return f"{text}; {failed}: {'it is replaced' if starts else 'it is asked once more'}"

    def _migrations(self) -> str:
        if self.fresh:
            return "all of them, on a new database; there is nothing to copy"
        if self.before.served and self.before.release == self.release:
            return "none is new: the release is the one that serves"
        copy = (
            "the database is copied before any runs"
            if self.copied
            else "no copy of the database is made before"
        )
        if self.allowed:
            copy += f"; {', '.join(self.allowed)} may run beside what serves (migrations.allow)"
        if self.rollback:
            return f"none of an earlier release should be pending; if one is, {copy}"
        if self.new_migrations is None:
            there = "built" if not self.up.built else "looked at"
            return f"known once the image is {there}; {copy}"
        own = ", ".join(self.new_migrations) or "none in the project's own code"
        return f"new: {own}; of packages known once the image is built; {copy}"

    def _gaps(self, made: Collection[str], *, starts: bool) -> Iterator[str]:
        names = ", ".join(self.retire)
        if self.retire and self.holds_port:
            yield (
                f"from the stop of {names} until the edge has port {self.port}, once the new "
                "backend is healthy (docs/update.md)"
            )
        elif not self.before.served and not self.retire:
            yield "nothing serves yet: visitors get the site once it has passed its gate"
        elif self.before.served and not self.before.startup:
            yield "the site is down now, until the new container has passed its gate"
        moves = bool(self.shared) != (self._name("domains") in self.there)
        if self._replaced("edge", made) and moves:
            to = f"come through {self.shared}" if self.shared else "come to the site's own ports"
            yield f"from the replacement of the edge to the end of this update: visitors then {to}"
        elif self._replaced("edge", made):
            yield "a second or two, while the edge is replaced: connections are refused"
        if self._replaced("postgres-server", made):
            gap = "a few seconds, under load about ten"
            yield f"{gap}, while the database server is replaced: pages fail"
        elif self.restarted_for:
            names = ", ".join(self.restarted_for)
            yield (
                "a few seconds, while the database server is restarted for database.settings "
                f"({names}): pages fail"
            )
        if self.port is None and self._name("edge") in self.there:
            yield "the edge is removed: from then on only your own proxy reaches the site"
        if self.window and starts and not self.fresh:
            yield (
                "the maintenance page while migrations run that what serves can't live with, if "
                "there are any (migrations.window is true)"
            )

    def _none(self, *, starts: bool) -> str:
        if self.retire:
            return f"none: {', '.join(self.retire)} serves until the new backend has traffic"
        if starts:
            return "none: what serves goes on until the new container has passed its gate"
        return "none: what serves is not touched"

    def _stays(self, touched: Collection[str], *, starts: bool) -> str:
        if not touched:
            return "everything"
        other = self.served_database and self.database != self.served_database
        kept = [] if self.fresh or other else [f"database ({self.database})"]
        kept += [] if self._name("media") in touched else [f"media ({self.media})"]
        for title, suffix in (
            ("secrets", "secrets-files"),
            ("edge", "edge"),
            ("database server", "postgres-server"),
        ):
            name = self._name(suffix)
            if name in self.there and name not in touched:
                kept.append(title)
        if self.before.serving and not starts:
            kept.append("every container that serves")
        retired = [f"{', '.join(self.retire)} (stopped)"] if self.retire else []
        text = ", ".join([*kept, *retired]) or "nothing is there yet"
        if other:
            text += f"; the database is another one: {self.served_database} -> {self.database}"
        return text

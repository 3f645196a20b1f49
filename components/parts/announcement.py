"""What a preview says of the update to come, once the engine has compared all that there is.

Only the engine knows what it is going to make, replace or leave alone, so it is asked. An update
begins with a preview, and says nothing of this again: its own errors are to stay in sight.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pulumi

from ..config.keys import MEDIA_VOLUME
from ..data.backups import COPIED
from ..data.postgres import SETTINGS
from ..data.postgres_roles import SUPERUSER
from ..data.postgres_settings import changed, restarting
from ..image_reference import Reference
from ..ledger.forecast import Forecast
from ..ledger.plan import Up
from ..ledger.update_kind import Before
from ..migrations.check import served_database
from ..migrations.new_migrations import new_migrations
from ..place import Place
from .preparation import Preparation
from .scope import Scope
from .store import server_settings

_RESOURCES = ("docker:", "command:")


class Announcement:
    """The forecast of an update and its execution plan, as one diagnostic of a preview."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._made: set[str] = set()
        self._changed: set[str] = set()
        if pulumi.runtime.is_dry_run():
            self._watch()

    def say(
        self, given: Preparation, before: Before, up: Up, *, after: Sequence[pulumi.Resource]
    ) -> None:
        """Say it when the engine has looked at everything.

        Args:
            given: what the components are made from.
            before: what there is before the update.
            up: which line of the decision matrix it is.
            after: the resources that the engine looks at last.
        """
        if not pulumi.runtime.is_dry_run():
            return
        forecast = forecast_of(given, before, up)
        table = given.plan.as_table(up)
        title = f"execution plan of {forecast.deployment}, strategy {given.settings.strategy}:"
        self.tell(
            lambda made: f"{forecast.lines(made, self._changed)}\n\n{title}\n{table}", after=after
        )

    def tell(self, answer: Callable[[set[str]], str], *, after: Sequence[pulumi.Resource]) -> None:
        """Say something, in a preview, when the engine has looked at everything.

        Args:
            answer: makes it of the names of the resources that are made or replaced.
            after: the resources that the engine looks at last.
        """
        if pulumi.runtime.is_dry_run():
            looked_at = pulumi.Output.all(*(resource.urn for resource in after))
            looked_at.apply(lambda _urns: pulumi.log.info(answer(self._made)))

    def _watch(self) -> None:
        asked = pulumi.ResourceHookOptions(on_dry_run=True)
        made = pulumi.ResourceHook(self._scope.named("to-be-made"), self._note_made, asked)
        changed = pulumi.ResourceHook(self._scope.named("to-be-changed"), self._note_changed, asked)
        hooks = pulumi.ResourceHookBinding(before_create=[made], before_update=[changed])

        def hooked(
            args: pulumi.ResourceTransformationArgs,
        ) -> pulumi.ResourceTransformationResult | None:
            if not args.type_.startswith(_RESOURCES):
                return None
            opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
            return pulumi.ResourceTransformationResult(props=args.props, opts=opts)

        self._scope.register(hooked)

    def _note_made(self, args: pulumi.ResourceHookArgs) -> None:
        self._made.add(args.name)

    def _note_changed(self, args: pulumi.ResourceHookArgs) -> None:
        self._changed.add(args.name)


def forecast_of(given: Preparation, before: Before, up: Up) -> Forecast:
    """What is known of an update before the engine has compared anything."""
    settings, state = given.settings, given.state
    context = given.release.context
    return Forecast(
        deployment=settings.deployment,
        up=up,
        before=before,
        release=given.release.tag,
        rollback=bool(settings.releases.pin),
        pulled=_pulled(given),
        new_migrations=new_migrations(Path(context), state, settings.deployment)
        if context
        else None,
        fresh=given.fresh,
        copied=settings.database.backups > 0 and given.database.family in COPIED,
        allowed=[n for n in settings.migrations.allow if n not in given.ended_consents],
        window=settings.migrations.window,
        database=given.database.identity,
        served_database=served_database(state, settings.deployment),
        media=given.volumes[MEDIA_VOLUME],
        port=settings.port,
        shared=settings.site.shared_edge,
        retire=settings.retire if given.retired.runs else (),
        holds_port=given.retired.holds_port,
        restarted_for=restarted_for(given),
        there={resource.name for resource in state.there},
    )


def _pulled(given: Preparation) -> str:
    """The registry that the release is pulled from; "" where the host has it."""
    release = given.release
    if not release.reference or given.host.has_image(release.image):
        return ""
    return Reference.of(release.reference).host


def restarted_for(given: Preparation) -> list[str]:
    """The settings of the deployment's own server that take a restart, as it says itself."""
    deployment = given.settings.deployment
    had = given.state[f"{deployment}-{SETTINGS}"].triggers.get("settings", {})
    names = changed(had, server_settings(given) or {})
    if not names or not given.host.running(deployment=deployment, role="postgres"):
        return []
    # On data that was there before, the superuser may be the application's user itself.
    for user in (SUPERUSER, given.settings.database.user):
        psql = ("psql", "--no-psqlrc", "-U", user, "-d", "postgres", "-tAc", restarting(names))
        said = given.host.said_inside(Place(deployment).postgres, *psql)
        if said:
            return list(json.loads(said))
    return []

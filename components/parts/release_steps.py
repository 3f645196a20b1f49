"""What a release goes through before it serves: its migrations are looked at, it is seeded."""

import pulumi

from ..ledger.update_kind import Before
from ..migrations.check import MigrationCheck, looks
from ..serving.seeding import Seeding
from . import container_options
from .app import App
from .preparation import Preparation
from .store import Store


def check_migrations(
    given: Preparation, store: Store, app: App, before: Before, after: list[pulumi.Resource]
) -> MigrationCheck:
    """Look at the release's migrations, and copy the database, before any of them runs."""
    settings, deployment = given.settings, given.settings.deployment
    # Another backend starts for another of these, too, and migrates: it is looked again before.
    of_backend = {**app.serving_environment, **given.secret_values}
    of_backend[""] = f"{app.startup}{settings.releases.redeploy}"
    return MigrationCheck(
        deployment,
        {
            "deployment": deployment,
            "release": given.release.tag,
            "image": app.image,
            "networks": app.networks,
            "environment": app.environment,
            "mounts": app.mounts,
            "restrictions": app.restrictions,
            "database": given.database.identity,
            "migrate_flags": settings.migrations.flags,
            "fresh": given.fresh,
            "window": settings.migrations.window,
            "allow": settings.migrations.allow,
            "allow_ahead": settings.migrations.allow_ahead,
            "pinned": bool(settings.releases.pin),
            "told": sorted(given.ended_consents),
            "backups": settings.database.backups,
            "volume": store.backups.volume if store.backups else "",
            "tools": store.database.dump_image,
            "retire": settings.retire,
            "stop_grace": settings.processes.web.stop_grace,
            "serves": before.release if before.served else "",
            "backend": given.secrets.fingerprint(of_backend),
            "looks": looks(
                given.state, deployment, settings.processes.web.replicas, given.vanished.ids
            ),
            "last": given.state[f"{deployment}-migration-check"].result or {},
        },
        given.scope.after(after),
    )


def seed(given: Preparation, app: App, after: list[pulumi.Resource]) -> Seeding | None:
    """Run migrate and the steps, if config asks for it; a finished job is left alone."""
    settings = given.settings
    if not settings.seeding:
        return None
    return Seeding(
        settings.deployment,
        {
            "deployment": settings.deployment,
            "seed_steps": settings.seed,
            "migrate_flags": settings.migrations.flags,
            "collect": given.plan.collect_in_job,
            "redeploy": settings.releases.redeploy,
            "database": given.database.identity,
            "image": app.image,
            "networks": app.networks,
            "environment": {**app.environment, **container_options.superuser(settings)},
            "mounts": app.mounts,
            "restrictions": app.restrictions,
        },
        given.scope.after(after),
    )

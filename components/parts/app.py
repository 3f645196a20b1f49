"""The application: what every container is made from in which the project's code runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from ..container_defaults import Restrictions
from ..data.mounts import Mount
from ..serving.start_command import startup_command
from . import container_options
from .images import Images
from .preparation import Preparation
from .store import Store


@dataclass(frozen=True, kw_only=True)
class App:
    """It, as each of its containers gets it: those that check, seed, serve.

    Attributes:
        image: the release's image, by its name.
        image_id: that image's id, known once it is built.
        networks: those on which the application reaches what it needs: of its own, and with its
            database server, if that is the deployment's.
        environment: the variables that all of them get; none is a secret.
        mounts: what is mounted into all of them.
        restrictions: what all of them are denied.
        startup: the start-up command of those that serve.
        serving_environment: the variables of those that serve.
    """

    image: str
    image_id: pulumi.Output[str]
    networks: Sequence[pulumi.Output[str]]
    environment: Mapping[str, str]
    mounts: Sequence[Mount]
    restrictions: Restrictions
    startup: str
    serving_environment: Mapping[str, str]


def describe_app(given: Preparation, images: Images, store: Store) -> App:
    """Put together what is known of it."""
    settings, release = given.settings, given.release
    common = container_options.environment(settings, database=given.database, release=release.tag)
    collect = given.plan.collect_at_startup
    return App(
        image=release.image,
        image_id=images.release.image_id,
        networks=[
            store.network.network_name,
            *([store.network.database_name] if store.network.database_name else []),
        ],
        environment=common,
        mounts=container_options.mounts(
            settings,
            data=store.database.mounts,
            files=[*store.files.mounts, store.ledger.mount],
            secret_files=store.secrets.volume,
        ),
        restrictions=container_options.restrictions(settings),
        startup=startup_command(
            migrate_flags=settings.migrations.flags,
            workers=settings.processes.web.workers,
            threads=settings.processes.web.threads,
            grace=settings.processes.web.stop_grace,
            reload=settings.app.mount_source,
        ),
        serving_environment={**common, **container_options.serving(settings, collect=collect)},
    )

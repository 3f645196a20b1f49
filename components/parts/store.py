"""What outlives a release, and the stack itself: the database, files, the ledger, and secrets."""

from dataclasses import dataclass

import pulumi

from ..config.keys import DATABASE_VOLUME, MEDIA_VOLUME
from ..config.settings import Settings
from ..data.backups_volume import Backups
from ..data.database import Database, application_files
from ..data.file_volumes import Files
from ..data.ownership import Ownership
from ..data.postgres import SETTINGS, server_restrictions
from ..ledger.ledger import Ledger
from ..serving.kept_secrets import KeptSecrets, writings
from ..serving.network import Network, NetworkArgs
from ..serving.secrets_volume import Secrets
from .images import Images, waiting
from .preparation import Preparation


@dataclass(frozen=True, kw_only=True)
class Store:
    """It.

    Attributes:
        network: what the application reaches, and on which the edge reaches the application.
        database: the site's database, whatever its engine.
        files: uploaded files, and copies of static files.
        backups: the volume for copies of the database; None if none are made.
        ledger: where what runs records itself.
        secrets: the secrets, as the application's containers see them.
    """

    network: Network
    database: Database
    files: Files
    backups: Backups | None
    ledger: Ledger
    secrets: Secrets


def keep_store(given: Preparation, images: Images, opts: pulumi.ResourceOptions) -> Store:
    """Make what is not there, and refer to what is."""
    deployment, settings = given.settings.deployment, given.settings
    marks: NetworkArgs = {
        "deployment": deployment,
        "stack": given.stack,
        "site": given.scope.name,
        "has_server": settings.database.engine == "postgres",
    }
    network = Network(deployment, marks, opts)
    # First of all: data without the secrets that it hangs on could not be served again.
    kept = _keep_secrets(given, images, opts)
    after_image = waiting(opts, images.release, *kept)
    backups = None
    if settings.database.backups:
        backups = Backups(deployment, {"deployment": deployment, "stack": given.stack}, after_image)
    return Store(
        network=network,
        database=_database(given, network, after_image),
        files=Files(
            deployment,
            {
                "deployment": deployment,
                "stack": given.stack,
                "existing_media": given.volumes[MEDIA_VOLUME] if given.existing else None,
                "static_of": given.release.tag if given.plan.static_volume else None,
            },
            after_image,
        ),
        backups=backups,
        ledger=Ledger(deployment, {"deployment": deployment, "stack": given.stack}, after_image),
        secrets=Secrets(
            deployment,
            {
                "deployment": deployment,
                "values": given.secret_values,
                "fingerprint": given.secrets.fingerprint(given.secret_values),
                "image": images.edge.image_id,
            },
            waiting(opts, *kept),
        ),
    )


def _keep_secrets(
    given: Preparation, images: Images, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Keep what was generated; nothing where config has all secrets from the first."""
    if not given.secrets.kept:
        return []
    deployment = given.settings.deployment
    kept = KeptSecrets(
        deployment,
        {
            "deployment": deployment,
            "stack": given.stack,
            "values": given.secrets.kept,
            "image": images.edge.image_id,
            "times": writings(given.state, given.host, deployment),
        },
        opts,
    )
    return [kept]


def _database(given: Preparation, network: Network, opts: pulumi.ResourceOptions) -> Database:
    settings = given.settings
    return Database(
        settings.deployment,
        {
            "engine": settings.database.engine,
            "deployment": settings.deployment,
            "stack": given.stack,
            "existing": given.volumes.get(DATABASE_VOLUME) if given.existing else None,
            "server_image": settings.database.image,
            "base_image": given.debian,
            "network": network.database_name or network.network_name,
            "restrictions": server_restrictions(
                settings.database.capabilities,
                writable=settings.database.writable_root,
                memory=settings.database.memory,
                cpus=settings.database.cpus,
            ),
            "name": settings.database.name,
            "user": settings.database.user,
            "login": given.secrets.database_login.user or settings.database.user,
            "password": given.secrets.database_login.password,
            "extensions": settings.database.extensions,
            "settings": server_settings(given),
            "secrets": given.secrets.fingerprint(given.secrets.as_environment()),
            "timeout": settings.database.timeout,
            "family": given.database.family,
            "backups": settings.database.backups > 0,
        },
        opts,
    )


def server_settings(given: Preparation) -> dict[str, str] | None:
    """The settings of the deployment's own server; None where it never had any."""
    wanted = dict(given.settings.database.settings)
    had = given.state[f"{given.settings.deployment}-{SETTINGS}"]
    return wanted if wanted or had else None


def give_files(
    given: Preparation, images: Images, after: list[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Files that others wrote are given to the application, before it starts on them.

    Args:
        given: what the components are made from.
        images: the images.
        after: what has to be there first.

    Returns:
        That, and what was done, for what comes next to wait for.
    """
    sources = foreign_files(given)
    if not sources:
        return after
    deployment = given.settings.deployment
    times = given.state.times(f"{deployment}-ownership", "times", again=given.retired.runs)
    given_over = Ownership(
        deployment,
        {"sources": sources, "image": images.edge.image_id, "retire": (), "times": times},
        given.scope.after(after),
    )
    return [*after, given_over]


def foreign_files(given: Preparation) -> list[str]:
    """The volumes and folders with files that others wrote, or may have written."""
    settings: Settings = given.settings
    taken_over = [*application_files(settings), given.volumes[MEDIA_VOLUME]]
    return [*(taken_over if given.existing else []), *settings.volumes]

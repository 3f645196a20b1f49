"""PostgreSQL: one server in a container, on a volume that outlives everything else."""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from .. import PACKAGE
from ..container_defaults import LOG_LIMITS, NOT_IN_PLACE, RESTART, TEMPORARY, Restrictions
from ..image.postgres_image import PostgresImage
from ..inside import SECRETS
from ..place import Place, as_args
from ..serving.secrets_volume import Secrets
from ..step import Step, after
from .mounts import Mount
from .postgres_roles import SUPERUSER
from .volume import VolumeArgs, retained_volume

DATA_FOLDER = "/var/lib/postgresql/data"
SETTINGS = "postgres-settings"
"""What the resource is called that gives the server settings, after the deployment."""
PASSWORD_FILE = f"{SECRETS}/POSTGRES_PASSWORD"
# Seconds for a fast shutdown: it ends connections, but a last checkpoint writes what is dirty.
STOP_GRACE = 90

# Before the image's own entry point. The lock is held by whatever has the data directory open, in
# whichever container: PostgreSQL's own lock file knows process ids only, and in containers they are
# all 1.
_GUARD = """\
set -eu
exec 9< "$PGDATA"
if ! flock -n 9; then
  echo "another server has this data directory open; two on one directory would destroy it" >&2
  exit 75
fi
exec docker-entrypoint.sh "$@"
"""

# Byte order sorts the same on every system: indexes survive another image.
_INITDB = "--data-checksums --encoding=UTF8 --locale=C.UTF-8 --auth-host=scram-sha-256"


# The image's entry point begins as root: it gives the data to the server's user, makes what only
# that may enter, and becomes that user, who has none of these.
_TO_BECOME_POSTGRES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")


def server_restrictions(
    capabilities: Sequence[str], *, writable: bool, memory: int, cpus: float
) -> Restrictions:
    """What the server's container is denied.

    Args:
        capabilities: what it keeps besides of root's rights.
        writable: its root file system can be written to.
        memory: megabytes that it may take; 0 is no limit.
        cpus: processors that it may take; 0 is no limit.
    """
    return Restrictions(
        capabilities=sorted({*_TO_BECOME_POSTGRES, *capabilities}),
        writable=writable,
        temporary={
            TEMPORARY: "size=256m,mode=1777",
            # In the images' conventions 999 is the server's user; others' entry points see to it.
            "/var/run/postgresql": "size=8m,mode=3777,uid=999,gid=999",
        },
        # A process for each connection: as many as anybody configures.
        processes=4096,
        memory=memory,
        cpus=cpus,
    )


class PostgresArgs(VolumeArgs):
    """Which server there is, and on which data."""

    existing: str | None
    """A volume, or an absolute folder, that holds the data and is only referenced; None creates."""
    server_image: str
    """An image that follows the conventions of ``postgres:17``; "" builds one."""
    base_image: str
    """A Debian image to install PostgreSQL on."""
    network: pulumi.Input[str]
    """The only network on which the server listens, and which leads nowhere else."""
    restrictions: Restrictions
    """What the server's container is denied."""
    name: str
    """The database's name."""
    user: str
    """The name of the user who owns it."""
    login: str
    """The role that the application gets in as: see `login_turns`."""
    password: str
    """That role's password; secret."""
    extensions: Sequence[str]
    """Extensions that the superuser makes in the database."""
    settings: Mapping[str, str] | None
    """Settings of the server; None where it never had any."""
    secrets: str
    """A fingerprint of the secrets: another password has to be one that the server knows."""
    timeout: int
    """Seconds that the server may take to accept connections."""


class Postgres(pulumi.ComponentResource):
    """A server that is stopped before its successor starts: two never open one data directory.

    Deliberately it is not updated start-first, publishes no port, and is never replaced by a new
    release. Its password reaches it as a file. The gate makes the user, who owns the database and
    nothing more: in the images' conventions POSTGRES_USER is the superuser.
    """

    ready: pulumi.Resource
    """The gate: whoever needs the database waits for it."""
    image_id: pulumi.Output[str]
    """The image of the server, with its tools in it."""

    def __init__(
        self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Postgres", name, None, opts)
        image = PostgresImage(
            name,
            {
                "deployment": args["deployment"],
                "image": args["server_image"],
                "base_image": args["base_image"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.image_id = image.image_id
        password = Secrets(
            f"{name}-postgres",
            {
                "deployment": args["deployment"],
                "values": {"POSTGRES_PASSWORD": args["password"]},
                "fingerprint": None,
                "image": image.image_id,
            },
            pulumi.ResourceOptions(parent=self, depends_on=after(opts)),
        )
        container = self._container(
            name,
            args,
            image=image.image_id,
            mounts=[
                self._data(name, args, opts),
                Mount(source=password.volume, target=SECRETS, read_only=True),
            ],
            opts=opts,
        )
        self.ready = gate = self._gate(name, args, container)
        if args["settings"] is not None:
            self.ready = self._settings(name, args, args["settings"], container, gate)
        self.register_outputs({})

    def _data(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None) -> Mount:
        if args["existing"]:
            return Mount.of(args["existing"], DATA_FOLDER)
        volume = retained_volume(self, name, args, role="postgres", opts=opts)
        return Mount(source=volume, target=DATA_FOLDER)

    def _container(
        self,
        name: str,
        args: PostgresArgs,
        *,
        image: pulumi.Output[str],
        mounts: list[Mount],
        opts: pulumi.ResourceOptions | None,
    ) -> docker.Container:
        ping = [
            "CMD",
            "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            args["user"],
            "-d",
            args["name"],
        ]
        environment = {
            "PGDATA": DATA_FOLDER,
            "POSTGRES_DB": SUPERUSER,
            "POSTGRES_INITDB_ARGS": _INITDB,
            "POSTGRES_PASSWORD_FILE": PASSWORD_FILE,
            "POSTGRES_USER": SUPERUSER,
        }
        return docker.Container(
            f"{name}-postgres-server",
            name=Place(args["deployment"]).postgres,
            image=image,
            entrypoints=["sh", "-c", _GUARD, "guard"],
            command=["postgres", "-c", "listen_addresses=*"],
            envs=[f"{key}={value}" for key, value in sorted(environment.items())],
            labels=as_args(Place(args["deployment"]).labels("postgres", stack=args["stack"])),
            mounts=[mount.for_container() for mount in mounts],
            **args["restrictions"].arguments(),
            network_mode="bridge",
            networks_advanced=[{"name": args["network"]}],
            # Parallel queries share memory; the default of 64 MB ends them with an error.
            shm_size=256,
            restart=RESTART,
            must_run=True,
            # A fast shutdown. The default signal waits for clients, who have no reason to leave.
            stop_signal="SIGINT",
            stop_timeout=STOP_GRACE,
            destroy_grace_seconds=STOP_GRACE,
            healthcheck={
                "tests": ping,
                "interval": "10s",
                "timeout": "5s",
                "retries": 3,
                "start_period": "5m0s",
            },
            log_driver="json-file",
            log_opts=LOG_LIMITS,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*(after(opts) or ()), self._let_in(name, args)],
                delete_before_replace=True,
                # Handing the site over to another stack replaces nothing.
                ignore_changes=["labels"],
                replace_on_changes=NOT_IN_PLACE,
            ),
        )

    def _let_in(self, name: str, args: PostgresArgs) -> Step:
        return Step(
            f"{name}-postgres-network",
            f"{__package__}.postgres_network_step",
            parent=self,
            triggers={"network": args["network"]},
            environment={"DEPLOYMENT": args["deployment"], "NETWORK": args["network"]},
        )

    def _gate(self, name: str, args: PostgresArgs, container: docker.Container) -> pulumi.Resource:
        # A longer patience is no reason to ask again.
        return Step(
            f"{name}-postgres-gate",
            f"{__package__}.postgres_step",
            parent=self,
            triggers={
                "container": container.id,
                "secrets": args["secrets"],
                "extensions": list(args["extensions"]),
            },
            environment={
                **_as_application(args),
                "PROCESSES": str(args["restrictions"].processes),
                "EXTENSIONS": json.dumps(list(args["extensions"])),
            },
            depends_on=[container],
        )

    def _settings(
        self,
        name: str,
        args: PostgresArgs,
        settings: Mapping[str, str],
        container: docker.Container,
        gate: pulumi.Resource,
    ) -> pulumi.Resource:
        # Beside the data, they outlive the container; but the data may be another's by now.
        return Step(
            f"{name}-{SETTINGS}",
            f"{__package__}.postgres_settings_step",
            parent=self,
            triggers={"container": container.id, "settings": dict(settings)},
            environment={
                **_as_application(args),
                "DEPLOYMENT": args["deployment"],
                "SETTINGS": json.dumps(dict(settings), sort_keys=True),
            },
            depends_on=[gate],
        )


def _as_application(args: PostgresArgs) -> dict[str, str]:
    """By which a step gets in as the application does."""
    return {
        "CONTAINER": Place(args["deployment"]).postgres,
        "DATABASE_NAME": args["name"],
        "DATABASE_USER": args["user"],
        **({"DATABASE_LOGIN": args["login"]} if args["login"] != args["user"] else {}),
        "TIMEOUT": str(args["timeout"]),
    }

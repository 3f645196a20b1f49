"""The story of a deployment: what there is, and what waits for what.

What can go wrong for reasons that are known beforehand is found out first, and changes nothing.
Then: image -> database -> migration check -> seeding job -> backend -> gate -> traffic.
"""

import pulumi
import pulumi_docker as docker

from components import app, outputs
from components.data.backups import Backups
from components.data.database import Database, application_files
from components.data.file_volumes import Files
from components.data.ownership import Ownership
from components.errors import end_quietly_when_interrupted
from components.host.remedy_hooks import offer_remedies
from components.image.build_secrets import stage_build_secrets
from components.image.edge_image import EdgeImage
from components.image.image import Image
from components.image.releases import Releases
from components.ledger.announcement import Announcement
from components.ledger.ledger import Account, Ledger
from components.ledger.row import Wanted, before_up, row_of
from components.migrations.check import MigrationCheck, looks, outcome_file
from components.preparation import prepare
from components.serving.backend import PORT, Backend
from components.serving.edge import Edge, is_held_back
from components.serving.edge_config import EdgeConfig
from components.serving.network import Network
from components.serving.retirement import Retirement
from components.serving.secrets_volume import Secrets
from components.serving.seeding import Seeding, triggers
from components.serving.startup import startup_command
from components.serving.traffic import Traffic, switches
from components.serving.users_proxy import OwnProxy

# What is asked for, and whether the project and the host allow it.
end_quietly_when_interrupted()
given = prepare()
settings, release, plan, stack = given.settings, given.release, given.plan, given.stack
deployment = settings.deployment
media_volume = given.volumes["mediaVolume"]
# What somebody removed or stopped by hand, and what to do if the host fails in between.
given.missing.replace()
offer_remedies(given.host.answers)
announcement = Announcement()

# One Docker host; every name begins with the deployment, so that several live side by side.
on_host: list[pulumi.ProviderResource] = [docker.Provider("docker", host=given.host.address)]
opts = pulumi.ResourceOptions(providers=on_host)

# The image: static files are collected here, once, and a failure stops everything that follows.
image = Image(
    deployment,
    {
        "deployment": deployment,
        "release": release,
        "recorded": given.recorded_images,
        "secrets": stage_build_secrets(deployment, of_stack=given.build_secrets),
    },
    opts,
)
edge_image = EdgeImage(deployment, {"deployment": deployment, "base_image": given.debian}, opts)

# The database and the files: they outlive releases, and the stack itself.
network = Network(deployment, {"deployment": deployment, "stack": stack}, opts)
after_image = pulumi.ResourceOptions(providers=on_host, depends_on=[image])
database = Database(
    deployment,
    {
        "engine": settings.database,
        "deployment": deployment,
        "stack": stack,
        "existing": given.volumes.get("dataVolume") if given.existing else None,
        "server_image": settings.postgres_image,
        "base_image": given.debian,
        "network": network.network_name,
        "name": settings.database_name,
        "user": settings.database_user,
        "password": given.secrets.database_password,
        "extensions": settings.database_extensions,
        "secrets": given.secrets.fingerprint(given.secrets.as_environment()),
        "timeout": settings.database_timeout,
        "family": given.database.family,
        "backups": settings.backups > 0,
    },
    after_image,
)
files = Files(
    deployment,
    {
        "deployment": deployment,
        "stack": stack,
        "existing_media": media_volume if given.existing else None,
        "static_of": release.tag if plan.static_volume else None,
    },
    after_image,
)
backups = None
if settings.backups:
    backups = Backups(deployment, {"deployment": deployment, "stack": stack}, after_image)
ledger = Ledger(deployment, {"deployment": deployment, "stack": stack}, after_image)
secret_files = Secrets(
    deployment,
    {
        "deployment": deployment,
        "values": given.secret_values,
        "fingerprint": given.secrets.fingerprint(given.secret_values),
        "image": edge_image.image_id,
    },
    opts,
)
environment = app.environment(settings, database=given.database, release=release.tag)
mounts = app.mounts(
    settings,
    data=database.mounts,
    files=[*files.mounts, ledger.mount],
    secret_files=secret_files.volume,
)

# Files that others wrote belong to the application before it starts on them.
ready: list[pulumi.Resource] = [image, database]
foreign = [
    *([*application_files(settings), media_volume] if given.existing else []),
    *settings.volumes,
]
if foreign:
    ownership = Ownership(
        deployment,
        {
            "sources": foreign,
            "image": edge_image.image_id,
            "retire": (),
            "times": given.state.times(
                f"{deployment}-ownership", "times", again=given.retired.runs
            ),
        },
        pulumi.ResourceOptions(depends_on=ready),
    )
    ready = [*ready, ownership]

# What this update is: a line of the decision matrix, by what the stack's state says is there.
startup = startup_command(
    migrate_flags=settings.migrate_flags,
    workers=settings.workers,
    threads=settings.threads,
    grace=settings.stop_grace,
    reload=settings.mount_source,
)
serving_environment = {
    **environment,
    **app.serving(settings, collect=plan.collect_at_startup),
}
job_for = triggers(settings.seed_steps, settings.redeploy, given.database.identity)
before = before_up(
    given.state,
    deployment,
    data=given.existing or (given.has_data and not given.unfinished),
    image=release.kept,
    gone=given.missing.ids,
)
up = row_of(
    before,
    Wanted(
        release=release.tag,
        redeploy=settings.redeploy,
        startup=startup,
        environment=serving_environment,
        triggers=job_for if settings.seeding else None,
        mounts_source=settings.mount_source,
        replicas=settings.replicas,
        rollback=bool(settings.rollback),
    ),
)

# Migrations are looked at, and the database is copied, before any of them runs.
check = MigrationCheck(
    deployment,
    {
        "deployment": deployment,
        "release": release.tag,
        "image": release.image,
        "network": network.network_name,
        "environment": environment,
        "mounts": mounts,
        "database": given.database.identity,
        "migrate_flags": settings.migrate_flags,
        "fresh": given.fresh,
        "unsafe": settings.unsafe_migrations,
        "ahead": settings.database_ahead,
        "backups": settings.backups,
        "volume": backups.volume if backups else "",
        "tools": database.dump_image,
        "retire": settings.retire,
        "stop_grace": settings.stop_grace,
        "serves": before.release if before.served else "",
        "backend": given.secrets.fingerprint(
            {**serving_environment, **given.secret_values, "": f"{startup}{settings.redeploy}"}
        ),
        "looks": looks(given.state, deployment, settings.replicas, given.missing.ids),
        "last": given.state[f"{deployment}-migration-check"].result or {},
    },
    pulumi.ResourceOptions(depends_on=ready),
)
ready = [*ready, check]

# The seeding job: migrate and the steps, before anything serves; a finished one is left alone.
seeding = None
if settings.seeding:
    seeding = Seeding(
        deployment,
        {
            "deployment": deployment,
            "steps": settings.seed_steps,
            "migrate_flags": settings.migrate_flags,
            "collect": plan.collect_in_job,
            "redeploy": settings.redeploy,
            "database": given.database.identity,
            "image": release.image,
            "network": network.network_name,
            "environment": {**environment, **app.superuser(settings)},
            "mounts": mounts,
        },
        pulumi.ResourceOptions(depends_on=ready),
    )
    ready = [*ready, seeding]

# The backend: the new one starts beside the old one, and has to pass its gate; replicas in turn.
backend = Backend(
    deployment,
    {
        "deployment": deployment,
        "replicas": settings.replicas,
        "release": release.tag,
        "image_id": image.image_id,
        "startup": startup,
        "networks": [network.network_name, network.front_name],
        "environment": serving_environment,
        "mounts": [*mounts, files.assets],
        "temporary": app.temporary(settings),
        "redeploy": settings.redeploy,
        "gate_timeout": settings.gate_timeout,
        "gate_terms": settings.gate_terms,
        "stop_grace": settings.stop_grace,
    },
    pulumi.ResourceOptions(providers=on_host, depends_on=ready),
)


# Traffic goes to what has passed the gate, in the place of what has the port.
before_edge: list[pulumi.Resource] = [image]
if given.retired.holds_port:
    before_edge.append(backend)
traffic: Traffic | OwnProxy
reached_by: dict[str, pulumi.Input[str]] = {}
switched = switches(given.state, deployment)
if settings.edge:
    edge = Edge(
        deployment,
        {
            "deployment": deployment,
            "image_id": edge_image.image_id,
            "network": network.front_name,
            "port": settings.port,
            "held_back": is_held_back(
                given.state[f"{deployment}-edge"],
                gone=given.missing.ids,
                port_is_taken=given.retired.holds_port,
            ),
        },
        pulumi.ResourceOptions(providers=on_host, depends_on=before_edge),
    )
    traffic = Traffic(
        deployment,
        {
            "edge": edge.container,
            "config_volume": edge.config_volume,
            "backends": backend.serving,
            "backend_port": PORT,
            "config": EdgeConfig(
                origin=settings.public_origin,
                max_body=settings.max_body_size,
                capacity=settings.workers * settings.threads,
                health_path=given.health_path,
                host=settings.hosts[0],
            ),
            "migrations": outcome_file(deployment),
            "switches": switched,
        },
        pulumi.ResourceOptions(depends_on=[backend, edge]),
    )
    reached_by = {"edge": edge.container}
else:
    traffic = OwnProxy(
        deployment,
        {
            "deployment": deployment,
            "backends": backend.serving,
            "migrations": outcome_file(deployment),
            "switches": switched,
        },
        pulumi.ResourceOptions(depends_on=[backend]),
    )
    pulumi.export("upstream", {"network": traffic.network, "address": f"{deployment}:{PORT}"})
serving = traffic.serving.apply(lambda names: names[0])

# What served until now is retired, and what it wrote last belongs to the application, too.
if settings.retire:
    retired_before = given.state[f"{deployment}-retirement"]
    times = given.state.times(f"{deployment}-retirement", "times", again=given.retired.runs)
    retirement = Retirement(
        deployment,
        {
            "containers": settings.retire,
            "grace": settings.stop_grace,
            "times": times,
            "last": retired_before,
        },
        pulumi.ResourceOptions(depends_on=[traffic]),
    )
    if foreign:
        Ownership(
            f"{deployment}-retired",
            {
                "sources": foreign,
                "image": edge_image.image_id,
                "retire": settings.retire,
                "times": times,
            },
            pulumi.ResourceOptions(depends_on=[retirement]),
        )
    pulumi.export("wayBack", retirement.way_back.apply(outputs.way_back(deployment)))

# What ran is counted, and compared with the plan.
job = seeding.result if seeding else pulumi.Output.from_input(None)
account = Account(
    deployment,
    {
        "deployment": deployment,
        "plan": plan,
        "up": up,
        "accounted": before.accounted,
        "backends": traffic.serving,
        "counted": before.counted,
        "job": job,
        "job_id": seeding.run if seeding else before.job,
    },
    pulumi.ResourceOptions(depends_on=[traffic]),
)

# Releases to go back to are kept; older ones make room.
releases = Releases(
    deployment,
    {
        "deployment": deployment,
        "keep": settings.keep_releases,
        "backend": serving,
        "rollback": settings.rollback,
    },
    pulumi.ResourceOptions(depends_on=[traffic]),
)

# A preview says what all this will do to the site.
announcement.say(given, before, up, after=[account.done, releases.done])

pulumi.export("url", traffic.serving.apply(lambda _: settings.public_origin))
pulumi.export("release", release.tag)
pulumi.export("imageId", image.image_id)
pulumi.export("releases", releases.kept.apply(outputs.releases))
pulumi.export("deployment", deployment)
pulumi.export("strategy", settings.strategy)
pulumi.export("executionPlan", outputs.plan(plan))
pulumi.export("row", account.row)
pulumi.export("ledger", account.result.apply(outputs.ledger))
pulumi.export("migrations", check.result.apply(outputs.migrations))
pulumi.export("backup", check.backup)
pulumi.export("seeding", job.apply(outputs.seeding))
pulumi.export(
    "containers",
    pulumi.Output.all(traffic.serving, reached_by).apply(lambda all_: outputs.containers(*all_)),
)
pulumi.export("baseImage", ", ".join(given.base_image))
pulumi.export("supplied", backend.report.apply(outputs.supplied))

"""The story of a deployment: what there is, and what waits for what.

What can go wrong for reasons that are known beforehand is found out first, and changes nothing.
Then: image -> database -> seeding job -> backend -> gate -> traffic.
"""

import json
from pathlib import Path

import pulumi
import pulumi_docker as docker

from components import application
from components.backend import PORT, Backend
from components.build_secrets import stage_build_secrets
from components.database import (
    Database,
    address,
    application_files,
    claim,
    data_file,
    data_volumes,
    driver,
)
from components.edge import Edge, Traffic
from components.edge_image import EdgeImage
from components.errors import end_quietly_when_interrupted
from components.files import Files
from components.host import Claim, Host
from components.image import Image
from components.ledger import Account, Ledger
from components.network import Network
from components.ownership import Ownership
from components.plan import execution_plan
from components.project import find_project
from components.pulumi_cli import resource_ids, stack_resources
from components.release import prepare_release
from components.retirement import Retirement
from components.secrets import Secrets
from components.seeding import Seeding, triggers
from components.settings import load_stack
from components.stack_secrets import ensure_secrets
from components.standing import Wanted, row_of, standing
from components.startup import startup_command

# What is asked for, and whether the project and the host allow it.
end_quietly_when_interrupted()
settings = load_stack()
deployment = settings.deployment
stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
plan = execution_plan(settings)
project = find_project(
    Path(settings.app_path),
    settings_module=settings.settings_module,
    python_path=settings.python_path,
    requirements=settings.requirements,
)
host = Host()
state = stack_resources(pulumi.get_stack())
media_volume = settings.media_volume or f"{deployment}-media"
volumes = {**data_volumes(settings), "mediaVolume": media_volume}
# Where the database is elsewhere, uploaded files tell that the site is not new.
holder = next(iter(volumes.values()))
host.check(
    Claim(
        deployment=deployment,
        stack=stack,
        port=settings.port,
        data=settings.data,
        volumes=volumes,
        data_file=data_file(settings),
        database=claim(settings),
        retire=settings.retire,
        owned=resource_ids(state),
    )
)
has_data = settings.data == "create" and host.volume_labels(holder) is not None
base_image, base_image_origin = host.base_image(settings.base_image)
release = prepare_release(
    project,
    deployment=deployment,
    base_image=base_image,
    dockerfile=settings.dockerfile,
    build_args={
        "APT_PACKAGES": " ".join(settings.apt_packages),
        "COLLECT": "yes",
        "DATABASE_ENGINE": driver(settings),
        "HEALTH_PATH": settings.health_path,
        "PYTHON_PATH": project.python_path or ".",
        "REQUIREMENTS": project.requirements,
        "SCHEME": settings.public_origin.split(":", 1)[0],
        "SEED_STEPS": json.dumps(settings.seed_steps),
        "SETTINGS_MODULE": settings.settings_module,
        "WSGI": settings.wsgi,
    },
    environment={
        **settings.environment,
        **dict.fromkeys(settings.secret_environment, "placeholder-while-the-image-is-built"),
    },
)
stack_secrets = ensure_secrets(
    settings,
    stack=pulumi.get_stack(),
    project=pulumi.get_project(),
    config_file=Path("stacks", f"Pulumi.{pulumi.get_stack()}.yaml"),
    has_data=has_data,
    write=not pulumi.runtime.is_dry_run(),
)
where = address(settings, stack_secrets.database_password)

# One Docker host; every name begins with the deployment, so that several live side by side.
on_host: list[pulumi.ProviderResource] = [docker.Provider("docker", host=host.address)]
opts = pulumi.ResourceOptions(providers=on_host)

# The image: static files are collected here, once, and a failure stops everything that follows.
image = Image(
    deployment,
    {"deployment": deployment, "release": release, "secrets": stage_build_secrets()},
    opts,
)
edge_image = EdgeImage(
    deployment, {"deployment": deployment, "base_image": host.base_image("")[0]}, opts
)

# The database and the files: they outlive releases, and the stack itself.
network = Network(deployment, {"deployment": deployment, "stack": stack}, opts)
existing = settings.data == "existing"
after_image = pulumi.ResourceOptions(providers=on_host, depends_on=[image])
database = Database(
    deployment,
    {
        "engine": settings.database,
        "deployment": deployment,
        "stack": stack,
        "existing": volumes.get("dataVolume") if existing else None,
        "server_image": settings.postgres_image,
        "base_image": host.base_image("")[0],
        "network": network.network_name,
        "name": settings.database_name,
        "user": settings.database_user,
        "password": stack_secrets.database_password,
        "secrets": stack_secrets.fingerprint(stack_secrets.as_environment()),
        "timeout": settings.database_timeout,
    },
    after_image,
)
files = Files(
    deployment,
    {
        "deployment": deployment,
        "stack": stack,
        "existing_media": media_volume if existing else None,
        "static_of": release.tag if plan.static_volume else None,
    },
    after_image,
)
ledger = Ledger(deployment, {"deployment": deployment, "stack": stack}, after_image)
secret_values = {**settings.further_secrets, **stack_secrets.as_environment()}
secret_files = Secrets(
    deployment,
    {
        "deployment": deployment,
        "values": secret_values,
        "image": edge_image.image_id,
    },
    opts,
)
environment = application.environment(settings, database=where, release=release.tag)
mounts = application.mounts(
    settings,
    data=database.mounts,
    files=[*files.mounts, ledger.mount],
    secret_files=secret_files.volume,
)

# Files that others wrote belong to the application before it starts on them.
ready: list[pulumi.Resource] = [image, database]
foreign = [*([*application_files(settings), media_volume] if existing else []), *settings.volumes]
if foreign:
    ownership = Ownership(
        deployment,
        {"sources": foreign, "image": edge_image.image_id},
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
serving_environment = {**environment, **application.startup_switch(plan.collect_at_startup)}
job_for = triggers(settings.seed_steps, settings.redeploy, where.identity)
now = standing(
    state,
    deployment,
    data=existing or (has_data and holder not in resource_ids(state)),
    image=host.has_image(release.image),
)
up = row_of(
    now,
    Wanted(
        release=release.tag,
        redeploy=settings.redeploy,
        startup=startup,
        environment=serving_environment,
        triggers=job_for if settings.seeding else None,
        mounts_source=settings.mount_source,
    ),
)
pulumi.log.info(
    f"execution plan of {deployment}, strategy {settings.strategy}:\n{plan.as_table(up)}"
)

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
            "database": where.identity,
            "image": release.image,
            "network": network.network_name,
            "environment": {**environment, **application.superuser(settings)},
            "mounts": mounts,
        },
        pulumi.ResourceOptions(depends_on=ready),
    )
    ready = [*ready, seeding]

# The backend: the new one starts beside the old one, and has to pass its gate.
backend = Backend(
    deployment,
    {
        "deployment": deployment,
        "release": release.tag,
        "image_id": image.image_id,
        "startup": startup,
        "network": network.network_name,
        "environment": serving_environment,
        "mounts": mounts,
        "secrets": stack_secrets.fingerprint(secret_values),
        "redeploy": settings.redeploy,
        "gate_timeout": settings.gate_timeout,
        "stop_grace": settings.stop_grace,
    },
    pulumi.ResourceOptions(providers=on_host, depends_on=ready),
)

# What served until now makes room, and traffic goes to what has passed the gate.
before_edge: list[pulumi.Resource] = [image]
if settings.retire:
    before_edge.append(
        Retirement(
            deployment,
            {"containers": settings.retire, "grace": settings.stop_grace},
            pulumi.ResourceOptions(depends_on=[backend]),
        )
    )
edge = Edge(
    deployment,
    {
        "deployment": deployment,
        "image_id": edge_image.image_id,
        "network": network.network_name,
        "port": settings.port,
    },
    pulumi.ResourceOptions(providers=on_host, depends_on=before_edge),
)
traffic = Traffic(
    deployment,
    {
        "edge": edge.container,
        "config_volume": edge.config_volume,
        "backend": backend.serving,
        "backend_port": PORT,
        "health_path": settings.health_path,
        "host": settings.hosts[0],
        "scheme": settings.public_origin.split(":", 1)[0],
    },
    pulumi.ResourceOptions(depends_on=[backend, edge]),
)

# What ran is counted, and compared with the plan.
account = Account(
    deployment,
    {
        "deployment": deployment,
        "plan": plan,
        "up": up,
        "accounted": now.accounted,
        "backend": traffic.serving,
        "job": seeding.result if seeding else None,
    },
    pulumi.ResourceOptions(depends_on=[traffic]),
)

pulumi.export("url", traffic.serving.apply(lambda _: settings.public_origin))
pulumi.export("release", release.tag)
pulumi.export("imageId", image.image_id)
pulumi.export("deployment", deployment)
pulumi.export("strategy", settings.strategy)
pulumi.export("executionPlan", plan.as_output())
pulumi.export("row", account.row)
pulumi.export("ledger", account.result)
pulumi.export("seeding", seeding.result if seeding else {"steps": []})
pulumi.export("containers", {"backend": traffic.serving, "edge": edge.container})
pulumi.export("baseImage", {"name": base_image, "origin": base_image_origin})
pulumi.export("supplied", backend.report.apply(lambda report: (report or {}).get("supplied")))

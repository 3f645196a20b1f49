"""The backend: the container that serves, and the gate that it has to pass before traffic."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from components import PACKAGE
from components.labels import as_args, labels
from components.mounts import Mount

PORT = 8000


class BackendArgs(TypedDict):
    """What the container runs, and how long it may take."""

    deployment: str
    """The deployment that the container belongs to."""
    release: str
    """The release's content tag."""
    image_id: pulumi.Input[str]
    """The image's id: a tag alone would leave a container on an older image of that name."""
    startup: str
    """The start-up command, a shell script."""
    network: pulumi.Input[str]
    """The network that the edge reaches it on."""
    environment: Mapping[str, str]
    """The container's environment; it holds no secret."""
    mounts: Sequence[Mount]
    """What is mounted into it."""
    secrets: str
    """A fingerprint of the secrets: changed ones reach the application at its start only."""
    redeploy: int
    """Raised to replace the container without any other change."""
    gate_timeout: int
    """Seconds that it may take to answer its health probe."""
    stop_grace: int
    """Seconds that requests in flight may take once it is told to stop."""


class Backend(pulumi.ComponentResource):
    """One container of a release, started beside the one that serves.

    It has a generated name and no host port, so the new one runs next to the old one, which is
    stopped at the end of an update that succeeded. The gate is a resource of its own: if the new
    container doesn't pass, the update fails and the old one goes on serving.
    """

    container: pulumi.Output[str]
    """The container's name."""
    serving: pulumi.Output[str]
    """The container's name, known only once it has passed the gate."""
    report: pulumi.Output[Any]
    """What the image's build found out about the project, and what it supplied."""
    passed: pulumi.Resource
    """The gate: traffic depends on it."""

    def __init__(
        self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Backend", name, None, opts)
        container = self._container(name, args, opts)
        gate = command.local.Command(
            f"{name}-gate",
            create="python3 -m components.commands.gate",
            environment={"CONTAINER": container.name, "TIMEOUT": str(args["gate_timeout"])},
            triggers=[container.id],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[container]),
        )
        self.passed = gate
        self.container = container.name
        self.serving = pulumi.Output.all(container.name, gate.id).apply(lambda both: str(both[0]))
        self.report = gate.stdout.apply(parse_report)
        self.register_outputs({"container": self.container, "serving": self.serving})

    def _container(
        self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None
    ) -> docker.Container:
        marks = labels(
            args["deployment"],
            "backend",
            release=args["release"],
            redeploy=str(args["redeploy"]),
            secrets=args["secrets"],
        )
        return docker.Container(
            f"{name}-backend",
            image=args["image_id"],
            command=["sh", "-c", args["startup"]],
            envs=[f"{key}={value}" for key, value in sorted(args["environment"].items())],
            labels=as_args(marks),
            mounts=[mount.for_container() for mount in args["mounts"]],
            network_mode="bridge",
            networks_advanced=[{"name": args["network"]}],
            init=True,
            restart="unless-stopped",
            must_run=True,
            # Stopping on purpose has to leave gunicorn its grace, and a little to end by itself.
            stop_timeout=args["stop_grace"] + 5,
            destroy_grace_seconds=args["stop_grace"] + 5,
            healthcheck={
                "tests": ["CMD", "python", "-m", "deploy_runtime.probe"],
                "interval": "10s",
                "timeout": "5s",
                "retries": 3,
                # Until it has answered once, the gate judges it, by a patience of its own.
                "start_period": "1h0m0s",
            },
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on if opts else None,
                delete_before_replace=False,
            ),
        )


def parse_report(stdout: str | None) -> Any:
    """The build report that the gate printed; None before there is one."""
    lines = (stdout or "").strip().splitlines()
    return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None

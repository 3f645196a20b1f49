"""The backend: the containers that serve, and the gate that each has to pass before traffic."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_docker as docker

from .. import PACKAGE, step
from ..container_defaults import LOG_LIMITS, NOT_IN_PLACE, RESTART, Restrictions
from ..data.mounts import Mount, fingerprint
from ..inside import VERDICT
from ..migrations.check import description_file
from ..place import MOUNTS, Place, as_args
from ..step import Step

# Of the container's own, so that it goes with it: the gate writes here what it found.
_VERDICT: docker.ContainerMountArgsDict = {"type": "volume", "target": VERDICT}


class BackendArgs(TypedDict):
    """What the containers run, and how long they may take."""

    deployment: str
    """The deployment that the containers belong to."""
    replicas: int
    """How many containers serve at once."""
    release: str
    """The release's content tag."""
    image_id: pulumi.Input[str]
    """The image's id: a tag alone would leave a container on an older image of that name."""
    startup: str
    """The start-up command, a shell script."""
    networks: Sequence[pulumi.Input[str]]
    """The networks of what it needs, and of what reaches it."""
    environment: Mapping[str, str]
    """The container's environment; it holds no secret."""
    mounts: Sequence[Mount]
    """What is mounted into it: with another volume, such as other secrets', another one starts."""
    restrictions: Restrictions
    """What the containers are denied."""
    redeploy: int
    """Raised to replace the container without any other change."""
    gate_timeout: int
    """Seconds that it may take to answer its health probe."""
    gate_terms: Mapping[str, str]
    """What config tells the gate, by key: once it has rejected a container, that is noted in it."""
    stop_grace: int
    """Seconds that requests in flight may take once it is told to stop."""


class Backend(pulumi.ComponentResource):
    """The containers of a release, started beside those that serve, one after another.

    They have generated names and no host port, so the new ones run next to the old ones, which are
    stopped at the end of an update that succeeded. Each gate is a resource of its own, and the next
    container waits for it: if one doesn't pass, no further one starts, the update fails and the old
    ones go on serving.
    """

    container: pulumi.Output[str]
    """The first container's name."""
    serving: Sequence[pulumi.Output[str]]
    """Each container's name, known only once it has passed its gate."""
    report: pulumi.Output[Any]
    """What the image's build found out about the project, and what it supplied."""

    def __init__(
        self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Backend", name, None, opts)
        # The first one's names say nothing of numbers: most sites have no other.
        suffixes = ["", *(f"-{number}" for number in range(2, args["replicas"] + 1))]
        first = pulumi.ResourceOptions(depends_on=step.after(opts))
        containers: list[docker.Container] = []
        gates: list[Step] = []
        for suffix in suffixes:
            in_turn = pulumi.ResourceOptions.merge(
                first, pulumi.ResourceOptions(depends_on=gates[-1:])
            )
            containers.append(self._container(f"{name}-backend{suffix}", args, in_turn))
            gates.append(self._gate(f"{name}-gate{suffix}", args, containers[-1]))
        self.container = containers[0].name
        self.serving = [
            pulumi.Output.all(container.name, gate.id).apply(lambda both: str(both[0]))
            for container, gate in zip(containers, gates, strict=True)
        ]
        self.report = gates[0].result
        self.register_outputs({"container": self.container, "serving": self.serving})

    def _gate(self, name: str, args: BackendArgs, container: docker.Container) -> Step:
        module = f"{__package__}.gate_step"
        return Step(
            name,
            module,
            parent=self,
            triggers={"container": container.id},
            environment={
                "CONTAINER": container.name,
                "TIMEOUT": str(args["gate_timeout"]),
                "CHECK": description_file(args["deployment"]),
                "TERMS": json.dumps(dict(args["gate_terms"])),
                "PROCESSES": str(args["restrictions"].processes),
            },
            # Of the same container: it serves already, and stays whatever is found now.
            update=step.run(module, "again"),
            depends_on=[container],
        )

    def _container(
        self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions
    ) -> docker.Container:
        marks = Place(args["deployment"]).labels(
            "backend",
            release=args["release"],
            redeploy=str(args["redeploy"]),
        )
        return docker.Container(
            name,
            image=args["image_id"],
            command=["sh", "-c", args["startup"]],
            envs=[f"{key}={value}" for key, value in sorted(args["environment"].items())],
            labels=as_args({**marks, MOUNTS: fingerprint(args["mounts"])}),
            mounts=[*(mount.for_container() for mount in args["mounts"]), _VERDICT],
            **args["restrictions"].arguments(),
            network_mode="bridge",
            networks_advanced=[{"name": network} for network in args["networks"]],
            init=True,
            restart=RESTART,
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
            log_opts=LOG_LIMITS,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on,
                delete_before_replace=False,
                replace_on_changes=NOT_IN_PLACE,
            ),
        )

"""The edge: the reverse proxy that owns the public port, and the switch of traffic behind it."""

import hashlib
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from components import PACKAGE
from components.labels import as_args, labels

PORT = 8080


class EdgeArgs(TypedDict):
    """Where the edge listens."""

    deployment: str
    """The deployment that the edge belongs to."""
    image_id: pulumi.Input[str]
    """The id of an image with HAProxy in it."""
    network: pulumi.Input[str]
    """The network on which it reaches backends."""
    port: int
    """The TCP port on 127.0.0.1 of the host."""


class Edge(pulumi.ComponentResource):
    """HAProxy, which answers 503 until traffic is switched to a release.

    Its configuration is in a volume and changes by reload: the container is not replaced by an
    update and no connection is dropped.
    """

    container: pulumi.Output[str]
    """The container's name."""
    config_volume: pulumi.Output[str]
    """The volume that holds its configuration."""

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Edge", name, None, opts)
        marks = as_args(labels(args["deployment"], "edge"))
        # The name is generated: a volume that was lost gets another, and traffic is set up again.
        volume = docker.Volume(
            f"{name}-edge-config",
            labels=marks,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        container = docker.Container(
            f"{name}-edge",
            name=f"{args['deployment']}-edge",
            image=args["image_id"],
            labels=marks,
            mounts=[{"type": "volume", "source": volume.name, "target": "/var/lib/edge"}],
            network_mode="bridge",
            networks_advanced=[{"name": args["network"]}],
            ports=[{"internal": PORT, "external": args["port"], "ip": "127.0.0.1"}],
            restart="unless-stopped",
            must_run=True,
            destroy_grace_seconds=5,
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on if opts else None,
                delete_before_replace=True,
            ),
        )
        self.container = container.name
        self.config_volume = volume.name
        self.register_outputs({"container": self.container})


class TrafficArgs(TypedDict):
    """Where requests go from now on."""

    edge: pulumi.Input[str]
    """The edge's container."""
    config_volume: pulumi.Input[str]
    """The volume that holds the edge's configuration."""
    backend: pulumi.Input[str]
    """The backend's container, which has passed its gate."""
    backend_port: int
    """The port on which the backend listens."""
    health_path: str
    """The path that says whether a backend can serve."""
    host: str
    """A host name that the application accepts, for the edge's own probes."""
    scheme: str
    """The scheme of the public origin, ``http`` or ``https``."""


class Traffic(pulumi.ComponentResource):
    """Sends requests to a release: the last step of an update."""

    serving: pulumi.Output[str]
    """The backend's container, known only once requests reach it."""

    def __init__(
        self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Traffic", name, None, opts)
        config = pulumi.Output.from_input(args["backend"]).apply(
            lambda backend: render([backend], args)
        )
        switched = command.local.Command(
            f"{name}-traffic",
            create="python3 -m components.commands.switch",
            environment={
                "EDGE": args["edge"],
                "BACKEND": args["backend"],
                "CONFIGURATION": config.apply(configuration_id),
            },
            stdin=config,
            triggers=[args["backend"], args["config_volume"]],
            logging=command.local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.serving = pulumi.Output.all(args["backend"], switched.id).apply(lambda b: str(b[0]))
        self.register_outputs({"serving": self.serving})


# Connections that were refused are tried again, on another backend if there is one: nothing had
# been sent. Anything later is not repeated, since a POST may have been carried out.
_ID = "CONFIGURATION-ID"
_CONFIG = """\
global
  log stdout format raw daemon info
  maxconn 4096
  hard-stop-after 10m

defaults
  mode http
  log global
  option httplog
  option dontlognull
  option forwardfor
  option idle-close-on-response
  option redispatch 1
  retries 3
  retry-on conn-failure
  timeout connect 2s
  timeout client 60s
  timeout server 300s
  timeout queue 30s
  timeout http-request 30s
  timeout http-keep-alive 60s
  errorfile 503 /usr/local/share/edge/503.http

resolvers docker
  nameserver embedded 127.0.0.11:53
  hold valid 1s

frontend public
  bind :{port}
  http-request set-header X-Forwarded-Proto {scheme}
  http-request del-header X-Forwarded-For
  default_backend application

frontend configuration
  bind :8404
  no log
  http-request return status 200 content-type text/plain string "{id}"

backend application
  balance leastconn
  option httpchk
  http-check send meth GET uri {health_path} ver HTTP/1.1 hdr Host {host} {forwarded}
  http-check expect status 200-399
  default-server check inter 1s fall 3 rise 1
  default-server init-addr last,libc,none resolvers docker resolve-prefer ipv4
{servers}
"""


def render(backends: Sequence[str], args: TrafficArgs) -> str:
    """HAProxy's configuration for these backends.

    Args:
        backends: names of containers that have passed their gate.
        args: what else the configuration depends on.
    """
    servers = [f"  server {name} {name}:{args['backend_port']}" for name in backends]
    text = _CONFIG.format(
        id=_ID,
        port=PORT,
        scheme=args["scheme"],
        forwarded=f"hdr X-Forwarded-Proto {args['scheme']}",
        health_path=args["health_path"],
        host=args["host"],
        servers="\n".join(servers),
    )
    return text.replace(_ID, hashlib.sha256(text.encode()).hexdigest()[:16])


def configuration_id(config: str) -> str:
    """What the edge says of itself once this configuration is in force."""
    return config.partition('string "')[2].partition('"')[0]

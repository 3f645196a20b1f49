"""The way on which visitors reach what passed its gate: the edge, or a proxy of the user's own."""

import pulumi

from ..inside import PORT
from ..migrations.check import description_file
from ..serving.backend import Backend
from ..serving.edge import Edge, is_held_back
from ..serving.haproxy_config import EdgeConfig
from ..serving.traffic import SwitchArgs, Traffic, switches
from ..serving.users_proxy import OwnProxy
from .images import Images, waiting
from .preparation import Preparation
from .store import Store


def switch_traffic(
    given: Preparation,
    images: Images,
    store: Store,
    backend: Backend,
    opts: pulumi.ResourceOptions,
) -> Traffic | OwnProxy:
    """Send visitors to what has passed its gate, by the edge or by a proxy of the user's own."""
    deployment = given.settings.deployment
    to: SwitchArgs = {
        "backends": backend.serving,
        "backend_port": PORT,
        "check": description_file(deployment),
        "switches": switches(given.state, deployment, is_open=given.window_is_open),
    }
    if not given.settings.site.edge:
        return OwnProxy(
            deployment,
            {**to, "deployment": deployment},
            given.scope.after([backend]),
        )
    edge = _edge(given, images, store, backend, opts)
    return Traffic(
        deployment,
        {
            **to,
            "edge": edge.container,
            "config_volume": edge.config_volume,
            "config": _edge_config(given),
        },
        given.scope.after([backend, edge]),
    )


def _edge(
    given: Preparation,
    images: Images,
    store: Store,
    backend: Backend,
    opts: pulumi.ResourceOptions,
) -> Edge:
    deployment = given.settings.deployment
    # In the place of what has the port it is made last, and started by the switch.
    after = [images.release, *([backend] if given.retired.holds_port else [])]
    return Edge(
        deployment,
        {
            "deployment": deployment,
            "image_id": images.edge.image_id,
            "stack": given.stack,
            "front": store.network.front_name,
            "port": given.settings.site.port,
            "held_back": is_held_back(
                given.state[f"{deployment}-edge"],
                vanished=given.vanished.ids,
                port_is_taken=given.retired.holds_port,
            ),
        },
        waiting(opts, *after),
    )


def _edge_config(given: Preparation) -> EdgeConfig:
    settings = given.settings
    return EdgeConfig(
        origin=settings.public_origin,
        max_body=settings.site.max_body_size,
        workers=settings.processes.web.workers,
        threads=settings.processes.web.threads,
        health_path=given.health_path,
        host=settings.hosts[0],
    )

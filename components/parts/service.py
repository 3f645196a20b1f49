"""What serves, and the way on which visitors reach it."""

import pulumi

from .. import outputs
from ..data.ownership import Ownership
from ..inside import PORT
from ..migrations.check import description_file
from ..serving.backend import Backend
from ..serving.edge import Edge, is_held_back
from ..serving.haproxy_config import EdgeConfig
from ..serving.retirement import Retirement
from ..serving.traffic import SwitchArgs, Traffic, switches
from ..serving.users_proxy import OwnProxy
from . import container_options
from .app import App
from .images import Images, waiting
from .preparation import Preparation
from .store import Store, foreign_files


def start_backend(
    given: Preparation,
    store: Store,
    app: App,
    opts: pulumi.ResourceOptions,
) -> Backend:
    """Start the new containers beside the old ones, each of which has to pass its gate."""
    settings = given.settings
    return Backend(
        settings.deployment,
        {
            "deployment": settings.deployment,
            "replicas": settings.replicas,
            "release": given.release.tag,
            "image_id": app.image_id,
            "startup": app.startup,
            "networks": [app.network, store.network.front_name],
            "environment": app.serving_environment,
            "mounts": [*app.mounts, store.files.assets],
            "temporary": container_options.temporary(settings),
            "redeploy": settings.redeploy,
            "gate_timeout": settings.gate_timeout,
            "gate_terms": settings.gate_terms,
            "stop_grace": settings.stop_grace,
        },
        opts,
    )


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
    if not given.settings.edge:
        return OwnProxy(
            deployment,
            {**to, "deployment": deployment},
            pulumi.ResourceOptions(depends_on=[backend]),
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
        pulumi.ResourceOptions(depends_on=[backend, edge]),
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
            "port": given.settings.port,
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
        max_body=settings.max_body_size,
        capacity=settings.workers * settings.threads,
        health_path=given.health_path,
        host=settings.hosts[0],
    )


def retire(
    given: Preparation, images: Images, traffic: Traffic | OwnProxy
) -> pulumi.Output[str] | None:
    """Stop what served until now; what it wrote last belongs to the application, too.

    Returns:
        The commands that let it serve again; None if nothing is taken over from.
    """
    settings, deployment = given.settings, given.settings.deployment
    if not settings.retire:
        return None
    name = f"{deployment}-retirement"
    times = given.state.times(name, "times", again=given.retired.runs)
    retirement = Retirement(
        deployment,
        {
            "containers": settings.retire,
            "grace": settings.stop_grace,
            "times": times,
            "last": given.state[name],
        },
        pulumi.ResourceOptions(depends_on=[traffic]),
    )
    if sources := foreign_files(given):
        Ownership(
            f"{deployment}-retired",
            {
                "sources": sources,
                "image": images.edge.image_id,
                "retire": settings.retire,
                "times": times,
            },
            pulumi.ResourceOptions(depends_on=[retirement]),
        )
    ways: pulumi.Output[str] = retirement.way_back.apply(outputs.way_back(deployment))
    return ways

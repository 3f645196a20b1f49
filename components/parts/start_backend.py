"""What serves: the containers of the release, each of which has to pass its gate."""

import pulumi

from ..serving.backend import Backend
from .app import App
from .preparation import Preparation
from .store import Store


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
            "replicas": settings.processes.web.replicas,
            "release": given.release.tag,
            "image_id": app.image_id,
            "startup": app.startup,
            "networks": [*app.networks, store.network.front_name],
            "environment": app.serving_environment,
            "mounts": [*app.mounts, store.files.assets],
            "restrictions": app.restrictions,
            "redeploy": settings.releases.redeploy,
            "gate_timeout": settings.processes.web.gate_timeout,
            "gate_terms": settings.gate_terms,
            "stop_grace": settings.processes.web.stop_grace,
        },
        opts,
    )

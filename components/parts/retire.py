"""What is taken over from: its containers stop and are kept, its files get an owner."""

import pulumi

from .. import stack_outputs
from ..data.ownership import Ownership
from ..serving.retirement import Retirement
from ..serving.traffic import Traffic
from ..serving.users_proxy import OwnProxy
from .images import Images
from .preparation import Preparation
from .store import foreign_files


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
            "grace": settings.processes.web.stop_grace,
            "times": times,
            "last": given.state[name],
        },
        given.scope.after([traffic]),
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
            given.scope.after([retirement]),
        )
    ways: pulumi.Output[str] = retirement.way_back.apply(stack_outputs.way_back(deployment))
    return ways

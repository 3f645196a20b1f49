"""What served until now: containers that are taken over from stop, an earlier login ends."""

import pulumi

from .. import stack_outputs
from ..data.login import EarlierLogin, step_name
from ..data.login_turns import second
from ..data.ownership import Ownership
from ..serving.retirement import Retirement
from ..serving.traffic import Traffic
from ..serving.users_proxy import OwnProxy
from .images import Images
from .preparation import Preparation
from .store import foreign_files

# Seconds for the old backend to be told that it is to stop.
_RESPITE = 60


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


def end_earlier_login(given: Preparation, traffic: Traffic | OwnProxy) -> None:
    """Have the database server let in the release that serves, and not the one before it."""
    settings, deployment = given.settings, given.settings.deployment
    owner, login = settings.database.user, given.secrets.database_login
    # Where one password has been in use for life there is no other to end.
    if login.user != second(owner) and not given.state[step_name(deployment)]:
        return
    EarlierLogin(
        deployment,
        {
            "deployment": deployment,
            "name": settings.database.name,
            "user": owner,
            "login": login.user,
            "fingerprint": given.secrets.fingerprint({login.user: login.password}),
            "respite": settings.processes.web.stop_grace + _RESPITE,
        },
        given.scope.after([traffic]),
    )

"""Where sites share an edge, it passes visitors on to what has passed its gate."""

from collections.abc import Sequence

import pulumi

from ..serving.registration import Registration, times_lost
from ..serving.traffic import Traffic
from ..serving.users_proxy import OwnProxy
from .preparation import Preparation
from .shared_edge import shared_claim


def register_domains(given: Preparation, traffic: Traffic | OwnProxy) -> Sequence[pulumi.Resource]:
    """Have the shared edge pass visitors of the site's domains on, if there is to be one."""
    claim = shared_claim(given.settings)
    if claim is None:
        return ()
    lost = times_lost(given.state, claim.deployment, led=claim.led(given.host))
    registration = Registration(
        claim.deployment,
        {
            "deployment": claim.deployment,
            "shared": claim.shared,
            "domains": claim.domains,
            "lost": lost,
        },
        given.scope.after([traffic]),
    )
    return (registration,)

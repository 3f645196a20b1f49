"""Lets containers onto the network of the user's own proxy, under the name that it asks for."""

import os

from ..host.client import docker_or_fail, fail, inspect
from ..migrations import aftermath
from ..migrations.applied import description
from ..place import TRAFFIC_NETWORK, Place
from . import users_proxy_network_step


def main() -> None:
    """Connect BACKENDS to NETWORK as ALIAS; those that are connected stay as they are.

    ALIAS is the deployment's name. A network that is gone is made anew.
    A window in which nothing served, as CHECK describes it, ends with that.
    """
    network, alias = os.environ["NETWORK"], os.environ["ALIAS"]
    # With the proxy down and the site stopped, a `docker network prune` takes it away.
    users_proxy_network_step.create(network, Place(alias).labels(TRAFFIC_NETWORK))
    for backend in os.environ["BACKENDS"].split():
        state = inspect(backend)
        if state is None:
            fail(f"there is no container {backend}")
        if network in state["NetworkSettings"]["Networks"]:
            continue
        docker_or_fail(
            f"letting {backend} onto the network {network}",
            *("network", "connect", "--alias", alias, network, backend),
        )
    aftermath.settle(description(os.environ["CHECK"]))


if __name__ == "__main__":
    main()

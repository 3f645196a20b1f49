"""What the stack's state knows, but the host has not any more: the next update makes it anew.

Pulumi compares what is wanted with its state and not with the host, unless it is told to refresh,
which asks for every single thing and takes longer than the rest of an update that changes nothing.
So the host is asked for all of it at once. What vanished, or was stopped by hand, is replaced by
a number that is raised: it takes the way of every update, gate and switch of traffic included. So
is a backend whose gate rejected it, once config tells that gate something else.
Data that vanished is an error: an empty volume would be served in its place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from ..errors import UserError
from ..place import DEPLOYMENT, ROLE
from ..serving.gate_rejection import Rejection
from ..stack_state import Resource, StackState

CONTAINER = "docker:index/container:Container"
IMAGE = "docker:index/remoteImage:RemoteImage"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
TYPES = (CONTAINER, IMAGE, NETWORK, VOLUME)

Register = Callable[[pulumi.ResourceTransformation], None]

_DATA = ("data", "media", "postgres")
_STOPPED = ("created", "dead", "exited")


class Host(Protocol):
    """What is asked of the Docker host."""

    def statuses(self) -> Mapping[str, str]:
        """The containers' states, such as ``running`` or ``exited``, by id."""
        ...

    def networks(self) -> frozenset[str]:
        """The networks' ids."""
        ...

    def volumes(self) -> frozenset[str]:
        """The volumes' names."""
        ...

    def has_image(self, name: str) -> bool:
        """The host has an image of this name."""
        ...

    def rejection(self, container: str) -> Rejection | None:
        """Why a gate did not let a container through; None if it says nothing of one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Vanished:
    """What the state has and the host has not any more, or what was stopped there by hand.

    Attributes:
        ids: its ids in the state.
        said: a line on each, for people.
        lost: the volumes among it that held the site's data.
        numbers: by type and name, how often a resource was replaced for that reason, this time
            included.
    """

    ids: frozenset[str]
    said: tuple[str, ...]
    lost: tuple[str, ...]
    numbers: Mapping[tuple[str, str], int]

    def check(self, stack: str, deployment: str) -> None:
        """Data that is lost can't be made anew.

        Args:
            stack: the stack's name.
            deployment: the deployment's name.

        Raises:
            UserError: naming the volumes, and the ways out.
        """
        if self.lost:
            raise UserError(
                f"the data of stack {stack} is gone from the Docker host: there is no volume "
                f"{' and no volume '.join(self.lost)}",
                [
                    "if DOCKER_HOST or the docker context names another host than before, set it "
                    "back",
                    f"if you have a backup, {_made(self.lost, deployment)} and restore it "
                    "(docs/databases.md), then run the same again",
                    f"if the site is to begin anew, `pulumi destroy -s {stack}`, then "
                    f"`pulumi up -s {stack}`",
                ],
            )

    def replace(self, register: Register = pulumi.runtime.register_stack_transformation) -> None:
        """Have what vanished replaced by this update, and say so.

        Args:
            register: has a transformation applied to everything of the site.
        """
        for line in self.said:
            pulumi.log.warn(line)
        register(self._renumbered)

    def _renumbered(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        if args.type_ not in TYPES:
            return None
        # From the beginning: the engine takes a change for a reason, but not a first value.
        number = str(self.numbers.get((args.type_, args.name), 0))
        opts = pulumi.ResourceOptions.merge(
            args.opts, pulumi.ResourceOptions(replacement_trigger=number)
        )
        return pulumi.ResourceTransformationResult(props=args.props, opts=opts)


def _made(volumes: Sequence[str], deployment: str) -> str:
    words = f"docker volume create --label {DEPLOYMENT}={deployment}"
    return " and ".join(f"`{words} {volume}`" for volume in volumes)


def find_vanished(
    state: StackState, host: Host, gate_terms: Mapping[str, str] | None = None
) -> Vanished:
    """What of a stack's state vanished from the host.

    Args:
        state: the stack's state.
        host: the Docker host.
        gate_terms: what config tells gates, by key.
    """
    there = state.there
    passed = {r.triggers.get("container") for r in there}
    found = {r.id: why for r, why in _reasons(there, host, passed, gate_terms or {})}
    return Vanished(
        ids=frozenset(found),
        said=tuple(f"{why}: it is made anew" for why in found.values()),
        lost=tuple(r.id for r in there if r.id in found and r.type == VOLUME and _role(r) in _DATA),
        numbers={(r.type, r.name): r.replacements + (r.id in found) for r in there},
    )


def _reasons(
    resources: Sequence[Resource], host: Host, passed: set[object], terms: Mapping[str, str]
) -> Iterator[tuple[Resource, str]]:
    types = {r.type for r in resources}
    statuses = host.statuses() if CONTAINER in types else {}
    networks = host.networks() if NETWORK in types else frozenset()
    volumes = host.volumes() if VOLUME in types else frozenset()
    for r in resources:
        what, name = r.type, str(r.outputs.get("name", r.id))
        if what == CONTAINER and r.id not in statuses:
            yield r, f"container {name} is gone from the host"
        elif what == CONTAINER and statuses[r.id] in _STOPPED:
            if _role(r) != "backend" or r.id in passed:
                yield r, f"container {name} was stopped"
            # One that failed its gate was stopped by it, and fails again as it is.
            elif (rejected := host.rejection(r.id)) and (changed := rejected.changed(terms)):
                why = f"container {name} did not pass its gate ({rejected.problem})"
                yield r, f"{why}, and {', '.join(changed)}"
        elif what == NETWORK and r.id not in networks:
            yield r, f"network {name} is gone from the host"
        elif what == VOLUME and r.id not in volumes:
            yield r, f"volume {name} is gone from the host"
        elif what == IMAGE and not host.has_image(name):
            yield r, f"image {name} is gone from the host"


def _role(resource: Resource) -> str:
    labels = resource.inputs.get("labels") or ()
    return next((str(e["value"]) for e in labels if e["label"] == ROLE), "")

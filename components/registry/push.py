"""A release, pushed to a registry once it is built, before it serves."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..place import Place
from ..step import Step, describe
from . import push_step
from .known import Known
from .login import Login

ROLE = "pushed"
HOURS = 5
"""More than `registry.timeout` can be: the step ends by itself, and says why."""


class PushArgs(TypedDict):
    """What is pushed, and where to."""

    deployment: str
    """The deployment that the release is of."""
    image: str
    """The release, by its name on the host."""
    name: str
    """The name of the site's releases in the registry."""
    login: Login
    """Who comes there."""
    timeout: int
    """Seconds that it may take."""
    redeploy: int
    """Another value pushes it again, be it there or not."""
    known: Known
    """What is known of releases in registries."""


class Push(pulumi.ComponentResource):
    """Pushes each release to a registry, by its content tag; what it got as a digest is kept."""

    done: pulumi.Resource
    """What pushes it: whatever is to wait for that depends on it."""
    image: pulumi.Output[str]
    """The release in the registry, by its digest."""

    def __init__(
        self, name: str, args: PushArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Push", name, None, opts)
        pushed = Step(
            Place(args["deployment"]).name(ROLE),
            push_step.__name__,
            parent=self,
            triggers={
                "image": args["image"],
                "name": args["name"],
                "redeploy": args["redeploy"],
            },
            environment={
                "IMAGE": args["image"],
                "NAME": args["name"],
                "TIMEOUT": str(args["timeout"]),
                "KNOWN": describe(args["deployment"], f"{ROLE}.json", args["known"].told),
            },
            stdin=pulumi.Output.secret(args["login"].written),
            hours=HOURS,
            depends_on=step.after(opts),
        )
        self.done = pushed
        # It is told the credentials, and says none of them.
        self.image = pulumi.Output.unsecret(pushed.result).apply(image_of)
        self.register_outputs({"image": self.image})


def image_of(result: Any) -> str:
    """The release in the registry, by a step's result; "" before there is one."""
    return str(result.get("image", "")) if isinstance(result, Mapping) else ""

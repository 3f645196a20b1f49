"""A release that comes from a registry, by its digest, before anything uses it."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..place import Place
from ..step import Step, describe
from . import pull_step
from .known import Known
from .login import Login
from .push import HOURS

ROLE = "pulled"


class PullArgs(TypedDict):
    """What is pulled, and what it has to be."""

    deployment: str
    """The deployment that it is to be a release of."""
    reference: str
    """It, by its digest, as `Reference` reads it."""
    image: str
    """The name that it gets on the host."""
    login: Login
    """Who comes to the registry."""
    timeout: int
    """Seconds that it may take."""
    wanted: Mapping[str, Any]
    """What the site needs of it, as `pull_step.misfits` says."""
    times: int
    """How often it was not on the host any more."""
    known: Known
    """What is known of releases in registries."""


class Pull(pulumi.ComponentResource):
    """Gets a release from a registry, unless the host has it, and refuses one that doesn't fit."""

    done: pulumi.Resource
    """What gets it."""

    def __init__(
        self, name: str, args: PullArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Pull", name, None, opts)
        wanted = json.dumps(args["wanted"], sort_keys=True)
        self.done = Step(
            Place(args["deployment"]).name(ROLE),
            pull_step.__name__,
            parent=self,
            triggers={
                "reference": args["reference"],
                "image": args["image"],
                "wanted": wanted,
                "times": args["times"],
            },
            environment={
                "REFERENCE": args["reference"],
                "IMAGE": args["image"],
                "WANTED": wanted,
                "TIMEOUT": str(args["timeout"]),
                "KNOWN": describe(args["deployment"], f"{ROLE}.json", args["known"].told),
            },
            stdin=pulumi.Output.secret(args["login"].written),
            hours=HOURS,
            depends_on=step.after(opts),
        )
        self.register_outputs({})

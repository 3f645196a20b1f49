"""The releases to go back to: so many are kept on the host, the others make room."""

from collections.abc import Sequence
from typing import Any, TypedDict

import pulumi

from .. import PACKAGE, step
from ..step import Step


class ReleasesArgs(TypedDict):
    """Which releases are kept."""

    deployment: str
    """The deployment whose releases they are."""
    keep: int
    """How many, the serving one included."""
    repositories: Sequence[str]
    """The names that its releases have in registries, and so on the host as well."""
    backend: pulumi.Input[str]
    """The container that serves, to which traffic has been switched."""


class Releases(pulumi.ComponentResource):
    """Removes the images of old releases, and their static files, once a new one serves.

    An update that fails on the way removes nothing.
    """

    done: pulumi.Resource
    """What keeps them and removes older ones."""
    kept: pulumi.Output[Any]
    """The releases that are kept: tag, when it was built and last let through, which one serves."""

    def __init__(
        self, name: str, args: ReleasesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Releases", name, None, opts)
        named = bool(args["repositories"])
        tidied = Step(
            f"{name}-releases",
            f"{__package__}.prune_releases_step",
            parent=self,
            triggers={"backend": args["backend"]},
            environment={
                "BACKEND": args["backend"],
                "DEPLOYMENT": args["deployment"],
                "KEEP": str(args["keep"]),
                **({"REPOSITORIES": " ".join(args["repositories"])} if named else {}),
            },
            # Another number of releases to keep counts from now on.
            update=None,
            depends_on=step.after(opts),
        )
        self.done = tidied
        self.kept = tidied.result
        self.register_outputs({"kept": self.kept})

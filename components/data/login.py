"""The end of an application's earlier login on the deployment's own server."""

from typing import TypedDict

import pulumi

from .. import PACKAGE
from ..place import Place
from ..step import Step, after
from . import login_step


class EarlierLoginArgs(TypedDict):
    """Whose turn it is, and whose not any more."""

    deployment: str
    """The deployment's name."""
    name: str
    """The database's name."""
    user: str
    """The name of the user who owns it."""
    login: str
    """The role that the application gets in as from now on."""
    fingerprint: str
    """Changes with that role's password."""
    respite: int
    """Seconds for which who has the earlier one still gets in: the old backend's last requests."""


class EarlierLogin(pulumi.ComponentResource):
    """Ends the password of the role that it is not the turn of, once visitors are sent elsewhere.

    The server ends it by itself, a while later: what is under way finishes, and an update that
    failed before has ended nothing.
    """

    def __init__(
        self, name: str, args: EarlierLoginArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:EarlierLogin", name, None, opts)
        Step(
            step_name(name),
            login_step.__name__,
            parent=self,
            triggers={"login": args["login"], "password": args["fingerprint"]},
            environment={
                "CONTAINER": Place(args["deployment"]).postgres,
                "DATABASE_LOGIN": args["login"],
                "DATABASE_NAME": args["name"],
                "DATABASE_USER": args["user"],
                "SECONDS": str(args["respite"]),
            },
            depends_on=after(opts),
        )
        self.register_outputs({})


def step_name(deployment: str) -> str:
    """The name of the step, by which a stack's state tells that turns have been taken."""
    return f"{deployment}-earlier-login"

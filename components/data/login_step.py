"""Ends the password of the role that it is not the turn of, once visitors are sent elsewhere."""

import os

from ..host.client import fail
from .login_turns import other
from .postgres_roles import Server


def main() -> None:
    """Have the server in CONTAINER let in DATABASE_LOGIN alone, SECONDS from now.

    DATABASE_USER owns the database DATABASE_NAME.
    """
    owner, login = os.environ["DATABASE_USER"], os.environ["DATABASE_LOGIN"]
    container, name = os.environ["CONTAINER"], os.environ["DATABASE_NAME"]
    leaving = other(owner, login)
    server = Server(container=container, user=owner, login=leaving, name=name)
    problem = server.leave(int(os.environ["SECONDS"]))
    if problem:
        fail(
            f"postgres: the earlier password of {leaving} could not be ended: {problem}.\n"
            "What to do: the site serves with the new one; `pulumi up` tries again"
        )


if __name__ == "__main__":
    main()

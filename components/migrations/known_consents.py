"""What is known of consents before there is an image: which have ended, which are to nothing.

The rest is found by the check: apps of other packages, and those whose label is not the name of
their folder.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from ..errors import UserError
from ..place import Place
from ..stack_state import StackState
from .consent import ALLOW, Consent, ended_by
from .new_migrations import served_migrations


def applied(state: StackState, deployment: str) -> frozenset[str]:
    """Migrations that the database has, as the stack's state tells.

    Args:
        state: the stack's state; the gate's result says what serves has, and the check's which
            migrations were applied already to which there was consent.
        deployment: the deployment's name.
    """
    check = state[Place(deployment).name("migration-check")].result
    return served_migrations(state, deployment) | ended_by(check, ALLOW)


def refuse_unknown(
    consent: Consent, context: Path, own: Sequence[str], applied: Collection[str]
) -> None:
    """Refuse a consent to a migration that an app of the project's own doesn't have.

    Args:
        consent: to migrations of the release that is staged.
        context: the folder in which it is staged.
        own: the migrations of the project's own apps that are in it.
        applied: migrations that the database has, be their files there or not.

    Raises:
        UserError: naming them, and those that may be meant.
    """
    apps = {name.partition(".")[0] for name in own}
    # Django can be told to find an app's migrations in any other folder.
    modules = {file.stem for file in (context / "app").glob("**/*.py")}
    unknown = []
    for name in consent.names:
        app, _, module = name.partition(".")
        if app in apps and module not in modules and name not in applied:
            unknown.append(name)
    if unknown:
        raise UserError(*consent.unknown(unknown, own, "the project doesn't have"))

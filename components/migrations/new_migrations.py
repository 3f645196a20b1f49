"""Which migrations a release brings, told from its files alone: a preview has no image to ask."""

from pathlib import Path

from ..place import Place
from ..stack_state import StackState


def new_migrations(context: Path, state: StackState, deployment: str) -> list[str] | None:
    """The project's own migrations that the serving release doesn't have, as `app.name`.

    None if what serves has not told which it has.

    What comes with other packages is found by the check, once the image is there.

    Args:
        context: the folder in which the release is staged.
        state: the stack's state; the gate's result says what serves has.
        deployment: the deployment's name.
    """
    modules = _served_modules(state, deployment)
    if not modules:
        return None
    served = {_path(module) for module in modules}
    new = [path for path in _paths(context) if not any(path.endswith(known) for known in served)]
    return [_name(path) for path in new]


def own_migrations(context: Path) -> list[str]:
    """The project's own migrations, as `app.name`.

    Args:
        context: the folder in which the release is staged.
    """
    return [_name(path) for path in _paths(context)]


def served_migrations(state: StackState, deployment: str) -> frozenset[str]:
    """What the serving release has told that it has, as `app.name`: the database has them."""
    return frozenset(_name(_path(module)) for module in _served_modules(state, deployment))


def _served_modules(state: StackState, deployment: str) -> list[str]:
    report = state[Place(deployment).name("gate")].result
    return (report.get("migrations") or []) if isinstance(report, dict) else []


def _paths(context: Path) -> list[str]:
    found = sorted((context / "app").glob("**/migrations/[0-9]*.py"))
    return [f"/{file.relative_to(context).as_posix()}" for file in found]


def _path(module: str) -> str:
    return f"/{module.replace('.', '/')}.py"


def _name(path: str) -> str:
    # An app whose label is not its folder's name has another one, which its image tells.
    folders = path.split("/")
    return f"{folders[-3]}.{folders[-1][:-3]}"

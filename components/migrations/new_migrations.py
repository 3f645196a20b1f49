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
    report = state[Place(deployment).name("gate")].result
    modules = report.get("migrations") if isinstance(report, dict) else None
    if not modules:
        return None
    served = {f"/{module.replace('.', '/')}.py" for module in modules}
    found = sorted((context / "app").glob("**/migrations/[0-9]*.py"))
    paths = [f"/{file.relative_to(context).as_posix()}" for file in found]
    new = [path for path in paths if not any(path.endswith(known) for known in served)]
    return [".".join((path.split("/")[-3], path.split("/")[-1][:-3])) for path in new]

"""The files that `init` writes: a Pulumi project in a folder of its own."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError
from ..own_commands import PROGRAM
from ..place import LONGEST, default_deployment
from .findings import Findings

FOLDER = "deploy"
"""The folder of the Pulumi project, in that of the Django project."""

_PROGRAM = f'''\
"""What Pulumi runs: `python -m {PROGRAM} up`, or `pulumi up` in an activated shell."""

from {PROGRAM}.errors import end_quietly_when_interrupted
from {PROGRAM}.parts.preparation import prepare
from {PROGRAM}.site import deploy

end_quietly_when_interrupted()
deploy(prepare())
'''


def name_of(root: Path) -> str:
    """What the Pulumi project, its stack and the deployment are called: like the folder."""
    return default_deployment(root.name)[:LONGEST].strip("-") or "site"


def refuse_if_there(root: Path) -> None:
    """Raises UserError where the folder is taken: nothing of anybody's is overwritten."""
    if (root / FOLDER).exists() or (root / FOLDER).is_symlink():
        raise UserError(
            f"{root / FOLDER} is there already: nothing was written",
            [
                f"if `init` made it, go on with `cd {root / FOLDER} && python -m {PROGRAM} up`",
                "if it is something else, give it another name, or write the three files by hand "
                "into another folder: docs/your-own-project.md shows them",
            ],
        )


def write(root: Path, found: Findings) -> list[Path]:
    """Write the folder, whole or not at all; returns its files."""
    name = name_of(root)
    texts = {
        "Pulumi.yaml": f"name: {name}\ndescription: Deploys {name} to a Docker host\n"
        "runtime: python\n",
        "__main__.py": _PROGRAM,
        f"Pulumi.{name}.yaml": stack_file_text(found),
    }
    target = root / FOLDER
    draft = root / f".{FOLDER}.new"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        for file, text in texts.items():
            (draft / file).write_text(text, encoding="utf-8")
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise UserError(f"{target} can't be written: {error.strerror}") from None
    return [target / file for file in texts]


def stack_file_text(found: Findings) -> str:
    """The stack's file: a line for each key at the top."""
    lines = ["config:"]
    lines += [f"  {key}: {_flow(value)}" for key, value in found.config().items()]
    if found.seeds.perhaps:
        lines.append(f"  # seed: {_flow([*found.seeds.sure, *found.seeds.perhaps])}")
    return "\n".join([*lines, ""])


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()

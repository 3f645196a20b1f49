"""Finds its way around a Django project that it has never seen, without importing it."""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError

SKIPPED = {"node_modules", "venv", "env", "__pycache__", "site-packages"}
"""Folders that hold nothing of a project's own; so do those whose name begins with a dot."""
_REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
)
# Other tools' files, and how what they lock is had as requirements.
_EXPORTS = (
    ("Pipfile", "pipenv requirements > requirements.txt"),
    ("pdm.lock", "pdm export --prod --format requirements --output requirements.txt"),
    (
        "poetry.lock",
        "poetry self add poetry-plugin-export && "
        "poetry export --format requirements.txt --output requirements.txt",
    ),
    ("setup.py", "uv pip compile setup.py --output-file requirements.txt"),
)
_INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)")
_LOCAL = re.compile(
    r"^\s*(?:(?:-e|--editable|-f|--find-links)[\s=](?!\s*https?:)|\.{0,2}/|file:|\.$)|@\s*(?:file:|\.)"
)
_NAMES_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*(?:,|\]\s*=)\s*[\"']([\w.]+)[\"']")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Django project on disk.

    Attributes:
        root: the project's folder, absolute.
        python_path: the folder inside `root` from which its modules import; "" is `root` itself.
        requirements: the file that declares its dependencies, relative to `root`; "" if there is
            none, which only a Dockerfile of the project's own can do without.
        dependency_files: all that installing them reads, relative to `root`; None if that is the
            whole project, because it requires itself or another folder of its own.
    """

    root: Path
    python_path: str
    requirements: str
    dependency_files: tuple[str, ...] | None


def find_project(
    app_path: Path, *, settings_module: str, python_path: str = "", requirements: str = ""
) -> Project:
    """Look at a project's files and find where its modules and its dependencies are.

    Args:
        app_path: the project's folder.
        settings_module: dotted name of its settings module, which has to exist.
        python_path: the folder inside `app_path` that modules import from; "" finds it.
        requirements: the file inside `app_path` that declares dependencies; "" finds it.

    Raises:
        UserError: if there is no such folder, no such settings module or no such file, or the
            dependencies can't be read.
    """
    root = app_path.resolve()
    if not root.is_dir():
        raise UserError(
            f"app.path is {str(app_path)!r}: there is no such folder",
            [
                "`pulumi config set --path app.path FOLDER -s STACK`, relative to Pulumi.yaml or "
                "absolute"
            ],
        )
    found = _find_python_path(root, settings_module, python_path)
    file = _find_requirements(root, found, requirements)
    return Project(
        root=root,
        python_path=found,
        requirements=file,
        dependency_files=_dependency_files(root, file) if file else (),
    )


def export(root: Path, python_path: str) -> list[str]:
    """How to have the dependencies of another tool as requirements; nothing if none is known."""
    return [
        f"`{command}` makes one of what {name} has" for name, command in exports(root, python_path)
    ]


def exports(root: Path, python_path: str) -> list[tuple[str, str]]:
    """Another tool's file, and the command that makes requirements of it; nothing if none is known.

    Args:
        root: the project's folder, where the command is to be run.
        python_path: the folder inside it that modules import from.
    """
    for folder in dict.fromkeys(("", python_path)):
        pyproject = root / folder / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8") if pyproject.is_file() else ""
        poetry = "[tool.poetry" in text
        for name, command in _EXPORTS:
            if (root / folder / name).is_file() or (poetry and name == "poetry.lock"):
                where = f"cd {folder} && " if folder else ""
                return [(name, f"{where}{command}")]
    return []


def unread_lock(project: Project) -> list[str]:
    """How to have what another tool has locked, where the dependencies are read beside it."""
    folder = Path(project.requirements).parent
    if not project.requirements.endswith("pyproject.toml"):
        return []
    locks = [name for name, _ in _EXPORTS if name.endswith(".lock")]
    found = [name for name in locks if (project.root / folder / name).is_file()]
    if not found or (project.root / folder / "uv.lock").is_file():
        return []
    return export(project.root, "" if str(folder) == "." else folder.as_posix())


def _find_python_path(root: Path, settings_module: str, configured: str) -> str:
    candidates = [configured] if configured else ["", *manage_folders(root), "src"]
    for candidate in candidates:
        if module_exists(root / candidate, settings_module):
            return candidate
    places = [candidate or "." for candidate in candidates]
    raise UserError(
        f"app.settings is {settings_module!r}: no such module in {root}",
        [
            f"looked for it in {', '.join(dict.fromkeys(f'{place}/' for place in places))}",
            _suggestion(root),
        ],
    )


def _suggestion(root: Path) -> str:
    named = sorted(
        {module for folder in manage_folders(root) for module in named_settings(root, folder)}
    )
    if named:
        return (
            f"manage.py names {', '.join(named)}: `pulumi config set --path app.settings "
            f"{named[0]} -s "
            "STACK`, or a sibling of it"
        )
    return (
        "there is no manage.py either: is app.path a Django project? "
        "`pulumi config set --path app.path FOLDER -s STACK`, and `pulumi config set --path "
        "app.pythonPath FOLDER -s "
        "STACK` if its modules are in a folder inside it"
    )


def named_settings(root: Path, folder: str) -> Iterator[str]:
    """The settings module that a folder's manage.py names, if it names one."""
    yield from settings_named_in(root / folder / "manage.py")


def settings_named_in(file: Path) -> Iterator[str]:
    """The settings module that a file puts into the environment, if it does."""
    found = _NAMES_SETTINGS.search(file.read_text(encoding="utf-8", errors="replace"))
    if found:
        yield found.group(1)


def manage_folders(root: Path, depth: int = 3) -> list[str]:
    """The folders of a project that have a manage.py, relative to it; "" is its own."""
    folders = []
    for here, below, files in os.walk(root):
        relative = Path(here).relative_to(root)
        level = len(relative.parts)
        below[:] = sorted(
            d for d in below if level < depth and d not in SKIPPED and not d.startswith(".")
        )
        if "manage.py" in files:
            folders.append("" if level == 0 else relative.as_posix())
    return folders


def module_exists(folder: Path, module: str) -> bool:
    """A folder that modules import from has this one, by its dotted name."""
    path = folder.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _find_requirements(root: Path, python_path: str, configured: str) -> str:
    if configured:
        if (root / configured).is_file():
            return configured
        raise UserError(
            f"app.requirements is {configured!r}: there is no such file in {root}",
            [
                "`pulumi config set --path app.requirements FILE -s STACK`, or `pulumi config rm "
                "--path app.requirements "
                "-s STACK` to have it found"
            ],
        )
    folders = dict.fromkeys(["", python_path])
    candidates = [f"{d}/{name}".lstrip("/") for d in folders for name in _REQUIREMENTS]
    candidates += [f"{d}/pyproject.toml".lstrip("/") for d in folders]
    for candidate in candidates:
        if (root / candidate).is_file() and _declares_dependencies(root / candidate):
            return candidate
    return ""


def _declares_dependencies(file: Path) -> bool:
    if file.name != "pyproject.toml":
        return True
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} is no valid TOML: {error}") from None
    return "dependencies" in project or "dependencies" in project.get("dynamic", [])


def _dependency_files(root: Path, file: str) -> tuple[str, ...] | None:
    if file.endswith("pyproject.toml"):
        return _pyproject_files(root, file)
    files: dict[str, None] = {}
    pending = [file]
    while pending:
        current = pending.pop()
        if current in files:
            continue
        files[current] = None
        text = (root / current).read_text(encoding="utf-8", errors="replace")
        if any(_LOCAL.search(line) for line in text.splitlines()):
            return None
        pending += list(_includes(root, current, text))
    return tuple(files)


def _includes(root: Path, file: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _INCLUDE.match(line)
        if not found or "://" in found.group(1):
            continue
        included = os.path.normpath(Path(file).parent / found.group(1))
        if included.startswith("..") or not (root / included).is_file():
            raise UserError(f"{file}, line {number} includes {included!r}: no such file in {root}")
        yield included


def _has_local_sources(pyproject: dict[str, Any]) -> bool:
    required = pyproject["project"].get("dependencies", [])
    named = pyproject.get("tool", {}).get("uv", {}).get("sources", {}).values()
    sources = [one for entry in named for one in (entry if isinstance(entry, list) else [entry])]
    return any(_LOCAL.search(line) for line in required) or any(
        {"path", "workspace"} & set(source) for source in sources
    )


def _pyproject_files(root: Path, file: str) -> tuple[str, ...] | None:
    data = tomllib.loads((root / file).read_text(encoding="utf-8"))
    if "dependencies" in data["project"].get("dynamic", []) or _has_local_sources(data):
        return None
    lock = str(Path(file).with_name("uv.lock"))
    above = any((root / folder / "uv.lock").is_file() for folder in Path(file).parent.parents)
    if "workspace" in data.get("tool", {}).get("uv", {}) or (above and not (root / lock).is_file()):
        # A workspace is locked as a whole, in its root.
        return None
    return (file, lock) if (root / lock).is_file() else (file,)

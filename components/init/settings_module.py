"""Which of a project's settings modules is for production, told from names and files alone."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..image.project import manage_folders, module_exists, named_settings, settings_named_in
from ..own_commands import PROGRAM

_PRODUCTION = re.compile(r"(?:^|_)(?:production|prod|live)(?:_|$)")
_NOT_PRODUCTION = re.compile(
    r"(?:^|_)(?:base|common|dev|develop|development|local|test|tests|testing|ci)(?:_|$)"
)
_CHOOSE = f"say which one: `python -m {PROGRAM} init --settings MODULE`"


@dataclass(frozen=True)
class Found:
    """A settings module.

    Attributes:
        module: its dotted name.
        why: what speaks for it.
    """

    module: str
    why: str


def find_settings(root: Path, chosen: str = "") -> Found:
    """The settings module for production: that which manage.py names, or a sibling of it.

    Args:
        root: the project's folder.
        chosen: the one that somebody named; "" finds it.

    Raises:
        UserError: there is none, or it can't be told which of several it is.
    """
    folders = manage_folders(root)
    if chosen:
        return _chosen(root, folders, chosen)
    if not folders:
        raise UserError(
            f"there is no manage.py in {root}: nothing was written",
            [f"is it a Django project? `python -m {PROGRAM} init PATH` takes its folder", _CHOOSE],
        )
    named = [(module, folder) for folder in folders for module in named_settings(root, folder)]
    if not named:
        raise UserError(
            f"manage.py in {root} names no settings module: nothing was written", [_CHOOSE]
        )
    if len({module for module, _ in named}) > 1:
        modules = [module for module, _ in named]
        raise _several(root, modules, "each is named by a manage.py", [f for _, f in named])
    _refuse_several_folders(root, named[0][0], [folder for _, folder in named])
    module, folder = named[0]
    if not module_exists(root / folder, module):
        raise UserError(
            f"manage.py names {module}, and there is no such module in {root / folder}: nothing "
            "was written",
            [_CHOOSE],
        )
    return _of_production(root, root / folder, module)


def _chosen(root: Path, folders: list[str], module: str) -> Found:
    candidates = dict.fromkeys(["", *folders, "src"])
    places = [folder for folder in candidates if module_exists(root / folder, module)]
    if not places:
        searched = [f"{folder or '.'}/" for folder in candidates]
        known = sorted({m for folder in folders for m in named_settings(root, folder)})
        raise UserError(
            f"there is no module {module} in {root}: nothing was written",
            [
                f"looked for it in {', '.join(searched)}",
                *([f"manage.py names {', '.join(known)}"] if known else []),
                _CHOOSE,
            ],
        )
    _refuse_several_folders(root, module, places)
    return Found(module, "you named it")


def _refuse_several_folders(root: Path, module: str, folders: list[str]) -> None:
    """Raises UserError where one name means a module of several projects."""
    if len(folders) > 1 and "" not in folders:
        raise UserError(
            f"{root} has several projects with settings called {module}: nothing was written",
            [f"they are in {', '.join(f'{folder}/' for folder in folders)}", _in_one(folders)],
        )


def _in_one(folders: list[str]) -> str:
    each = " or ".join(f"`python -m {PROGRAM} init {folder or '.'}`" for folder in folders)
    return f"say which project: {each}"


def _of_production(root: Path, folder: Path, module: str) -> Found:
    siblings = _siblings(folder, module)
    production = [name for name in siblings if _PRODUCTION.search(_last(name))]
    others = [name for name in siblings if name != module]
    served = [n for n in _served(folder) if n in siblings and not _NOT_PRODUCTION.search(_last(n))]
    if len(production) != 1 and len(served) == 1 and served != [module]:
        return Found(served[0], f"manage.py names {module}, and wsgi.py this one")
    if len(production) > 1:
        raise _several(root, production, "each looks like one for production")
    if production == [module]:
        return Found(module, "manage.py names it")
    if production:
        return Found(production[0], f"manage.py names {module}, and beside it this is production's")
    if others and _NOT_PRODUCTION.search(_last(module)):
        raise _several(root, siblings, "none looks like the one for production")
    return Found(module, "manage.py names it")


def _served(folder: Path) -> list[str]:
    """The settings modules that a project's wsgi.py and asgi.py name."""
    files = [file for name in ("wsgi", "asgi") for file in sorted(folder.glob(f"*/{name}.py"))]
    return sorted({module for file in files for module in settings_named_in(file)})


def _siblings(folder: Path, module: str) -> list[str]:
    """The settings modules that belong together with one, itself included."""
    above, _, last = module.rpartition(".")
    prefix = f"{above}." if above else ""
    here = folder.joinpath(*above.split(".")) if above else folder
    own = here / last
    found = {module}
    if own.is_dir():
        # shop.settings is a package: it is either the settings itself, or only holds them.
        found |= {f"{module}.{file.stem}" for file in own.glob("[!_]*.py") if _kind(file.stem)}
    elif "settings" in _last(above):
        found |= {f"{prefix}{file.stem}" for file in here.glob("[!_]*.py")}
    else:
        found |= {f"{prefix}{file.stem}" for file in here.glob("*settings*.py")}
    return sorted(found)


def _kind(name: str) -> bool:
    return bool(_PRODUCTION.search(name))


def _last(module: str) -> str:
    return module.rpartition(".")[2].lower()


def _several(
    root: Path, modules: list[str], why: str, folders: list[str] | None = None
) -> UserError:
    return UserError(
        f"{root} has several settings modules, and {why}: nothing was written",
        [
            f"there are {', '.join(sorted(modules))}",
            _CHOOSE,
            *([_in_one(folders)] if folders else []),
        ],
    )

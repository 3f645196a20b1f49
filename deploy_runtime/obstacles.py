"""All that a project misses, at once: further variables and modules, beyond the first.

A settings module ends at the first variable that is not set. So it is loaded again, each time in a
process of its own, with what was missing until then made up, until something else is wrong or
nothing is: `python -m deploy_runtime.obstacles`. What is found that way is told, and never built.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import explain

_ASSUMED = "DEPLOY_ASSUMED"
_MOST = 15
_SECONDS = 60
# Read as a number, as a truth value and as text; what it stands for is never used.
_VALUE = "1"

Missing = tuple[str, str]


def further(error: BaseException) -> list[str]:
    """What is missing besides what an error says is missing, each with what to do about it.

    Args:
        error: what loading the project ended with.
    """
    first = explain.missing(error)
    found = [first] if first else []
    while found and len(found) < _MOST:
        following = _next(found)
        if following is None or following in found:
            break
        found.append(following)
    return [explain.remedy_of(missing) for missing in found[1:]]


def _next(assumed: Sequence[Missing]) -> Missing | None:
    environ = {**os.environ, _ASSUMED: json.dumps(assumed)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.obstacles"],
            env=environ,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        kind, name = json.loads(done.stdout.decode().strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError, TypeError):
        return None
    return kind, name


class _Pretended(ModuleType):
    """A module of which everything can be asked, called and inherited from."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Anything,), {})


class _Anything:
    def __init__(self, *_args: object, **_options: object) -> None: ...

    def __call__(self, *_args: object, **_options: object) -> "_Anything":
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything()


class _Finder(MetaPathFinder, Loader):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = set(names)

    def find_spec(self, fullname: str, *_rest: object) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self.names:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Pretended(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def main() -> int:
    """Load the project with all that is assumed; print what is missing next."""
    assumed = [(kind, name) for kind, name in json.loads(os.environ.pop(_ASSUMED, "[]"))]
    os.environ.update({name: _VALUE for kind, name in assumed if kind == "variable"})
    sys.meta_path.append(_Finder([name for kind, name in assumed if kind == "module"]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    missing = None
    try:
        import django

        django.setup()
        from . import wsgi  # noqa: F401 - importing it is the check
    except (Exception, SystemExit) as error:
        missing = explain.missing(error)
    print(json.dumps(missing))
    return 0


if __name__ == "__main__":
    sys.exit(main())

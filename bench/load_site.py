"""A copy of the example site that the load can be put on: its releases, and how they go wrong.

The same files are changed in the same way, whoever deploys the copy.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.process import BenchError

ROOT = Path(__file__).parents[1]
APP = ROOT / "bench" / "load_app"
SETTINGS = """
INSTALLED_APPS = ["load_app", *INSTALLED_APPS]
MIDDLEWARE = ["load_app.middleware.ReleaseMiddleware", *MIDDLEWARE]
"""
# Before the site's own: one of those takes any word.
URLS = """
urlpatterns = [path("-load/", include("load_app.urls")), *urlpatterns]
"""
# Not while the image is built or migrate runs: what can be found out there is found there.
_SERVING = 'import sys\n\nif "gunicorn" in sys.argv[0]:\n    '
_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("load_app", "{before}")]
    operations = [
        migrations.{operation},
    ]
"""
_ADDED = 'AddField("entry", "{field}", models.CharField(max_length=20, null=True))'
_RAISES = "RunPython(lambda apps, editor: {}[editor.connection.vendor])"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A way in which a release is broken.

    Attributes:
        what: in words.
        file: which file of the site it is in; none for one that is a migration.
        text: what is appended to that file.
    """

    what: str
    file: str = ""
    text: str = ""


FAULTS: Mapping[str, Fault] = {
    "crash": Fault(
        what="crashes at boot",
        file="load_app/middleware.py",
        text=f'{_SERVING}raise RuntimeError("the lamp is out")',
    ),
    "migration": Fault(what="a migration raises"),
    "build": Fault(
        what="a static file is missing",
        file="lanterna/static/css/site.css",
        text='.lost { background: url("lost.svg") }',
    ),
    "hang": Fault(
        what="hangs at boot",
        file="load_app/middleware.py",
        text=f"import time\n{_SERVING}time.sleep(3600)",
    ),
    "unhealthy": Fault(
        what="is never healthy",
        file="lanterna/health.py",
        text="def health() -> JsonResponse:\n    return JsonResponse({}, status=503)",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Update:
    """One update of a plan.

    Attributes:
        release: the release that it brings.
        fault: which of `FAULTS` that has; none, and it is to serve.
        migrates: whether a migration is pending, one that the release before can live with.
    """

    release: str
    fault: str = ""
    migrates: bool = False

    @property
    def what(self) -> str:
        """What the release is, in words."""
        if self.fault:
            return FAULTS[self.fault].what
        return "adds a column" if self.migrates else "a line of code"


def plan(updates: int, failing: int) -> list[Update]:
    """Updates of which some fail, at even distances, each in another way; the last one is good.

    Raises:
        BenchError: there can't be so many that fail.
    """
    if not 0 <= failing <= updates // 2:
        raise BenchError(
            f"{failing} of {updates} updates can't fail: after each that does comes one that "
            "doesn't, so that up to half of them can"
        )
    faults = {
        (number + 1) * updates // (failing + 1): list(FAULTS)[number % len(FAULTS)]
        for number in range(failing)
    }
    return [
        Update(
            release=str(index + 1),
            fault=faults.get(index, ""),
            migrates=index not in faults and index % 3 == 0,
        )
        for index in range(updates)
    ]


class LoadSite:
    """The copy.

    Args:
        folder: a copy of the example site, which gets the load's app.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app = folder / APP.name
        shutil.copytree(APP, self._app, ignore=shutil.ignore_patterns("__pycache__"))
        self._before: dict[Path, bytes | None] = {}
        self._append("lanterna/settings.py", SETTINGS)
        self._append("lanterna/urls.py", URLS)
        self._before = {}

    def stage(self, update: Update) -> None:
        """Make the copy the release that an update brings."""
        self._before = {}
        if update.migrates:
            field = f"added_{update.release}"
            added = f"    {field} = models.CharField(max_length=20, null=True)"
            self._append("load_app/models.py", added)
            self._migration(update, _ADDED.format(field=field))
        if update.fault == "migration":
            self._migration(update, _RAISES)
        elif update.fault:
            fault = FAULTS[update.fault]
            self._append(fault.file, fault.text)
        self._write(self._app / "release.py", f'RELEASE = "{update.release}"\n'.encode())

    def mend(self) -> None:
        """Take back what the last update brought."""
        for path, content in self._before.items():
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
        self._before = {}

    def _migration(self, update: Update, operation: str) -> None:
        folder = self._app / "migrations"
        last = max(path.stem for path in folder.glob("0*.py"))
        text = _MIGRATION.format(before=last, operation=operation)
        self._write(folder / f"{int(last[:4]) + 1:04}_{update.release}.py", text.encode())

    def _append(self, file: str, text: str) -> None:
        path = self._folder / file
        self._write(path, path.read_bytes() + f"\n{text}\n".encode())

    def _write(self, path: Path, content: bytes) -> None:
        if path not in self._before:
            self._before[path] = path.read_bytes() if path.exists() else None
        path.write_bytes(content)

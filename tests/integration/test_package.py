"""The wheel that the repository builds deploys a project by what `init` writes beside it."""

import os
import re
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.visitor import free_port
from tests.integration.harness import ROOT, Browser, Run, Site, changed, commit, run
from toolchain.development import BUILD

FILES = {
    "manage.py": """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stall.settings")
execute_from_command_line(sys.argv)
""",
    "requirements.txt": "django>=5.2,<5.3\n",
    "stall/__init__.py": "",
    "stall/settings.py": 'ROOT_URLCONF = "stall.urls"\nINSTALLED_APPS = []\nMIDDLEWARE = []\n',
    "stall/urls.py": """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("fresh today"))]
""",
}


@dataclass
class Stall(Site):
    """A project in whose repository the installed program deploys, with a home of its own.

    Attributes:
        python: the interpreter that the wheel is installed for.
    """

    python: str = ""

    def __post_init__(self) -> None:
        for name, text in FILES.items():
            file = self.folder.parent / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.port = free_port()
        state = self.folder.parents[1] / "state"
        own = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
        self.env = {name: value for name, value in os.environ.items() if name not in own}
        self.env |= {"XDG_STATE_HOME": str(state), "HOME": str(state)}
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        self.env["XDG_CACHE_HOME"] = cache

    def program(self, *words: str) -> Run:
        """Run one of the installed program's commands, in the project's folder."""
        command = [self.python, "-m", "django_on_docker", *words]
        return run(command, cwd=self.folder.parent, env=self.env, timeout=600)

    def activate(self) -> None:
        """As a shell does it by the command that `up` names."""
        said = subprocess.run(
            ["bash", "-c", f'eval "$({self.python} -m django_on_docker env)"; env -0'],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            check=True,
        )
        self.env = dict(line.split("=", 1) for line in said.stdout.decode().split("\0") if line)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built twice, and alike."""
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    builds = []
    for name in ("first", "second"):
        folder = tmp_path_factory.mktemp(name)
        subprocess.run([sys.executable, *BUILD, "-d", folder], cwd=ROOT, env=env, check=True)
        builds.append({file.name: file.read_bytes() for file in sorted(folder.iterdir())})
    assert builds[0] == builds[1]
    assert {Path(name).suffix for name in builds[0]} == {".whl", ".gz"}
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that the wheel is installed for; what it requires is taken from the tests'."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = (folder / "bin/pip", "install", "--no-deps", "--no-index", "--quiet", wheel)
    subprocess.run(pip, check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "required.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(folder / "bin/python")


@pytest.fixture(scope="module")
def stall(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stall]:
    name = f"t-package-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp("package") / name / "deploy"
    site = Stall(folder=folder, deployment=name, stack=name, python=python)
    yield site
    site.remove_everything()


def files_of(stall: Stall) -> set[str]:
    found = (file for file in stall.folder.parent.rglob("*") if file.is_file())
    named = {file.relative_to(stall.folder.parent).as_posix() for file in found}
    # Whether Python keeps what it has compiled is the machine's choice.
    mine = (name for name in named if "__pycache__" not in name)
    return {name for name in mine if not name.startswith(("deploy/.build/", ".git/"))}


@pytest.mark.essential("an installed package")
def test_the_wheel_deploys_what_init_wrote(stall: Stall) -> None:
    said = stall.program("init")
    assert said.code == 0, said.output
    written = {f"deploy/{name}" for name in ("Pulumi.yaml", "__main__.py")}
    config = stall.folder / f"Pulumi.{stall.stack}.yaml"
    assert files_of(stall) == {*FILES, *written, f"deploy/{config.name}"}
    lines = sum(len((stall.folder.parent / file).read_text().splitlines()) for file in written)
    assert lines + len(config.read_text().splitlines()) <= 30
    config.write_text(f"{config.read_text()}  site: {{port: {stall.port}}}  # for now\n")
    # As people commit it: without this repository's .gitignore.
    commit(stall.folder.parent, ignored=False)

    said = stall.program("up")
    assert said.code == 0, said.output
    assert changed(stall.folder.parent) == ""
    assert stall.url in said.output
    assert Browser(stall.url).get("/") == (200, "fresh today")
    assert files_of(stall) == {*FILES, *written, f"deploy/{config.name}"}


def test_plain_pulumi_goes_on(stall: Stall) -> None:
    stall.activate()
    run = stall.up()
    assert set(run.changes()) == {"unchanged"}, run.output
    said = stall.program("ledger")
    assert said.code == 0, said.output
    assert "migrate" in said.output
    stall.destroy()
    with pytest.raises(OSError, match="refused"):
        Browser(stall.url).get("/")


def test_init_leaves_alone_what_is_there(stall: Stall) -> None:
    before = files_of(stall)
    said = stall.program("init")
    assert said.code == 1
    assert "is there already: nothing was written" in said.output
    assert files_of(stall) == before


TWO_SITES = """\
import pulumi
import pulumi_command as command
from django_on_docker import AppKeys, DjangoSite, DjangoSiteArgs, SiteKeys

app = AppKeys(path="..", settings="stall.settings")
quiet = command.local.Logging.NONE
token = command.local.Command("token", create="printf tok-12345", logging=quiet)
one = DjangoSite("{name}", DjangoSiteArgs(app=app, data="create", site=SiteKeys(port={one})))
two = DjangoSite(
    "two",
    DjangoSiteArgs(app=app, data="create", deployment="{name}-two", site=SiteKeys(port={two})),
    secrets={{"TOKEN": token.stdout}},
)
pulumi.export("two", two.url)
"""


@pytest.fixture
def pair(python: str, tmp_path: Path) -> Iterator[tuple[Stall, Stall]]:
    """A stack, and its second site."""
    name = f"t-pair-{secrets.token_hex(3)}"
    folder = tmp_path / name / "deploy"
    folder.mkdir(parents=True)
    site = Stall(folder=folder, deployment=name, stack=name, python=python)
    second = Stall(folder=folder, deployment=f"{name}-two", stack=name, python=python)
    yield site, second
    for each in (site, second):
        each.remove_everything()


def test_two_sites_are_components_of_a_program(pair: tuple[Stall, Stall]) -> None:
    site, second = pair
    program = TWO_SITES.format(name=site.deployment, one=site.port, two=second.port)
    (site.folder / "__main__.py").write_text(program)
    (site.folder / "Pulumi.yaml").write_text(f"name: {site.deployment}\nruntime: python\n")
    site.activate()
    site.pulumi("stack", "init", site.stack, check=True)
    run = site.up()
    assert "tok-12345" not in run.output
    for each in pair:
        assert Browser(each.url).get("/") == (200, "fresh today")
    assert second.url in site.outputs().values()
    assert set(site.up(preview=True).changes()) == {"unchanged"}
    looked_after(site, second)
    site.destroy()


def looked_after(site: Stall, second: Stall) -> None:
    """Each of two sites is reached by its own name or its deployment's, and neither by chance."""
    for words in (["status"], ["doctor", "--site", "blog"]):
        unclear = site.program(*words)
        assert unclear.code == 1
        assert re.search(r"has (several sites|no site 'blog')", unclear.output), unclear.output
        named = f"use --site with one of: {site.deployment}, {second.deployment} (site two)"
        assert named.lower() in unclear.output.lower(), unclear.output
    for named, each in ((site.deployment, site), ("two", second), (second.deployment, second)):
        status = site.program("status", "--site", named)
        assert status.code == 0, status.output
        assert f"{each.deployment}-edge" in status.output
    logs = site.program("logs", "--site", "two")
    assert "Listening at" in logs.output, logs.output
    checked = site.program("manage", "--site", "two", "--", "check")
    assert "no issues" in checked.output, checked.output
    well = site.program("doctor", "--site", "two")
    assert (well.code, well.output.splitlines()[-1]) == (0, "nothing is wrong"), well.output
    recovered = site.program("recover")
    assert "all of its sites" in recovered.output
    assert "Nothing to recover" in recovered.output, recovered.output

"""The wheel that the repository builds deploys a project by what `init` writes beside it."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.visitor import free_port
from tests import ci_examples
from tests.integration.harness import Browser, Run, changed, commit, run
from tests.integration.installed import Installed, build

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
class Stall(Installed):
    """A project in whose repository the installed program deploys, with a home of its own."""

    def __post_init__(self) -> None:
        for name, text in FILES.items():
            file = self.project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.port = free_port()
        passphrase = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
        # Nor what somebody has set who wants no bytecode anywhere: most people have not.
        own = ("PULUMI_BACKEND_URL", *passphrase, "PYTHONDONTWRITEBYTECODE")
        self.env = {name: value for name, value in os.environ.items() if name not in own}
        self.env |= {"XDG_STATE_HOME": str(self.state), "HOME": str(self.state)}
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        self.env["XDG_CACHE_HOME"] = cache


@pytest.fixture(scope="module")
def built_alike(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A second build came to the same."""
    again = build(tmp_path_factory.mktemp("again"))
    builds = [
        {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
        for folder in (wheel.parent, again.parent)
    ]
    assert builds[0] == builds[1]
    assert {Path(name).suffix for name in builds[0]} == {".whl", ".gz"}


@pytest.fixture(scope="module")
def stall(
    python: str, built_alike: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stall]:
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


def test_a_python_that_is_too_old_gets_no_wheel(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    words = ["--no-index", "--no-deps", "--python-version", "3.10", "--target", folder, wheel]
    command = [Path(sys.prefix, "bin/uv"), "pip", "install", *words]
    done = run([*map(str, command)], cwd=tmp_path, env=os.environ, timeout=60)
    assert done.code != 0
    # uv breaks lines where a terminal would: a longer path, another place.
    assert "does not satisfy Python>=3.11" in " ".join(done.output.split())
    assert not folder.exists() or not [*folder.glob("django_on_docker*")]


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


@dataclass(frozen=True)
class Runner:
    """A machine of CI's: a clone of the application's repository, and a home that is thrown away.

    Attributes:
        stall: what it deploys.
        clone: the clone.
        home: the home.
    """

    stall: Stall
    clone: Path
    home: Path

    def values(self, passphrase: str) -> dict[str, str]:
        """What the expressions of GitHub's example stand for."""
        return {
            "secrets.PULUMI_CONFIG_PASSPHRASE": passphrase,
            "secrets.AWS_ACCESS_KEY_ID": "of no use for a folder",
            "secrets.AWS_SECRET_ACCESS_KEY": "of no use for a folder",
            "secrets.DEPLOY_KEY": "a key",
            "vars.KNOWN_HOSTS": "web1.example.org ssh-ed25519 AAAA",
            "github.token": "a token",
            "github.event.pull_request.number": "7",
        }

    @property
    def passphrase(self) -> str:
        """The one that the state was begun with."""
        return (self._state / "passphrase").read_text().strip()

    @property
    def _state(self) -> Path:
        return Path(self.stall.env["XDG_STATE_HOME"]) / "django-on-docker"

    def run(self, script: ci_examples.Script, **variables: str) -> Run:
        """Run an example's lines as its service would, but for names and what is far away."""
        mine = {
            "STACK": self.stall.stack,
            "PULUMI_BACKEND_URL": f"file://{self._state / 'pulumi'}",
            "XDG_CACHE_HOME": self.stall.env["XDG_CACHE_HOME"],
            "XDG_STATE_HOME": str(self.home / "state"),
            "HOME": str(self.home),
            "RUNNER_TEMP": str(self.home),
            "GITHUB_REPOSITORY": "example/stall",
            "PATH": f"{self._pretended()}:{Path(self.stall.python).parent}:{os.environ['PATH']}",
        }
        env = {**os.environ, **script.env, **mine, **variables}
        for name in ("DOCKER_HOST", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE_FILE"):
            env.pop(name, None)
        if "DOCKER_HOST" in os.environ:
            env["DOCKER_HOST"] = os.environ["DOCKER_HOST"]
        # The examples name the last release, and what was built here is on its way to the next.
        [wheel] = (self.clone / "deploy").glob("*.whl")
        text = re.sub(r"django_on_docker-\S+?\.whl", wheel.name, script.text)
        return run([*script.words, text], cwd=self.clone, env=env, timeout=600)

    def comment(self) -> str:
        """What was commented last."""
        return (self.home / "commented").read_text()

    def _pretended(self) -> Path:
        """Programs in place of those that would speak to the service, or change the machine."""
        folder = self.home / "pretended"
        folder.mkdir(exist_ok=True)
        for name in ("gh", "curl", "apt-get"):
            file = folder / name
            file.write_text(PRETENDED)
            file.chmod(0o755)
        return folder


# Keeps the file that it is told to send.
PRETENDED = """\
#!/bin/sh
for word; do
  case $last:$word in
    --body-file:*) cp "$word" "$HOME/commented" ;;
    --data-urlencode:body@*) cp "${word#body@}" "$HOME/commented" ;;
  esac
  last=$word
done
"""


@pytest.fixture(scope="module")
def runner(stall: Stall, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    clone = tmp_path_factory.mktemp("runner") / stall.folder.parent.name
    words = ["git", "clone", "--quiet", str(stall.folder.parent), str(clone)]
    subprocess.run(words, check=True)
    shutil.copy(wheel, clone / "deploy")
    return Runner(stall, clone, tmp_path_factory.mktemp("home"))


def test_github_comments_on_what_a_pull_request_would_do(stall: Stall, runner: Runner) -> None:
    config = runner.clone / f"deploy/Pulumi.{stall.stack}.yaml"
    good = config.read_text()
    scripts = [*ci_examples.github("preview", runner.values(runner.passphrase))]
    runs = [runner.run(script) for script in scripts]
    assert [run.code for run in runs] == [0] * 3, "\n".join(run.output for run in runs)
    key = runner.home / ".ssh/id_ed25519"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("a key\n", 0o600)
    assert runner.comment().startswith(f"Preview of {stall.stack}:\n\n~~~\n")
    assert "this up: nothing to do" in runner.comment()
    config.write_text(f"{good}  sit: {{port: 1}}\n")
    failed = runner.run(scripts[-1])
    config.write_text(good)
    assert failed.code != 0
    assert runner.comment().startswith(f"**Preview of {stall.stack}: failed**\n")
    assert "did you mean site" in runner.comment()


def test_a_runner_without_the_passphrase_changes_nothing(stall: Stall, runner: Runner) -> None:
    first, *_ = ci_examples.github("deploy", runner.values(""))
    refused = runner.run(first)
    assert refused.code != 0
    assert "PULUMI_CONFIG_PASSPHRASE: is no secret of this environment" in refused.output
    *_, last = ci_examples.github("deploy", runner.values("not the right one"))
    refused = runner.run(last)
    assert refused.code != 0
    assert "incorrect passphrase" in refused.output
    assert "encrypted with another passphrase than yours" in refused.output
    script = ci_examples.gitlab("up")
    key = {"DEPLOY_KEY": str(runner.home / ".ssh/id_ed25519"), "KNOWN_HOSTS": "x"}
    refused = runner.run(script, **key)
    assert refused.code != 0
    assert "PULUMI_CONFIG_PASSPHRASE: is no variable of this environment" in refused.output
    assert tracked(runner.clone) == ""
    assert not (runner.home / "state/django-on-docker/passphrase").exists()


def test_gitlab_deploys_what_was_merged(stall: Stall, runner: Runner) -> None:
    key = runner.home / "deploy-key"
    key.write_text("a key\n")
    given = {
        "PULUMI_CONFIG_PASSPHRASE": runner.passphrase,
        "DEPLOY_KEY": str(key),
        "KNOWN_HOSTS": "web1.example.org ssh-ed25519 AAAA",
        **dict.fromkeys(("GITLAB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID"), "x"),
        "CI_MERGE_REQUEST_IID": "7",
    }
    previewed = runner.run(ci_examples.gitlab("preview"), **given)
    assert previewed.code == 0, previewed.output
    assert runner.comment().startswith(f"Preview of {stall.stack}:\n\n~~~\n")
    assert "this up: nothing to do" in runner.comment()
    # The next job begins with a clone of its own.
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=runner.clone, check=True)
    run = runner.run(ci_examples.gitlab("up"), **given)
    assert run.code == 0, run.output
    assert set(run.changes()) == {"unchanged"}, run.output
    assert tracked(runner.clone) == ""


def tracked(folder: Path) -> str:
    """What of a repository's own files has changed: a runner's has the wheel besides."""
    words = ["git", "status", "--porcelain", "--untracked-files=no"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


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
    refused(site, program)
    run = site.up(preview=True)
    assert "tok-12345" not in run.output
    assert "DjangoSite two: secrets TOKEN are known only when" in run.output
    previewed, _, _ = run.output.partition("Resources:")
    for each in pair:
        assert re.search(rf"{each.deployment}-edge +create", previewed), previewed
    for each in pair:
        assert Browser(each.url).get("/") == (200, "fresh today")
    assert second.url in site.outputs().values()
    assert set(site.up(preview=True).changes()) == {"unchanged"}
    looked_after(site, second)
    site.destroy()


def refused(site: Stall, program: str) -> None:
    """What is wrong is said in the program's words; also what is known only inside of `apply`."""
    file = site.folder / "__main__.py"
    file.write_text(program.replace(f"port={site.port}", f"prt={site.port}"))
    wrong = site.preview()
    assert f"SiteKeys is called with what it can't take ({file}, line " in wrong.output, (
        wrong.output
    )
    file.write_text(program.replace('data="create", deployment', 'data="existing", deployment'))
    contrary = site.preview()
    assert '`data="create"`' in contrary.output, contrary.output
    for each in (wrong, contrary):
        assert each.code != 0
        assert "Traceback" not in each.output
    file.write_text(program)


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

"""Real deployments for tests: their own copy of the program, state, names and ports."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import docker
import docker.errors
import psutil
from docker.models.containers import Container

from bench.visitor import free_port
from tests.config_keys import key_of

ROOT = Path(__file__).parents[2]
VENV = Path(sys.prefix)
CODE = ("components", "deploy_runtime")
PROGRAM = ("Pulumi.yaml", "__main__.py", *CODE, "stacks", "example")


# What is beside a site that is no part of its repository: its state, what tests write, Python's.
_NOT_CLONED = "/state\n/.venv\n/events.jsonl\n/cut-off.log\n"

KEPT = "-kept-secrets-file"
"""How the name of the step ends that keeps generated secrets."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a command printed, and how it ended."""

    code: int
    output: str

    def changes(self) -> dict[str, int]:
        """The summary's counts, such as ``{"to create": 25}`` or ``{"unchanged": 24}``."""
        _, _, summary = self.output.rpartition("Resources:")
        counts = {}
        # Where several kinds are changed, one line sums them up: "3 changes. 26 unchanged".
        for line in summary.replace(". ", "\n").splitlines():
            words = line.replace("+-", "").strip(" +-~").split(maxsplit=1)
            if len(words) == 2 and words[0].isdigit() and words[1] != "changes":
                counts[words[1]] = int(words[0])
        return counts


@dataclass
class Site:
    """One stack in a copy of the program, on the machine's Docker daemon.

    Attributes:
        folder: the copy of the program.
        deployment: the deployment's name, unlike any other on the machine.
        stack: the stack's name.
        port: a free port on 127.0.0.1.
        checkout: of the program, which is copied.
        venv: the virtual environment that it runs in.
        env: variables beside those of this process, such as where its state is kept.
    """

    folder: Path
    deployment: str
    stack: str = "clean-server"
    port: int = 0
    checkout: Path = ROOT
    venv: Path = VENV
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._copy(*PROGRAM)
        for file in (self.folder / "stacks").glob("*.yaml"):
            forget_secrets(file)
        (self.folder / ".venv").symlink_to(self.venv)
        state = self.folder / "state"
        state.mkdir()
        self.port = self.port or free_port()
        self.env = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "integration tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.env,
        }
        self.env.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        self.pulumi("stack", "init", self.stack, check=True)
        self.configure(deployment=self.deployment, site__port=self.port)

    def _copy(self, *names: str) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3", "media")
        for name in names:
            source, target = self.checkout / name, self.folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def upgrade(self) -> None:
        """Go on with the program of this checkout: what `git pull` does, config left alone."""
        self.checkout, self.venv = ROOT, VENV
        for name in CODE:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._copy("Pulumi.yaml", "__main__.py", *CODE)
        (self.folder / ".venv").unlink()
        (self.folder / ".venv").symlink_to(self.venv)

    @property
    def url(self) -> str:
        """Where the site is published."""
        return f"http://127.0.0.1:{self.port}"

    def pulumi(self, *words: str, check: bool = False, timeout: float = 600) -> Run:
        """Run the Pulumi command line in the copy of the program."""
        run = self._run("pulumi", "--non-interactive", *words, timeout=timeout)
        if check:
            assert run.code == 0, f"pulumi {' '.join(words)}\n{run.output}"
        return run

    def from_another_checkout(self) -> None:
        """Forget what commands left in the copy of the program: a fresh clone knows none of it."""
        shutil.rmtree(self.folder / ".build", ignore_errors=True)

    def clone(self, folder: Path, home: Path) -> "Site":
        """The same stack in a clone of the repository, for somebody with another home."""
        _git(folder, "clone", "--quiet", str(self.folder), ".")
        (folder / ".git/info/exclude").write_text(_NOT_CLONED)
        (folder / ".venv").symlink_to(self.venv)
        other = copy.copy(self)
        other.folder = folder
        engine = os.environ.get("PULUMI_HOME") or str(Path.home() / ".pulumi")
        other.env = {
            **self.env,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "PULUMI_CREDENTIALS_PATH": str(home / "pulumi"),
            "PULUMI_HOME": engine,
        }
        return other

    def pull(self) -> None:
        """Get what was committed where this was cloned."""
        _git(self.folder, "pull", "--quiet", "--ff-only")

    def command(self, name: str, *words: str) -> Run:
        """Run one of the program's own commands, such as ``recover``."""
        return self._run("python3", "-m", f"components.{name}", *words, timeout=300)

    def _run(self, *words: str, timeout: float) -> Run:
        return run(words, cwd=self.folder, env=self.env, timeout=timeout)

    def configure(self, **values: Any) -> None:
        """Set config values; `site__port` is ``site.port``. An empty list unsets its key."""
        texts: dict[str, str] = {}
        for name, value in values.items():
            key = key_of(name)
            if isinstance(value, list | tuple):
                self.unset(key)
                texts |= {f"{key}[{index}]": str(item) for index, item in enumerate(value)}
            elif isinstance(value, Mapping):
                texts |= {f'{key}["{entry}"]': str(item) for entry, item in value.items()}
            else:
                texts[key] = str(value).lower() if isinstance(value, bool) else str(value)
        if texts:
            words = [word for pair in texts.items() for word in ("--plaintext", "=".join(pair))]
            self.pulumi("config", "set-all", "--path", *words, "-s", self.stack, check=True)

    def configure_secret(self, **values: str) -> None:
        """Set secret config values."""
        for name, value in values.items():
            self.set_secret(key_of(name), value)

    def configure_secret_entry(self, key: str, name: str, value: str) -> None:
        """Set one entry of a secret mapping."""
        self.set_secret(f'{key}["{name}"]', value)

    def unset(self, key: str) -> None:
        """Remove a config key, if it is there."""
        self.pulumi("config", "rm", "--path", key, "-s", self.stack)

    def ledger(self) -> list[dict[str, Any]]:
        """What ran on the deployment, oldest first."""
        said = self.command("ledger.show", self.deployment, "--json")
        assert said.code == 0, said.output
        # What it warns of comes before.
        _, brace, text = said.output.partition("{")
        found: list[dict[str, Any]] = json.loads(brace + text)["records"]
        return found

    def set_secret(self, key: str, value: str) -> None:
        """Set what a path of config leads to, encrypted."""
        words = ("config", "set", "--secret", "--path", "-s", self.stack, key, "--", value)
        self.pulumi(*words, check=True)

    def up(self, *, check: bool = True, preview: bool = False) -> Run:
        """Deploy; as people do, who see the preview first, or without it, which is faster."""
        flags = [] if preview else ["--skip-preview"]
        return self.pulumi("up", "--yes", *flags, "-s", self.stack, check=check)

    def preview(self) -> Run:
        """Say what an update would do."""
        return self.pulumi("preview", "-s", self.stack)

    def recover(self, *flags: str) -> Run:
        """The documented recovery."""
        return self.command("recover", self.stack, *flags)

    def restore(self, *words: str) -> Run:
        """List the copies of the database, or put one back."""
        return self.command("data.restore", self.deployment, *words)

    def destroy(self) -> Run:
        """Remove what the stack created, but what is retained."""
        return self.pulumi("destroy", "--yes", "-s", self.stack, check=True)

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs."""
        flags = ["--show-secrets"] if secrets else []
        run = self.pulumi("stack", "output", "--json", "-s", self.stack, *flags, check=True)
        found: dict[str, Any] = json.loads(run.output)
        return found

    def steps(self) -> list[tuple[str, str]]:
        """What each step of the last seeding came to, by its ledger."""
        seeded = [record for record in self.ledger() if record["operation"] == "seed"]
        told = (line.rpartition(" ") for line in seeded[-1]["result"]["steps"])
        return [(step, result) for step, _, result in told]

    def releases(self) -> list[str]:
        """The tags of the releases that are kept, those built last first."""
        return [line.partition(",")[0] for line in self.outputs()["releases"]]

    def results(self) -> set[str]:
        """What the steps came to, each result once."""
        return {result for _, result in self.steps()}

    def config(self, key: str) -> str:
        """One config value, decrypted."""
        return self.pulumi(
            "config", "get", "--path", key, "-s", self.stack, check=True
        ).output.strip()

    def secret(self, key: str) -> str:
        """One of the secrets that were generated."""
        return self.generated_secrets()[key]

    def generated_secrets(self) -> dict[str, str]:
        """The secrets that were generated, as the stack's state has them."""
        exported = self._exported("--show-secrets")["deployment"]["resources"]
        (kept,) = [r for r in exported if r["urn"].endswith(KEPT)]
        found: dict[str, str] = json.loads(json.loads(kept["inputs"]["stdin"]["plaintext"]))
        return found

    def forget_generated_secrets(self) -> None:
        """Let the state be one that never had them; the host keeps them."""
        state = self._exported()
        resources = state["deployment"]["resources"]
        state["deployment"]["resources"] = [
            _without(r, KEPT) for r in resources if not r["urn"].endswith(KEPT)
        ]
        self._import(state)

    @contextmanager
    def without_generated_secrets(self) -> Iterator[None]:
        """While the block runs, neither the state nor the host has them."""
        good = self._exported()
        self.forget_generated_secrets()
        self._move_kept("secrets.json", "away")
        try:
            yield
        finally:
            self._move_kept("away", "secrets.json")
            self._import(good)

    def _exported(self, *flags: str) -> dict[str, Any]:
        run = self.pulumi("stack", "export", *flags, "-s", self.stack, check=True)
        found: dict[str, Any] = json.loads(run.output)
        return found

    def _import(self, state: Mapping[str, Any]) -> None:
        file = self.folder / "state/imported"
        file.write_text(json.dumps(state))
        self.pulumi("stack", "import", "-s", self.stack, "--file", str(file), check=True)

    def _move_kept(self, name: str, other: str) -> None:
        volumes = {f"{self.deployment}-kept-secrets": {"bind": "/kept"}}
        self._in_release(["mv", f"/kept/{name}", f"/kept/{other}"], volumes)

    def volumes(self) -> dict[str, str]:
        """What tells each volume from another of its name: its folder's inode and birth."""
        # Docker's own date of a volume is that of its last change.
        found = docker.from_env().volumes.list(filters=self.labelled())
        mounts = {str(v.name): {"bind": f"/{v.name}", "mode": "ro"} for v in found}
        said = self._in_release(
            ["stat", "-c", "%n %i %W", *(f"/{name}" for name in mounts)], mounts
        )
        lines = (line.lstrip("/").partition(" ") for line in said.splitlines())
        return {name: identity for name, _, identity in lines}

    def _in_release(self, words: list[str], volumes: dict[str, dict[str, str]]) -> str:
        client = docker.from_env()
        image = str(client.images.list(filters=self.labelled("release"))[0].id)
        said: bytes = client.containers.run(image, words, volumes=volumes, user="0", remove=True)
        return said.decode()

    def commit(self) -> None:
        """Have git know the copy of the program as it is."""
        commit(self.folder)

    def containers(self, role: str = "") -> list[Container]:
        """The containers of the deployment, or of one role in it, whether or not they run.

        Those that Docker is about to remove, as it does by itself with some that have ended, are
        none any more.
        """
        found = docker.from_env().containers.list(
            all=True, ignore_removed=True, filters=self.labelled(role)
        )
        return [one for one in found if one.status != "removing"]

    def labelled(self, role: str = "") -> dict[str, str | list[str] | bool]:
        """A filter for what belongs to the deployment, or to one role in it."""
        marks = [f"django-on-docker.deployment={self.deployment}"]
        return {"label": [*marks, f"django-on-docker.role={role}"] if role else marks}

    def remove_everything(self) -> None:
        """Leave nothing of the deployment on the machine, whatever state it is in."""
        client = docker.from_env(timeout=120)
        mine = self.labelled()
        for container in client.containers.list(all=True, ignore_removed=True, filters=mine):
            with _gone():
                container.remove(force=True)
        for network in client.networks.list(filters=mine):
            with _gone():
                network.remove()
        for volume in client.volumes.list(filters=mine):
            with _gone():
                volume.remove(force=True)
        for image in client.api.images(filters=mine):
            with _gone():
                client.images.remove(image["Id"], force=True)


def run(words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Run:
    """Run a command to its end; what it printed on both streams is its output."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    return Run(code=done.returncode, output=done.stdout)


def forget_secrets(config: Path) -> None:
    """Remove what is encrypted from a stack's file, and the salt."""
    text = re.sub(r"^encryptionsalt:.*\n", "", config.read_text(), flags=re.MULTILINE)
    config.write_text(re.sub(r"^ .*:\n +secure: .*\n", "", text, flags=re.MULTILINE))


def commit(folder: Path, *, ignored: bool = True) -> None:
    """Commit all of a folder that a clone would have; it need not be a git repository yet.

    Args:
        folder: the repository's.
        ignored: it has the .gitignore of this repository, and not none at all.
    """
    if ignored:
        shutil.copy(ROOT / ".gitignore", folder)
    _git(folder, "init", "--quiet")
    (folder / ".git/info/exclude").write_text(_NOT_CLONED)
    _git(folder, "add", "--all")
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    _git(folder, *who, "commit", "--quiet", "--message", "as it is")


def changed(folder: Path) -> str:
    """What `git status` says has changed in a folder since; "" for nothing."""
    return _git(folder, "status", "--porcelain")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def _without(resource: dict[str, Any], name: str) -> dict[str, Any]:
    """A resource of an exported state, as if it had never waited for one whose URN ends so."""
    left = {key: resource[key] for key in ("dependencies",) if key in resource}
    by_property = resource.get("propertyDependencies") or {}
    return {
        **resource,
        **{key: [urn for urn in urns if not urn.endswith(name)] for key, urns in left.items()},
        "propertyDependencies": {
            key: [urn for urn in urns or () if not urn.endswith(name)]
            for key, urns in by_property.items()
        },
    }


def _gone() -> AbstractContextManager[None]:
    """What is to be removed may be gone."""
    return suppress(docker.errors.NotFound)


@contextmanager
def running(command_lines: set[str]) -> Iterator[None]:
    """While the block runs, collect the command lines of what runs on this machine."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            for process in psutil.process_iter(["cmdline"]):
                command_lines.add(" ".join(process.info["cmdline"] or ()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def visitors(url: str, path: str = "/") -> Iterator[list[int]]:
    """Somebody who asks for a page again and again; the block gets the list of answers' statuses.

    A connection that is refused or broken off counts as status 0.
    """
    statuses: list[int] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            try:
                statuses.append(Browser(url).get(path)[0])
            except OSError:
                statuses.append(0)
            over.wait(0.02)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


class Browser:
    """A visitor who keeps cookies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(handler)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; redirects are followed."""
        return self._open(urllib.request.Request(self.url + path))

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form, with the CSRF token that the site's cookie holds."""
        token = next((c.value for c in self.cookies if c.name == "csrftoken"), "") or ""
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        headers = {"Referer": self.url + path, "Origin": self.url}
        return self._open(urllib.request.Request(self.url + path, data, headers))

    def log_in(self, user: str, password: str) -> bool:
        """Log in to the admin; tells whether it worked."""
        self.get("/admin/login/")
        self.post("/admin/login/", username=user, password=password, next="/admin/")
        return self.is_logged_in()

    def is_logged_in(self) -> bool:
        """The admin lets this visitor in."""
        return "/admin/logout/" in self.get("/admin/")[1]

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

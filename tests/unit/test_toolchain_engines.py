"""Which Pulumi engine is chosen, and in which order one is sought."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain import engines, official
from toolchain.engine import build
from toolchain.engines import Engine
from toolchain.errors import ToolchainError
from toolchain.progress import Progress

LOCK = "pulumi==3.272.0 \\\n    --hash=sha256:00\npulumi-docker==5.2.0 \\\n"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it."""
    return {"PATH": f"{tmp_path}/usr", "HOME": f"{tmp_path}/home"}


def put(folder: Path, version: str) -> Path:
    """A `pulumi` of that version."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\necho v{version}\n")
    program.chmod(0o755)
    return folder


def put_plugins(home: Path) -> None:
    """The plugins that the lock file names."""
    for name, version in engines.plugin_versions().items():
        plugin = home / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}"
        plugin.parent.mkdir(parents=True)
        plugin.touch()


def put_built(env: dict[str, str]) -> Path:
    """A finished engine, as if built from the sources as they are."""
    folder = Path(env["HOME"]) / ".cache/django-on-docker" / f"engine-{build.engine_key()}"
    put(folder / "bin", "3.259.0")
    for name in ("pulumi-language-python", build.HOST_SCRIPT):
        (folder / "bin" / name).touch()
    put_plugins(folder / "home")
    return folder


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.259.0", (3, 259, 0)),
        ("3.260.1-alpha.xabc\n", (3, 260, 1)),
        ("v3.259", None),
        ("", None),
    ],
)
def test_parse_version(text: str, version: tuple[int, int, int] | None) -> None:
    assert engines.parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "enough"),
    [("3.259.0", True), ("3.300.0", True), ("4.0.0", True), ("3.258.9", False), ("?", False)],
)
def test_new_enough(version: str, enough: bool) -> None:
    assert engines.new_enough(Engine("yours", version, Path("/usr/bin"))) is enough


def test_locked_version_is_that_of_the_package_alone() -> None:
    assert engines.locked_version("pulumi", LOCK) == "3.272.0"
    assert engines.locked_version("pulumi-docker", LOCK) == "5.2.0"
    with pytest.raises(ToolchainError, match="pulumi-command is not in"):
        engines.locked_version("pulumi-command", LOCK)


def test_a_bare_machine_has_no_engine(env: dict[str, str]) -> None:
    assert engines.find(env) is None


def test_ones_own_engine_comes_first(env: dict[str, str]) -> None:
    put_built(env)
    put(Path(env["PATH"]), "3.270.0")
    put_plugins(Path(env["HOME"]) / ".pulumi")
    found = engines.find(env)
    assert found == Engine("yours", "3.270.0", Path(env["PATH"]))


def test_ones_own_engine_may_have_its_own_home(env: dict[str, str], tmp_path: Path) -> None:
    put(Path(env["PATH"]), "3.270.0")
    put_plugins(tmp_path / "elsewhere")
    found = engines.find({**env, "PULUMI_HOME": str(tmp_path / "elsewhere")})
    assert found is not None
    assert found.kind == "yours"


@pytest.mark.parametrize(("version", "plugins"), [("3.100.0", True), ("3.270.0", False)])
def test_one_that_is_old_or_bare_is_passed_over(
    env: dict[str, str], version: str, plugins: bool
) -> None:
    folder = put_built(env)
    put(Path(env["PATH"]), version)
    if plugins:
        put_plugins(Path(env["HOME"]) / ".pulumi")
    found = engines.find(env)
    assert found == Engine("built", "3.259.0", folder / "bin", folder / "home")


def test_an_activated_shell_finds_the_same_engine_again(env: dict[str, str]) -> None:
    folder = put_built(env)
    activated = {**env, "PATH": f"{folder}/bin:{env['PATH']}", "PULUMI_HOME": f"{folder}/home"}
    found = engines.find(activated)
    assert found is not None
    assert found.kind == "built"


def test_a_half_downloaded_plugin_does_not_count(env: dict[str, str]) -> None:
    home = Path(env["HOME"]) / ".pulumi"
    put_plugins(home)
    assert engines.has_plugins(home)
    (home / "plugins" / "resource-docker-v5.2.0.partial").touch()
    assert not engines.has_plugins(home)


def test_plugins_that_are_built_are_those_of_the_lock() -> None:
    assert dict(build.PLUGINS) == engines.plugin_versions()


def test_without_network_and_go_the_error_says_what_would_help(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "reachable", lambda _url: False)
    with Progress().step("engine") as step, pytest.raises(ToolchainError, match="no Pulumi engine"):
        engines.ensure(step, env)


class Network:
    """Pulumi's hosts, which answer or don't; `asked` counts how often they were."""

    def __init__(self, *, answers: bool, serves: bool = True) -> None:
        self.answers, self.serves, self.asked = answers, serves, 0

    def reachable(self, _url: str) -> bool:
        self.asked += 1
        return self.answers

    def install(self, words: list[str], *, env: dict[str, str], **_: object) -> str:
        """`pulumi plugin install resource NAME VERSION`."""
        if not self.serves:
            raise ToolchainError("pulumi plugin install failed (exit code 1)")
        name, version = words[-2:]
        plugin = Path(env["PULUMI_HOME"]) / "plugins" / f"resource-{name}-v{version}"
        plugin.mkdir(parents=True)
        return ""


Get = Callable[..., tuple[Engine, str]]


@pytest.fixture
def get(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Get:
    """The engine that `make up` uses on a network, and what it says of it."""

    def get(network: Network, **options: bool) -> tuple[Engine, str]:
        monkeypatch.setattr(official, "reachable", network.reachable)
        monkeypatch.setattr(engines, "run", network.install)
        output = io.StringIO()
        with Progress(output).step("engine") as step:
            engine = engines.ensure(step, env, **options)
        return engine, output.getvalue()

    return get


@pytest.mark.parametrize("activated", [False, True])
def test_ones_own_engine_gets_its_plugins_though_stand_ins_are_there(
    env: dict[str, str], get: Get, activated: bool
) -> None:
    folder = put_built(env)
    mine = put(Path(env["PATH"]), "3.270.0")
    if activated:
        env |= {"PATH": f"{folder}/bin:{env['PATH']}", "PULUMI_HOME": f"{folder}/home"}
    engine, said = get(Network(answers=True))
    assert engine == Engine("yours", "3.270.0", mine)
    assert engines.has_plugins(Path(env["HOME"]) / ".pulumi"), "in the user's own home"
    assert engines.find(env) == engine, "and so it is from then on, without a network"
    assert "not used" not in said


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Network(answers=False), "get.pulumi.com does not answer"),
        (Network(answers=True, serves=False), "pulumi plugin install failed"),
    ],
    ids=["silent", "without plugins"],
)
def test_stand_ins_come_last_and_it_says_why(
    env: dict[str, str], get: Get, network: Network, why: str
) -> None:
    put_built(env)
    mine = put(Path(env["PATH"]), "3.270.0")
    for _ in range(3):
        engine, said = get(network)
        assert engine.kind == "built"
        assert f"not used: {mine / 'pulumi'}, because" in said
        assert "lacks the plugins docker 5.2.0 and command 1.2.1" in said
        assert why in said
        assert "stand-ins" in said
    assert network.asked == 1, "asking may cost seconds"
    get(network, ask_again=True)
    assert network.asked == 2


def test_an_answer_is_not_remembered_for_ever(
    env: dict[str, str], get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_built(env)
    put(Path(env["PATH"]), "3.270.0")
    get(Network(answers=False))
    monkeypatch.setattr(official, "SECONDS_TO_REMEMBER", 0.0)
    engine, _ = get(Network(answers=True))
    assert engine.kind == "yours"


def test_where_there_is_no_engine_at_all_the_hosts_are_always_asked(
    env: dict[str, str], get: Get
) -> None:
    mine = put(Path(env["PATH"]), "3.270.0")
    silent = Network(answers=False)
    for _ in range(2):
        with pytest.raises(ToolchainError):
            get(silent)
    assert silent.asked == 2
    assert get(Network(answers=True))[0].bin == mine


def test_an_engine_that_is_too_old_is_named(env: dict[str, str], get: Get) -> None:
    put_built(env)
    mine = put(Path(env["PATH"]), "3.100.0")
    _, said = get(Network(answers=False))
    assert f"not used: {mine / 'pulumi'}, because it is 3.100.0, and 3.259.0 or newer" in said


def test_where_the_host_answers_the_release_is_downloaded(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = release(tmp_path, "pulumi")
    monkeypatch.setattr(official, "archive_url", lambda _version: archive.as_uri())
    monkeypatch.setattr(official, "reachable", lambda _url: True)
    with Progress().step("engine") as step:
        engine = engines.ensure(step, env)
    assert engine.kind == "official"
    assert (engine.bin / "pulumi").is_file()
    assert [path.name for path in engine.bin.parent.iterdir()] == ["bin"]


@pytest.mark.parametrize("inside", ["pulumi", "pulumi/bin"])
def test_a_release_is_unpacked_wherever_its_programs_are(tmp_path: Path, inside: str) -> None:
    with Progress().step("engine") as step:
        official.install(release(tmp_path, inside).as_uri(), tmp_path / "engine", step)
    assert (tmp_path / "engine" / "bin" / "pulumi").is_file()


def test_a_broken_download_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("<html>please log in</html>")
    with Progress().step("engine") as step, pytest.raises(ToolchainError, match="failed"):
        official.install((tmp_path / "archive").as_uri(), tmp_path / "engine", step)
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_a_host_that_does_not_answer_costs_no_time() -> None:
    assert not official.reachable("http://127.0.0.1:1/", seconds=0.5)


def release(folder: Path, inside: str) -> Path:
    """An archive as Pulumi publishes them, with a `pulumi` that can do nothing."""
    put(folder / "made" / inside, "3.272.0")
    with tarfile.open(folder / "release.tar.gz", "w:gz") as tar:
        tar.add(folder / "made" / "pulumi", "pulumi")
    return folder / "release.tar.gz"

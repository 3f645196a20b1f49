"""What an activated shell has in its environment."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain import environment, paths
from toolchain.engines import Engine
from toolchain.errors import ToolchainError

VENV = f"{paths.VENV}/bin"
YOURS = Engine("yours", "3.270.0", Path("/usr/bin"))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A user without Pulumi settings of their own."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}


@pytest.fixture
def built(tmp_path: Path) -> Engine:
    """An engine in the cache."""
    folder = tmp_path / ".cache/django-on-docker/engine-1"
    return Engine("built", "3.259.0", folder / "bin", folder / "home")


def log_in(folder: Path, current: str = "https://api.example") -> None:
    """The traces of `pulumi login`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "credentials.json").write_text(json.dumps({"current": current}))


def test_a_built_engine_comes_with_its_own_home(env: dict[str, str], built: Engine) -> None:
    exports = environment.tools(built, env)
    assert exports["PATH"] == f"{VENV}:{built.bin}:/usr/bin:/bin"
    assert exports["PULUMI_HOME"] == str(built.home)


def test_ones_own_engine_keeps_its_place_and_home(env: dict[str, str]) -> None:
    exports = environment.tools(YOURS, env)
    assert exports["PATH"] == f"{VENV}:/usr/bin:/bin"
    assert "PULUMI_HOME" not in exports


def test_activating_twice_changes_nothing(env: dict[str, str], built: Engine) -> None:
    once = environment.applied(env, environment.tools(built, env), environment.state(built, env))
    twice = environment.applied(
        once, environment.tools(built, once), environment.state(built, once)
    )
    assert twice == once


def test_changing_to_ones_own_engine_leaves_nothing_of_the_built_one(
    env: dict[str, str], built: Engine
) -> None:
    once = environment.applied(env, environment.tools(built, env))
    then = environment.applied(once, environment.tools(YOURS, once))
    assert then["PATH"] == f"{VENV}:/usr/bin:/bin"
    assert "PULUMI_HOME" not in then


def test_without_a_login_state_is_outside_the_checkout(env: dict[str, str]) -> None:
    state = f"{env['HOME']}/.local/state/django-on-docker"
    assert environment.state(YOURS, env) == {
        "PULUMI_BACKEND_URL": f"file://{state}/pulumi",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"{state}/passphrase",
    }


@pytest.mark.parametrize(
    ("variable", "value", "left_alone"),
    [
        ("PULUMI_BACKEND_URL", "s3://bucket", "PULUMI_BACKEND_URL"),
        ("PULUMI_CONFIG_PASSPHRASE", "", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("PULUMI_CONFIG_PASSPHRASE", "mine", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("PULUMI_CONFIG_PASSPHRASE_FILE", "/mine", "PULUMI_CONFIG_PASSPHRASE_FILE"),
    ],
)
def test_ones_own_settings_are_honoured(
    env: dict[str, str], variable: str, value: str, left_alone: str
) -> None:
    assert left_alone not in environment.state(YOURS, {**env, variable: value})


def test_no_passphrase_is_made_for_a_state_that_others_share(env: dict[str, str]) -> None:
    shared = {**env, "PULUMI_BACKEND_URL": "s3://bucket"}
    exports = environment.state(YOURS, shared)
    assert exports["PULUMI_CONFIG_PASSPHRASE_FILE"] is None
    environment.make_state(exports, shared)
    file = paths.state_dir(env) / "passphrase"
    assert not file.exists()
    file.write_text("one that is there is used\n")
    assert environment.state(YOURS, shared)["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(file)


def test_a_clone_without_the_salt_takes_the_states(env: dict[str, str]) -> None:
    exports = environment.tools(YOURS, env)
    assert exports["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] == "true"


@pytest.mark.parametrize(("installed", "exported"), [(True, "1"), (False, None)])
def test_an_installed_program_leaves_no_bytecode_beside_an_application(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, installed: bool, exported: str | None
) -> None:
    monkeypatch.setattr(paths, "INSTALLED", installed)
    assert environment.tools(YOURS, env).get("PYTHONDONTWRITEBYTECODE") == exported


def test_an_access_token_is_a_login(env: dict[str, str]) -> None:
    exports = environment.state(YOURS, {**env, "PULUMI_ACCESS_TOKEN": "pul-1"})
    assert exports["PULUMI_BACKEND_URL"] is None


@pytest.mark.parametrize("variable", ["", "PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"])
def test_a_login_is_honoured_wherever_it_is_kept(
    env: dict[str, str], built: Engine, tmp_path: Path, variable: str
) -> None:
    folder = tmp_path / ("elsewhere" if variable else ".pulumi")
    log_in(folder)
    mine = {**env, variable: str(folder)} if variable else env
    exports = environment.state(built, mine)
    assert exports["PULUMI_BACKEND_URL"] is None
    assert exports["PULUMI_CREDENTIALS_PATH"] == str(folder)


def test_a_login_made_in_an_activated_shell_counts_from_the_next_activation(
    env: dict[str, str], built: Engine
) -> None:
    once = environment.applied(env, environment.tools(built, env), environment.state(built, env))
    log_in(Path(once["PULUMI_CREDENTIALS_PATH"]))
    then = environment.applied(once, environment.state(built, once))
    assert "PULUMI_BACKEND_URL" not in then


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"current": ""}', "not json"])
def test_what_is_not_a_login(tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials.json").write_text(content)
    assert not environment.has_login(tmp_path)


def test_state_and_passphrase_are_their_owners_alone(env: dict[str, str]) -> None:
    environment.make_state(environment.state(YOURS, env), env)
    folder = paths.state_dir(env)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    assert modes == {"django-on-docker": 0o700, "pulumi": 0o700, "passphrase": 0o600}


def test_the_passphrase_is_made_once(env: dict[str, str]) -> None:
    exports = environment.state(YOURS, env)
    environment.make_state(exports, env)
    first = (paths.state_dir(env) / "passphrase").read_text()
    environment.make_state(exports, env)
    assert (paths.state_dir(env) / "passphrase").read_text() == first
    assert len(first.strip()) >= 32


def test_an_open_passphrase_file_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("secret")
    file.chmod(0o644)
    environment.make_passphrase(file, tmp_path / "stacks")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("empty", [True, False])
def test_a_lost_passphrase_is_not_replaced(tmp_path: Path, empty: bool) -> None:
    stacks = tmp_path / "stacks" / "django-on-docker"
    stacks.mkdir(parents=True)
    (stacks / "clean-server.json").touch()
    file = tmp_path / "passphrase"
    if empty:
        file.touch()
    with pytest.raises(ToolchainError, match="passphrase") as caught:
        environment.make_passphrase(file, tmp_path / "stacks")
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in caught.value.remedy


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_values_reach_the_shell_as_they_are(shell: str) -> None:
    if shutil.which(shell) is None:
        shell = "sh"
    value = 'it\'s a "path" with $spaces; and `more`\\'
    text = environment.shell_text({"ODD": value, "GONE": None})
    script = f'GONE=x; {text}\nprintf %s "$ODD${{GONE-!}}"'
    result = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == value + "!"

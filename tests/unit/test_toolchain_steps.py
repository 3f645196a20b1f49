"""The smaller parts: environment from a lock, stack files, running commands, reporting."""

import io
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from toolchain import (
    admin,
    base_image,
    cli,
    daemon,
    engines,
    official,
    paths,
    shell,
    stack,
    up,
    venv,
)
from toolchain.engines import Engine
from toolchain.errors import ToolchainError
from toolchain.progress import Progress, duration


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with both lock files and an environment made from nothing."""
    for lock in (venv.LOCK, venv.DEV_LOCK):
        (tmp_path / lock).write_text(f"{lock}\n")
    (tmp_path / ".venv").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("made_from", "wanted", "current"),
    [
        (venv.LOCK, venv.LOCK, True),
        (venv.DEV_LOCK, venv.LOCK, True),
        (venv.LOCK, venv.DEV_LOCK, False),
        ("", venv.LOCK, False),
    ],
)
def test_an_environment_is_current_for_its_lock(
    checkout: Path, made_from: str, wanted: str, current: bool
) -> None:
    if made_from:
        (checkout / ".venv" / venv.STAMP).write_text(venv.key(checkout / made_from) + "\n")
    assert venv.current(checkout / ".venv", checkout, wanted) is current


def test_a_changed_lock_makes_it_stale(checkout: Path) -> None:
    (checkout / ".venv" / venv.STAMP).write_text(venv.key(checkout / venv.LOCK))
    (checkout / venv.LOCK).write_text("something else\n")
    assert not venv.current(checkout / ".venv", checkout, venv.LOCK)


def test_another_python_makes_it_stale(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".venv" / venv.STAMP).write_text(venv.key(checkout / venv.LOCK))
    monkeypatch.setattr("sys.version", "3.99.0 (main)")
    assert not venv.current(checkout / ".venv", checkout, venv.LOCK)


def made(checkout: Path, stamp: str) -> Path:
    """An environment with that stamp."""
    folder = checkout / ".venv"
    (folder / venv.STAMP).write_text(stamp + "\n")
    return folder


def test_why_an_environment_does_not_serve(checkout: Path) -> None:
    key = venv.key(checkout / venv.LOCK)
    other = "requirements.txt 00 3.99.1 /opt/other python/bin/python3.99"
    reasons = {
        key: [],
        other: ["made with Python 3.99.1, /opt/other python/bin/python3.99", "first python3 on"],
        key.replace("requirements.txt ", "requirements.txt 0"): ["requirements.txt has changed"],
        "": ["is unfinished"],
    }
    for stamp, words in reasons.items():
        problem = venv.problem(made(checkout, stamp), checkout, venv.LOCK)
        assert bool(problem) is bool(words)
        for word in words:
            assert word in problem
    assert "no virtual environment yet" in venv.problem(checkout / "none", checkout, venv.LOCK)


@pytest.mark.parametrize("there", [True, False])
def test_activation_names_the_python_that_the_environment_was_made_with(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    there: bool,
) -> None:
    other = checkout / "python3.99"
    if there:
        other.touch()
    made(checkout, f"requirements.txt 00 3.99.1 {other}")
    monkeypatch.setattr(paths, "VENV", checkout / ".venv")
    monkeypatch.setattr(engines, "find", lambda _env: Engine("yours", "3.270.0", Path("/usr/bin")))
    assert cli.main(["env"]) == 1
    said = capsys.readouterr().err
    assert f"was made with Python 3.99.1, {other}" in said
    assert (f"PYTHON={other} source ./activate" in said) is there
    assert "make env" in said


def test_activation_without_an_engine_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "find", lambda _env: None)
    assert cli.main(["env"]) == 1
    assert capsys.readouterr().err == (
        "error: there is no Pulumi engine yet\n  Run `make env` first.\n"
    )


def test_activation_says_which_engine_it_is_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = Engine("built", "3.259.0", tmp_path / "bin", tmp_path / "home")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(engines, "find", lambda _env: built)
    monkeypatch.setattr(engines, "why_not_yours", lambda *_: "not used: /usr/bin/pulumi")
    monkeypatch.setattr(venv, "problem", lambda *_: "")
    monkeypatch.setattr(official, "reachable", lambda *_: pytest.fail("asked the network"))
    assert cli.main(["env"]) == 0
    said = capsys.readouterr()
    assert "export PATH=" in said.out
    assert "stand-ins" not in said.out
    assert said.err.splitlines() == [str(built), "not used: /usr/bin/pulumi"]


def test_make_env_gets_everything_and_deploys_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    got: list[str] = []
    for module in (venv, engines, daemon, base_image):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, "ensure", lambda *_, name=name, **__: got.append(name))
    monkeypatch.setattr(stack, "ensure", lambda *_: pytest.fail("made a stack"))
    monkeypatch.setattr(up, "stream", lambda *_, **__: pytest.fail("deployed"))
    assert cli.main(["prepare"]) == 0
    assert got == ["venv", "engines", "daemon", "base_image"]
    assert "source ./activate" in capsys.readouterr().out


def test_environments_are_made_with_an_interpreter_outside_any() -> None:
    assert paths.VENV not in venv.python().parents


def test_an_unknown_stack_lists_those_there_are(tmp_path: Path) -> None:
    for name in ("clean-server", "update"):
        (tmp_path / f"Pulumi.{name}.yaml").touch()
    stack.check("update", tmp_path)
    with pytest.raises(ToolchainError, match="no stack 'upd'") as caught:
        stack.check("upd", tmp_path)
    assert "clean-server, update" in caught.value.remedy
    assert "git show HEAD:stacks/Pulumi.clean-server.yaml" in caught.value.remedy


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("  django-on-docker:image: {base: mine:1}", "mine:1"),
        ("  image:\n    base: 'mine:1'  # pinned", "mine:1"),
        (
            '  django-on-docker:image:\n    base: "registry:5000/mine@sha256:00"',
            "registry:5000/mine@sha256:00",
        ),
        ("  django-on-docker:image:\n  django-on-docker:data: create", ""),
        ('  django-on-docker:image: {base: ""}', ""),
        ("  # django-on-docker:image: {base: mine:1}", ""),
        ("  other:image: {base: mine:1}", ""),
    ],
)
def test_config_value(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config:\n{line}\n")
    assert stack.config_value("dev", "image.base", tmp_path) == value


@pytest.mark.parametrize(
    ("line", "goes_to", "named_by"),
    [
        ("host: ssh://ada@web1", "ssh://ada@web1", "the key host of Pulumi.dev.yaml"),
        ("data: create", "unix:///elsewhere.sock", ""),
    ],
)
def test_all_that_follows_goes_to_the_host_that_config_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, goes_to: str, named_by: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config:\n  {line}\n")
    assert stack.go_to_host("dev", tmp_path) == named_by
    assert os.environ["DOCKER_HOST"] == goes_to


def test_a_host_that_is_no_address_is_an_error_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  host: ssh://ada:open-sesame@web1\n")
    with pytest.raises(
        ToolchainError, match=r"Pulumi\.dev\.yaml: host is .*which must be"
    ) as raised:
        stack.go_to_host("dev", tmp_path)
    assert "pulumi config set host ssh://USER@HOST -s dev" in str(raised.value)
    assert "open-sesame" not in str(raised.value)


@pytest.mark.parametrize(
    ("answered", "made"),
    [
        ((True, ""), []),
        ((False, "error: no stack named 'shop' found"), ["pulumi stack init --no-select shop"]),
    ],
)
def test_the_stack_is_made_and_another_one_stays_selected(
    monkeypatch: pytest.MonkeyPatch, answered: tuple[bool, str], made: list[str]
) -> None:
    asked: list[str] = []
    ran: list[str] = []

    def answer(words: list[str], **_: object) -> tuple[bool, str]:
        asked.append(" ".join(words))
        return answered

    monkeypatch.setattr(stack, "answer", answer)
    monkeypatch.setattr(stack, "run", lambda words, **_: ran.append(" ".join(words)))
    with Progress().step("stack") as step:
        stack.ensure(step, "shop", {})
    assert asked == ["pulumi config -s shop"]
    assert ran == made


def test_a_stack_that_cannot_be_used_shows_what_pulumi_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stack, "answer", lambda words, **_: (False, "error: incorrect passphrase"))
    with (
        pytest.raises(ToolchainError, match="shop cannot be used") as error,
        Progress().step("s") as s,
    ):
        stack.ensure(s, "shop", {})
    assert "encrypted with another passphrase" in str(error.value)


def test_a_foreign_passphrase_has_a_remedy() -> None:
    assert "another passphrase" in stack.remedy("error: getting secrets: incorrect passphrase")
    assert stack.remedy("error: anything else") == ""


def test_a_passphrase_that_is_missing_is_not_made_up() -> None:
    said = stack.remedy("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or …")
    assert "it would be\nlost with the machine" in said
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in said


def test_what_failed_is_diagnosed_by_what_needs_the_passphrase(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def answer(words: list[str], **_: object) -> tuple[bool, str]:
        asked.append(" ".join(words))
        return False, "error: failed to decrypt: incorrect passphrase, please set …"

    monkeypatch.setattr(stack, "answer", answer)
    assert "another passphrase" in stack.diagnose("shop", {})
    assert asked == ["pulumi stack -s shop"]


AS_COMMITTED = """\
# what editors read
config:
  app: {path: ., settings: shop.settings}
  site: {port: 8002}  # until there is a domain
"""
# By Pulumi, which adds its salt; the project's name is the checkout's.
REWRITTEN = """\
# what editors read
config:
  django-on-docker:app:
    path: .
    settings: shop.settings
  django-on-docker:site:
    port: "8002"
encryptionsalt: v1:x:v1:y:z
"""


@pytest.mark.parametrize(
    ("written", "is_put_back"),
    [
        (REWRITTEN, True),
        (AS_COMMITTED, True),
        (f"{AS_COMMITTED}encryptionsalt: v1:x\n", True),
        (REWRITTEN.replace("8002", "8003"), False),
        (REWRITTEN.replace("config:\n", "config:\n  django-on-docker:data: create\n"), False),
        ("config: {", False),
    ],
)
def test_a_stacks_file_is_afterwards_as_it_was(
    tmp_path: Path, written: str, is_put_back: bool
) -> None:
    file = tmp_path / "Pulumi.shop.yaml"
    file.write_text(AS_COMMITTED)

    def interrupted() -> None:
        with stack.file_as_it_was("shop", tmp_path):
            file.write_text(written)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == (AS_COMMITTED if is_put_back else written)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with stack.file_as_it_was("shop", tmp_path):
        pass
    assert not any(tmp_path.iterdir())


def test_a_failed_command_shows_its_last_lines() -> None:
    with pytest.raises(ToolchainError, match="making failed \\(exit code 3\\)") as caught:
        shell.run(["sh", "-c", "seq 100; exit 3"], what="making", remedy="do this")
    assert caught.value.output[-1] == "100"
    assert len(caught.value.output) == shell.LAST_LINES
    assert str(caught.value).endswith("    100\n  do this")


def test_a_missing_command_is_named() -> None:
    with pytest.raises(ToolchainError, match="cannot run no-such-program"):
        shell.run(["no-such-program"])


def test_progress_and_result_can_be_kept_apart() -> None:
    lines: list[str] = []
    output = shell.run(["sh", "-c", "echo a >&2; echo b"], on_line=lines.append, separate=True)
    assert (output, lines) == ("b", ["a\n"])


def test_a_command_can_be_fed_by_another() -> None:
    assert shell.run(["tr", "a", "b"], fed_by=["echo", "aaa"]) == "bbb"


def test_a_feeder_that_fails_fails_the_command() -> None:
    with pytest.raises(ToolchainError, match="exit code 4"):
        shell.run(["cat"], fed_by=["sh", "-c", "exit 4"])


def test_questions_have_a_time_limit() -> None:
    assert shell.answer(["sleep", "9"], seconds=0.1) == (False, "no answer within 0 s")


def test_an_interrupted_command_is_stopped_with_all_its_children(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    trap = f"trap 'echo stopped > {tmp_path}/trace; exit 1' INT"

    def interrupt() -> None:
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        shell.run(["bash", "-c", f"{trap}; sleep 30 & touch {ready}; wait"])
    assert (tmp_path / "trace").read_text() == "stopped\n"
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (451, "7 min 31 s")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_steps_are_reported_in_one_line_each() -> None:
    output = io.StringIO()
    progress = Progress(output)
    with progress.step("one") as step:
        step.already("there")
    with progress.step("two") as step:
        step.done("made")
    first, second = output.getvalue().splitlines()
    assert first.split() == ["one", "already", "there", "there"]
    assert second.split() == ["two", "0.0", "s", "made"]
    assert [name for name, _ in progress.phases] == ["one", "two"]


def test_long_work_shows_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.progress.PLAIN_SECONDS", 0.05)
    output = io.StringIO()
    with Progress(output).step("engine") as step:
        step.update("compiling")
        time.sleep(0.2)
    assert "compiling ..." in output.getvalue().splitlines()[0]


def test_an_error_is_shown_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--stack", "no-such"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: there is no stack 'no-such'")
    assert "Traceback" not in error


def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_stack: str) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "up", interrupted)
    assert cli.main(["up", "--stack", "update"]) == 130
    assert (
        "run `make up STACK=update` again: it continues where it stopped" in capsys.readouterr().err
    )


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is run with all that it says; it ends with code 3."""
    ran: list[list[str]] = []

    def stream(command: list[str]) -> int:
        ran.append(command)
        return 3

    monkeypatch.setattr(admin, "stream", stream)
    return ran


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ["update"]),
        (["--backup", "1"], ["update", "1"]),
        (["--backup", "1", "--stay-stopped", "yes"], ["update", "1", "--stay-stopped"]),
        (["--backup", "1", "--stay-stopped", "no"], ["update", "1"]),
    ],
)
def test_restoring_is_a_command_on_the_host_alone(
    streamed: list[list[str]], words: list[str], told: list[str]
) -> None:
    assert cli.main(["restore", "--stack", "update", *words]) == 3
    assert streamed == [[sys.executable, "-m", "components.data.restore", *told]]


@pytest.mark.parametrize(("configured", "deployment"), [("", "shop-prod"), ("tea", "tea")])
@pytest.mark.parametrize(
    ("command", "module"), [("ledger", "ledger.show"), ("restore", "data.restore")]
)
def test_commands_look_for_the_deployment_that_the_program_makes(
    streamed: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    module: str,
    configured: str,
    deployment: str,
) -> None:
    monkeypatch.setattr(stack, "check", lambda _name: None)
    says = {"deployment": configured}
    monkeypatch.setattr(stack, "config_value", lambda _name, key, *_: says.get(key, ""))
    assert cli.main([command, "--stack", "shop_prod"]) == 3
    assert streamed == [[sys.executable, "-m", f"components.{module}", deployment]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status"], ["status", "update"]),
        (["status", "--json"], ["status", "update", "--json"]),
        (["logs"], ["logs", "update"]),
        (
            ["logs", "--of", "edge", "--lines", "5", "--follow"],
            ["logs", "update", "--of", "edge", "--tail", "5", "--follow"],
        ),
        (["shell"], ["one_off", "update", "shell"]),
        (["dbshell"], ["one_off", "update", "dbshell"]),
        (["settings", "--line=--all"], ["one_off", "update", "settings", "--", "--all"]),
        (
            ["manage", "--line", "shell -c 'print(1)'"],
            ["one_off", "update", "manage", "--", "shell", "-c", "print(1)"],
        ),
        (
            ["manage", "--", "check", "--deploy"],
            ["one_off", "update", "manage", "--", "check", "--deploy"],
        ),
    ],
)
def test_what_is_asked_of_a_site_goes_to_the_host_alone(
    streamed: list[list[str]], words: list[str], told: list[str]
) -> None:
    command, *more = words
    assert cli.main([command, "--stack", "update", *more]) == 3
    module, *rest = told
    assert streamed == [[sys.executable, "-m", f"components.operate.{module}", *rest]]


def test_newer_images_are_asked_about_as_config_names_them(
    streamed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    says = {"image.base": "debian:trixie", "releases.image": "r.example.org/shop@sha256:00"}
    monkeypatch.setattr(stack, "config_value", lambda _name, key, *_: says.get(key, ""))
    assert cli.main(["images", "--stack", "update"]) == 3
    python, *words = streamed[0]
    assert python == str(paths.VENV / "bin/python"), "another one need not have what it takes"
    assert words == [
        "-m",
        "components.operate.images",
        "update",
        "--base=debian:trixie",
        "--release=r.example.org/shop@sha256:00",
    ]


@pytest.mark.parametrize(
    ("line", "says"), [("", "which command?"), ("shell -c 'print(1)", "the command can't be read")]
)
def test_a_command_that_cannot_be_read_runs_nothing(
    streamed: list[list[str]], capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    assert cli.main(["manage", "--stack", "update", "--line", line]) == 1
    assert says in capsys.readouterr().err
    assert streamed == []


def test_a_word_that_restoring_does_not_know_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["restore", "--stack", "update", "--stay-stopped", "perhaps"]) == 1
    assert "STAY_STOPPED is 'perhaps'" in capsys.readouterr().err

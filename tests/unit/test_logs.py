"""What `logs` shows, and what it hides."""

from collections.abc import Callable
from typing import Any

import pytest

from components.operate import logs
from components.step_secrets import masked
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls of the client whose lines are handed on: one that holds a secret."""
    calls: list[str] = []

    def follow(*words: str, out: Callable[[str], None], err: Callable[[str], None]) -> int:
        calls.append(" ".join(words))
        out(masked(f"{words[-1]} was told hunter2-hunter2"))
        err("a warning")
        return 0

    monkeypatch.setattr(logs, "docker_followed", follow)
    return calls


def test_the_last_lines_of_what_serves(
    cli: FakeDocker, command: Command, followed: list[str]
) -> None:
    cli.serves("serving").has("serving")
    cli.secrets = {"KEY": "hunter2-hunter2"}
    said = command.fails(logs.main, words=["shop"], code=0)
    assert followed == ["logs --tail 100 serving"]
    assert command.out == "serving was told ***\n"
    assert said == "a warning\n"


def test_of_several_each_line_says_whose_it_is(
    cli: FakeDocker, command: Command, followed: list[str]
) -> None:
    cli.serves("two", "one").has("two", "one")
    command.fails(logs.main, words=["shop", "--follow", "--tail", "all"], code=0)
    assert sorted(followed) == ["logs --tail all --follow one", "logs --tail all --follow two"]
    assert "one | one was told" in command.out


@pytest.mark.parametrize("role", ["edge", "postgres"])
def test_of_another_container(
    cli: FakeDocker, command: Command, followed: list[str], role: str
) -> None:
    cli.has("serving").has(f"shop-{role}", role=role)
    command.fails(logs.main, words=["shop", "--of", role], code=0)
    assert followed == [f"logs --tail 100 shop-{role}"]


def test_where_nothing_serves_the_last_that_did_says_why(
    cli: FakeDocker, command: Command, followed: list[str]
) -> None:
    cli.has_edge().runs().has("newest", "oldest")
    command.fails(logs.main, words=["shop"], code=0)
    assert followed == ["logs --tail 100 newest"]


def test_nothing_is_shown_where_its_secrets_cannot_be_read(
    cli: FakeDocker, command: Command, followed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.serves("serving").has("serving")
    monkeypatch.setattr(logs, "learn", lambda _name: False)
    said = command.fails(logs.main, words=["shop"])
    assert "logs of serving: (it is not shown" in said
    assert followed == []


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["shop", "--tail", "ten"], "the number of lines is 'ten': use a number, or all", 2),
        (["shop"], "there is no site of deployment 'shop'", 1),
    ],
)
def test_a_mistake_is_named(
    cli: FakeDocker, command: Command, words: list[str], says: str, code: int
) -> None:
    assert says in command.fails(logs.main, words=words, code=code)


def test_a_site_without_a_server_of_its_own(
    cli: FakeDocker, command: Command, followed: list[Any]
) -> None:
    cli.has("serving")
    said = command.fails(logs.main, words=["shop", "--of", "postgres"])
    assert "logs: deployment shop has no postgres, running or not" in said

"""Seed steps: how they are read, and what their results are called."""

import pytest

from deploy_runtime import step, steps
from deploy_runtime.errors import DeployError


@pytest.mark.parametrize(
    ("text", "value"),
    [("", []), ("[]", []), ('["a", "b --c d"]', ["a", "b --c d"])],
)
def test_steps_are_a_json_list(text: str, value: list[str]) -> None:
    assert steps.words_from({"STEPS": text}, "STEPS") == value


@pytest.mark.parametrize("text", ["a,b", '"a"', "[1]", "{}", "null"])
def test_anything_else_is_an_error_that_names_the_variable(text: str) -> None:
    with pytest.raises(DeployError, match="STEPS is"):
        steps.words_from({"STEPS": text}, "STEPS")


def test_a_step_is_split_as_a_shell_does() -> None:
    assert steps.split("seed --name 'A B'") == ["seed", "--name", "A B"]


@pytest.mark.parametrize("text", ["seed 'a", "", "  "])
def test_a_step_that_cannot_be_split_is_an_error(text: str) -> None:
    with pytest.raises(DeployError, match="seed step"):
        steps.split(text)


ENVIRON = {
    "ALLOWED_HOSTS": "shop.example,localhost",
    "CSRF_TRUSTED_ORIGINS": "https://shop.example",
    "DJANGO_SUPERUSER_PASSWORD": 'it\'s "a" {b} $c, d',
    "TOKEN": "",
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a {adminPassword}", ["a", 'it\'s "a" {b} $c, d']),
        ("a --p={adminPassword}x", ["a", '--p=it\'s "a" {b} $c, dx']),
        ("a {host} {origin}", ["a", "shop.example", "https://shop.example"]),
        ("a {TOKEN} b", ["a", "", "b"]),
        ("""a '{{"b": 1}}'""", ["a", '{"b": 1}']),
        ("a {{TOKEN}}", ["a", "{TOKEN}"]),
    ],
)
def test_a_placeholder_is_one_word_whatever_its_value(text: str, words: list[str]) -> None:
    assert steps.resolved(text, ENVIRON) == words


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(DeployError, match=r"placeholder \{adminUser\} of a seed step has no value"):
        steps.resolved("a {adminUser}", ENVIRON)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("created 3 groups", "created"),
        ("Created: 3", "created"),
        ("unchanged", "unchanged"),
        ("Unchanged, 4 users", "unchanged"),
        ("", "done"),
        ("3 created", "done"),
        ("recreated", "done"),
    ],
)
def test_what_a_step_says_is_its_result(said: str, result: str) -> None:
    assert step.classify(said) == result

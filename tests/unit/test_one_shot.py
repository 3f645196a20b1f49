"""Containers that do one thing: they are known by their labels, and no other is touched."""

import pytest

from components.commands import one_shot
from tests.unit.fake_docker import FakeDocker

ASKED = (
    "ps --all --no-trunc --filter 'name=^shop-backup$' --format '{{.ID}} "
    '{{.Label "django-on-docker.deployment"}} {{.Label "django-on-docker.role"}}\''
)
MARKED = (
    "--name shop-backup --label django-on-docker.deployment=shop "
    "--label django-on-docker.role=backup"
)


def test_it_bears_the_labels_by_which_it_is_found_again(cli: FakeDocker) -> None:
    one_shot.run("shop", "backup", ["image", "true"])
    assert cli.calls == [ASKED, f"run --rm --init {MARKED} --log-driver none image true"]


def test_what_an_interrupted_command_left_is_removed_first(cli: FakeDocker) -> None:
    cli.on(ASKED, out="1234 shop backup\n")
    one_shot.run("shop", "backup", ["image", "true"])
    assert cli.calls[1] == "rm --force 1234"
    assert cli.calls[2].startswith("run ")


@pytest.mark.parametrize("marks", [" ", "blog backup", "shop release", "shop "])
def test_another_of_that_name_is_left_alone_and_named(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str], marks: str
) -> None:
    cli.on(ASKED, out=f"1234 {marks}\n")
    with pytest.raises(SystemExit):
        one_shot.run("shop", "backup", ["image", "true"])
    assert cli.calls == [ASKED]
    said = capsys.readouterr().err
    assert said.startswith("container shop-backup is in the way: ")
    assert "`docker rename shop-backup ANOTHER-NAME`" in said


def test_undoing_leaves_another_alone_and_goes_on(cli: FakeDocker) -> None:
    cli.on(ASKED, out="1234  \n")
    assert one_shot.remove("shop", "backup") is False
    assert cli.calls == [ASKED]

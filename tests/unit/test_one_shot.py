"""Containers that do one thing: they are known by their labels, and no other is touched."""

import pytest

from components.host import one_shot
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
    # It may be migrating: first it is asked to end.
    assert cli.calls[1:3] == ["stop --time 10 1234", "rm --force 1234"]
    assert cli.calls[3].startswith("run ")


def test_its_name_is_free_once_the_daemon_has_removed_it(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    cli.on(ASKED, out="1234 shop backup\n")
    cli.on("rm", code=1, err="removal of container 1234 is already in progress").on("rm")
    one_shot.run("shop", "backup", ["image", "true"])
    assert [call.split()[0] for call in cli.calls] == ["ps", "stop", "rm", "rm", "run"]


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

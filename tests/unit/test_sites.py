"""Which site is meant, where a program of somebody's own has several."""

from pathlib import Path

import pytest

from components.operate import sites
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from toolchain import stack
from toolchain.errors import ToolchainError

NETWORKS = "network ls --filter label=django-on-docker.stack --format"
VOLUMES = "volume ls --filter label=django-on-docker.stack --format"
LISTED = """\
organization/p/live shop shop
organization/p/live b blog
organization/p/live b
organization/p/test shop-test shop
organization/other/live theirs shop
"""


def meant(cli: FakeDocker, command: Command, *named: str) -> str:
    cli.on(NETWORKS, out=LISTED)
    command.fails(sites.main, words=["p", "live", *named], code=0)
    return command.out.strip()


@pytest.mark.parametrize(("named", "deployment"), [("shop", "shop"), ("blog", "b"), ("b", "b")])
def test_by_the_components_name_or_the_deployments(
    cli: FakeDocker, command: Command, named: str, deployment: str
) -> None:
    assert meant(cli, command, named) == deployment


@pytest.mark.parametrize(
    ("named", "wrong"),
    [([], "stack live has several sites"), (["shop-test"], "stack live has no site 'shop-test'")],
)
def test_those_that_there_are_are_named(
    cli: FakeDocker, command: Command, named: list[str], wrong: str
) -> None:
    cli.on(NETWORKS, out=LISTED)
    said = command.fails(sites.main, words=["p", "live", *named])
    assert said == f"{wrong}\nWhat to do: use --site with one of: b (site blog), shop\n"


def test_the_only_one_need_not_be_named(cli: FakeDocker, command: Command) -> None:
    cli.on(NETWORKS, out="organization/p/live shop shop\n")
    command.fails(sites.main, words=["p", "live"], code=0)
    assert command.out == "shop\n"


def test_the_data_of_one_that_was_destroyed_tells_too(cli: FakeDocker, command: Command) -> None:
    cli.on(NETWORKS, out="").on(VOLUMES, out="organization/p/live shop \n")
    command.fails(sites.main, words=["p", "live"], code=0)
    assert command.out == "shop\n"


def test_where_there_is_none(cli: FakeDocker, command: Command) -> None:
    cli.on(NETWORKS, out="").on(VOLUMES, out="")
    said = command.fails(sites.main, words=["p", "live"])
    assert "there is no site of stack live on this Docker host" in said
    assert "`pulumi up -s live` makes them" in said


def test_a_program_of_ones_own_is_known_by_its_text(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("from django_on_docker.program import deploy\n")
    assert not sites.is_own_program(tmp_path)
    (tmp_path / "shop.py").write_text("from django_on_docker import DjangoSite\n")
    assert sites.is_own_program(tmp_path)


def test_what_is_unclear_is_an_error_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "stack live has several sites\nWhat to do: use --site with one of: b, shop"
    monkeypatch.setattr(stack, "is_own_program", lambda: True)
    monkeypatch.setattr(stack, "answer", lambda *_, **__: (False, said))
    with pytest.raises(ToolchainError) as error:
        stack.deployment("live")
    assert error.value.problem == "stack live has several sites"
    assert error.value.remedy == "use --site with one of: b, shop"

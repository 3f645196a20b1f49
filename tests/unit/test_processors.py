"""A limit of processors that the Docker host can't set."""

import pytest

from components.errors import UserError
from tests.unit.program import Program


def test_more_than_there_are_is_refused_with_the_key(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(program.daemon.info, "NCPU", 2)
    with pytest.raises(UserError) as refused:
        program.run("clean-server", processes__cpus=2.5, site__edgeCpus=2)
    said = str(refused.value)
    assert "the Docker host has 2 processors" in said
    assert "processes.cpus is 2.5: `pulumi config set --path processes.cpus 2 -s " in said
    assert "edgeCpus" not in said


def test_a_host_that_does_not_say_refuses_nothing(program: Program) -> None:
    assert "NCPU" not in program.daemon.info
    program.run("clean-server", processes__cpus=2.5)

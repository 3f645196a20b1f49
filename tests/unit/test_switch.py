"""Switching traffic: checked before it is in place, reloaded, and waited for."""

import io
from types import SimpleNamespace

import pytest

from components.commands import switch
from tests.unit.fake_docker import FakeDocker

CONFIG = b"frontend public\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(switch, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(CONFIG)))
    for name, value in {"EDGE": "edge", "BACKEND": "new", "CONFIGURATION": "abc"}.items():
        monkeypatch.setenv(name, value)


WRITE = "exec -i edge sh -c 'cat > /var/lib/edge/haproxy.cfg.new'"
CHECK = "exec edge haproxy -c -q -f /var/lib/edge/haproxy.cfg.new"
MOVE = "exec edge mv /var/lib/edge/haproxy.cfg.new /var/lib/edge/haproxy.cfg"
RELOAD = "kill --signal USR2 edge"
ASK = "exec --env EDGE=edge new python -c"


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        switch.main()
    assert stopped.value.code == 1
    return capsys.readouterr().err


def test_written_checked_moved_reloaded_and_asked_in_this_order(cli: FakeDocker) -> None:
    cli.on(ASK, out="old\n").on(ASK, code=1, err="refused").on(ASK, out="abc\n")
    switch.main()
    assert cli.calls[:4] == [WRITE, CHECK, MOVE, RELOAD]
    assert [call.startswith(ASK) for call in cli.calls[4:]] == [True] * 3
    assert cli.stdin == [CONFIG, *[None] * 6]


@pytest.mark.parametrize(
    ("failing", "says", "calls"),
    [
        (WRITE, "handing the edge its configuration: oh no", [WRITE]),
        (CHECK, "the edge refuses its new configuration: oh no", [WRITE, CHECK]),
        (MOVE, "replacing the edge's configuration: oh no", [WRITE, CHECK, MOVE]),
        (RELOAD, "reloading the edge: oh no", [WRITE, CHECK, MOVE, RELOAD]),
    ],
)
def test_a_failure_goes_no_further(
    cli: FakeDocker,
    capsys: pytest.CaptureFixture[str],
    failing: str,
    says: str,
    calls: list[str],
) -> None:
    cli.on(failing, code=1, err="oh no")
    assert says in refused(capsys)
    assert cli.calls == calls


def test_an_edge_that_stays_as_it_was_is_an_error(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.on(ASK, out="old\n")
    assert "edge did not take its new configuration within 30 s" in refused(capsys)

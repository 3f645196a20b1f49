"""The gate: lets a container through once it answers, and stops one that can't."""

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from components.host import client
from components.migrations import aftermath
from components.serving import gate_rejection, gate_step
from components.serving.gate_rejection import Rejection
from tests.unit.command import Command
from tests.unit.fake_clock import FakeClock
from tests.unit.fake_docker import FakeDocker


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what a release leaves behind its own tests ask."""
    monkeypatch.setattr(aftermath, "explain", lambda _: "What was serving goes on serving.")


def state(
    status: str = "running",
    *,
    code: int = 0,
    restarts: int = 0,
    health: str = "",
    oom: bool = False,
) -> dict[str, Any]:
    inside: dict[str, Any] = {"Status": status, "ExitCode": code, "OOMKilled": oom}
    if health:
        inside["Health"] = {"Status": health}
    return {"RestartCount": restarts, "State": inside}


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (state(), None),
        (state(health="starting"), None),
        (state(health="healthy"), None),
        (state(health="unhealthy"), "it is unhealthy"),
        (state("exited", code=3), "it exited with code 3"),
        (state("exited", code=137, oom=True), "it exited with code 137, out of memory"),
        (state("dead", code=1), "it exited with code 1"),
        (state("restarting", code=3), "it exited with code 3 and was restarted"),
        (state(restarts=1, code=3), "it exited with code 3 and was restarted"),
        (state("exited", restarts=2, code=1), "it exited with code 1 and was restarted"),
    ],
)
def test_what_is_wrong_with_a_container(seen: dict[str, Any], problem: str | None) -> None:
    assert gate_step.verdict(seen) == problem


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ({"out": "3\n3\n3\n"}, "it exited with code 3 and was restarted"),
        ({"out": ""}, "it exited and was restarted"),
        ({"code": 1}, "it exited and was restarted"),
    ],
)
def test_what_one_that_runs_again_ended_with_is_asked_of_the_daemon(
    cli: FakeDocker, events: dict[str, Any], problem: str
) -> None:
    cli.on("events --since 2026-01-02 --until 0s --filter container=abc", **events)
    seen = {**state(restarts=1), "Id": "abc", "Created": "2026-01-02"}
    assert gate_step.verdict(seen) == problem


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(gate_step, "time", fake)
    return fake


def answers(*texts: str | None) -> Callable[[str], str | None]:
    """A probe that answers these, the last one again and again."""
    left = list(texts)
    return lambda _container: left.pop(0) if len(left) > 1 else left[0]


INSPECT = "container inspect shop"


def rejected(cli: FakeDocker, command: Command, probe: Callable[[str], str | None]) -> str:
    """What the gate says of a container that it doesn't let through."""
    cli.on("logs --tail 1000 shop", out="Traceback\n", err="ImportError: nope\n")
    said = command.fails(gate_step.wait, "shop", 60, probe)
    # First the policy: otherwise Docker might start it once more.
    assert cli.calls[-3] == "cp - shop:/run/verdict"
    assert cli.calls[-2:] == ["update --restart=no shop", "stop --time 5 shop"]
    return said


def test_a_container_that_answers_is_let_through(cli: FakeDocker, clock: FakeClock) -> None:
    cli.on(INSPECT, out=[state()])
    gate_step.wait("shop", 60, answers("connection refused", "503", None))
    assert clock.now - 1000 == pytest.approx(2 * gate_step.INTERVAL)
    assert set(cli.calls) == {INSPECT}


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (state("exited", code=3), "it exited with code 3."),
        (state(restarts=1, code=3), "it exited with code 3 and was restarted."),
        (state(health="unhealthy"), "it is unhealthy."),
    ],
)
def test_a_container_that_fails_is_stopped_for_good(
    cli: FakeDocker, command: Command, seen: dict[str, Any], says: str
) -> None:
    cli.on(INSPECT, out=[state()]).on(INSPECT, out=[seen])
    said = rejected(cli, command, answers("connection refused"))
    assert f"gate: shop was not let through to traffic: {says}" in said
    assert "What was serving goes on serving." in said
    assert said.endswith("Traceback\nImportError: nope\n")


def note(stdin: bytes | None) -> bytes:
    """What a gate put into a container."""
    with tarfile.open(fileobj=io.BytesIO(stdin or b"")) as archive:
        assert archive.getnames() == ["rejection.json"]
        file = archive.extractfile(archive.getnames()[0])
        assert file is not None
        return file.read()


def test_the_next_gate_says_the_first_reason_and_asks_nothing(
    cli: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.environ(CONTAINER="shop", TIMEOUT="60", TERMS='{"processes.web.gateTimeout": "60"}')
    cli.on(INSPECT, out=[state()])
    said = rejected(cli, command, answers("503 Service Unavailable"))
    first = said.partition("gate: shop was not let through")[2]
    archive = cli.stdin[cli.calls.index("cp - shop:/run/verdict")]
    again = FakeDocker()
    monkeypatch.setattr(client, "subprocess", again)
    again.on("cp shop:/run/verdict/rejection.json -", out=archive or b"")
    assert command.fails(gate_step.main) == f"gate: shop was not let through{first}"
    assert (
        "no healthy answer within 60 s (processes.web.gateTimeout): 503 Service Unavailable"
        in first
    )
    assert "ImportError: nope" in first
    assert again.calls == ["cp shop:/run/verdict/rejection.json -"]
    kept = gate_rejection.parse(note(archive))
    assert kept is not None
    assert kept.terms == {"processes.web.gateTimeout": "60"}


@pytest.mark.parametrize("text", [None, b"", b"{}", b"[]", b'{"problem": "x"', b'{"terms": 1}'])
def test_a_note_that_cannot_be_read_is_none(text: bytes | None) -> None:
    assert gate_rejection.parse(text) is None


def test_what_was_told_otherwise_is_what_both_gates_know() -> None:
    kept = Rejection(problem="", lines="", terms={"processes.web.gateTimeout": "4", "gone": "1"})
    assert kept.changed({"processes.web.gateTimeout": "4", "new": "2"}) == []
    assert kept.changed({"processes.web.gateTimeout": "9"}) == [
        "processes.web.gateTimeout is 9 now instead of 4"
    ]


def test_a_failed_container_is_not_asked_whether_it_is_healthy_after_all(
    cli: FakeDocker, command: Command
) -> None:
    cli.on(INSPECT, out=[state(restarts=1)])
    rejected(cli, command, answers(None))


def test_its_patience_ends(cli: FakeDocker, command: Command, clock: FakeClock) -> None:
    cli.on(INSPECT, out=[state()])
    said = rejected(cli, command, answers("503 Service Unavailable"))
    assert clock.now - 1000 == pytest.approx(60, abs=2 * gate_step.INTERVAL)
    assert (
        "no healthy answer within 60 s (processes.web.gateTimeout): 503 Service Unavailable."
        in said
    )
    # Every 15 seconds, and not at each of the two hundred probes.
    assert said.count("gate: waiting for shop") == 3
    assert "gate: waiting for shop, 15 s: 503 Service Unavailable\n" in said


def test_a_container_that_is_gone_can_only_be_made_again(cli: FakeDocker, command: Command) -> None:
    cli.gone()
    assert "container shop is gone: run `pulumi up --refresh`" in command.fails(
        gate_step.wait, "shop", 60, answers(None)
    )
    assert cli.calls == [INSPECT]


@pytest.mark.parametrize(
    ("code", "out", "err", "answer"),
    [
        (0, "ok\n", "", None),
        (1, "", "starting\nconnection refused\n", "connection refused"),
        (1, "500 from /-/health\n", "", "500 from /-/health"),
        (1, "", "", "no answer"),
    ],
)
def test_the_probe_asks_from_inside(
    cli: FakeDocker, code: int, out: str, err: str, answer: str | None
) -> None:
    cli.on("exec shop python -m deploy_runtime.probe", code=code, out=out, err=err)
    assert gate_step.probe("shop") == answer


def told(command: Command, *smoke_paths: str) -> None:
    """What the gate is told by its environment."""
    terms = json.dumps({"processes.web.smoke": json.dumps(smoke_paths)})
    command.environ(CONTAINER="shop", TIMEOUT="60", TERMS=terms)


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        ({"out": '{"supplied": []}\n'}, '{"supplied": []}\n'),
        # A release from before there was a report.
        ({"code": 1, "err": "cat: /opt/deploy/build-report.json: No such file\n"}, "{}\n"),
    ],
)
def test_it_prints_what_the_build_supplied(
    cli: FakeDocker, command: Command, answer: dict[str, Any], printed: str
) -> None:
    told(command)
    cli.on(INSPECT, out=[state()])
    cli.on("exec shop cat /opt/deploy/build-report.json", **answer)
    command.says(gate_step.main)
    assert command.out == printed


def test_a_daemon_that_dies_after_the_answer_leaves_no_empty_report(
    cli: FakeDocker, command: Command
) -> None:
    told(command)
    cli.on(INSPECT, out=[state()])
    cli.on("exec shop cat", code=1, err="error during connect: EOF")
    assert "can't be read: error during connect: EOF" in command.fails(gate_step.main)


@pytest.mark.parametrize(
    ("began", "limit"),
    [
        ("2026-01-02T03:04:06Z", "--until 2026-01-02T03:04:06Z "),
        # It has ended for the last time, and its last lines may be noted later than that.
        ("2026-01-02T03:04:04Z", ""),
    ],
)
def test_what_is_shown_of_a_restarted_one_is_how_it_ended(
    cli: FakeDocker, command: Command, clock: FakeClock, began: str, limit: str
) -> None:
    seen = state(restarts=1, code=3)
    seen["State"] |= {"StartedAt": began, "FinishedAt": "2026-01-02T03:04:05Z"}
    cli.on(INSPECT, out=[seen])
    cli.on(f"logs --tail 1000 {limit}shop", err="ImportError: nope\n")
    cli.on("update --restart=no shop", out="")
    cli.on("stop --time 5 shop", out="")
    assert "ImportError: nope" in command.fails(gate_step.wait, "shop", 60, answers("refused"))


def test_what_a_failed_one_committed_is_said_before_its_last_lines(
    cli: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        aftermath, "explain", lambda of: f"it committed something on {of['deployment']}"
    )
    cli.on(INSPECT, out=[state("exited", code=1)])
    said = rejected(cli, command, answers(None))
    assert "it committed something on shop\nThe same again fails again" in said
    assert "`make recover STACK=NAME` lets it try once more.\nIts last lines:\n\nTraceback" in said


SMOKE = "exec shop python -m deploy_runtime.ask_page"


def page(path: str, status: int, *, problem: str = "") -> dict[str, Any]:
    return {"path": path, "status": status, "problem": problem, "began": 17.25}


def every_page(cli: FakeDocker, status: int, *, logged: bool = True) -> None:
    """Every path answers with a status, and if that is an error, says in the log why."""
    cli.on(INSPECT, out=[state()]).on(SMOKE, out=page("/", status))
    log = "".join(f"line {n}\n" for n in range(40)) + "Traceback (most recent call last)\n"
    if logged:
        log += f"{'x' * 400}\nKeyError: 'price'\n"
        cli.on("logs --tail 1000 --since 17.250000 shop", err=log)


def test_pages_that_are_well_are_not_worth_a_word(cli: FakeDocker, command: Command) -> None:
    told(command, "/", "/a")
    every_page(cli, 200, logged=False)
    assert command.says(gate_step.main) == ""
    assert [c for c in cli.calls if c.startswith(SMOKE)] == [f"{SMOKE} /", f"{SMOKE} /a"]


def test_an_error_at_the_root_is_said_with_what_was_logged(
    cli: FakeDocker, command: Command
) -> None:
    told(command)
    every_page(cli, 500)
    said = command.says(gate_step.main)
    assert said.startswith("warning: shop answers / with 500, which visitors will see; list it in")
    assert said.endswith(f"\n{'x' * 300}…\nKeyError: 'price'\n")
    assert "line 39\nTraceback" in said
    assert "line 9\n" not in said, "thirty lines at most"
    assert not [c for c in cli.calls if c.startswith("stop")]


def test_a_page_that_is_missing_at_the_root_is_the_projects_business(
    cli: FakeDocker, command: Command
) -> None:
    told(command)
    every_page(cli, 404)
    assert command.says(gate_step.main) == ""


@pytest.mark.parametrize("status", [500, 503, 400, 404, 0])
def test_a_smoke_path_that_fails_is_refused(cli: FakeDocker, command: Command, status: int) -> None:
    told(command, "/")
    every_page(cli, status)
    said = command.fails(gate_step.main)
    assert f"not let through to traffic: it answers / (processes.web.smoke) with {status}." in said
    assert said.endswith("KeyError: 'price'\n")
    assert [c for c in cli.calls if c.startswith("stop")] == ["stop --time 5 shop"]


@pytest.mark.parametrize("status", [200, 302, 401, 403, 405])
def test_a_smoke_path_may_be_guarded(cli: FakeDocker, command: Command, status: int) -> None:
    told(command, "/")
    every_page(cli, status, logged=False)
    assert command.says(gate_step.main) == ""


def test_what_serves_is_not_stopped_for_a_path_that_config_adds(
    cli: FakeDocker, command: Command
) -> None:
    told(command, "/")
    every_page(cli, 500)
    said = command.fails(gate_step.main, words=["again"])
    assert (
        "gate: shop serves, and is left alone, but it answers / (processes.web.smoke) with 500."
        in said
    )
    assert not [c for c in cli.calls if c.startswith(("stop", "update"))]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"out": page("/de/", 500)}, "with 500, at /de/"),
        ({"out": page("/", 302, problem="more than 5 redirects")}, "with more than 5 redirects"),
        ({"code": 1, "err": "OSError: no space\n"}, "with no answer: OSError: no space"),
    ],
)
def test_how_a_page_fails_is_said(
    cli: FakeDocker, command: Command, answer: dict[str, Any], says: str
) -> None:
    cli.on(SMOKE, **answer)
    assert says in command.says(gate_step.show, "shop", [])


def test_a_release_that_is_too_old_to_be_asked_is_not(cli: FakeDocker, command: Command) -> None:
    cli.on(SMOKE, code=1, err="python: No module named deploy_runtime.ask_page\n")
    assert command.says(gate_step.show, "shop", ["/a"]) == ""
    assert len(cli.calls) == 1


PUBLISH = "exec shop python -m deploy_runtime.assets publish"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"out": "assets: 3 hashed files\n"}, "assets: 3 hashed files\n"),
        ({"err": "warning: assets: the disk is full\n"}, "warning: assets: the disk is full\n"),
        ({"code": 1, "err": "Traceback\nValueError: oh\n"}, "ValueError: oh\n"),
        # A release from before it could.
        ({"code": 1, "err": "python: No module named deploy_runtime.assets\n"}, ""),
        ({"code": 1}, ""),
    ],
)
def test_static_files_are_published_and_no_reason_to_fail(
    cli: FakeDocker, command: Command, answer: dict[str, Any], said: str
) -> None:
    cli.on(PUBLISH, **answer)
    assert command.says(gate_step.publish, "shop") == said


def test_only_a_container_that_passed_publishes(cli: FakeDocker, command: Command) -> None:
    told(command)
    cli.on("container inspect", out=[state("exited", code=3)]).on(
        "container inspect", out=[state()]
    )
    command.fails(gate_step.main)
    assert PUBLISH not in cli.calls
    gate_step.main()
    assert cli.calls.index("exec shop python -m deploy_runtime.probe") < cli.calls.index(PUBLISH)


def test_one_that_was_killed_for_its_memory_is_told_with_the_key(
    cli: FakeDocker, command: Command
) -> None:
    bounded = {**state(), "HostConfig": {"Memory": 128 * 1024**2}}
    cli.on(INSPECT, out=[bounded])
    cli.on("events --since 24h --until 0s --filter container=shop", out="create\noom\noom\n")
    said = rejected(cli, command, answers("timed out"))
    assert "no healthy answer within 60 s" in said
    assert "it was killed for taking more memory than processes.memory allows, 128 MB" in said


@pytest.mark.parametrize("already", [False, True])
def test_a_file_that_cannot_be_written_is_told_with_the_key_once(
    cli: FakeDocker, command: Command, already: bool
) -> None:
    logged = "OSError: [Errno 30] Read-only file system: '/app/cache/x'\n"
    logged += "set processes.writableRoot\n" if already else ""
    cli.on("logs --tail 1000 shop", out=logged)
    cli.on(INSPECT, out=[state()]).on(INSPECT, out=[state("exited", code=1)])
    said = command.fails(gate_step.wait, "shop", 60, answers("no"))
    assert said.count("processes.writableRoot") == 1
    assert ("What to do: /app/cache/x can't be written" in said) != already


def test_its_processes_are_limited_before_it_is_judged(cli: FakeDocker, command: Command) -> None:
    told(command)
    command.environ(PROCESSES="600")
    cli.on(INSPECT, out=[state()])
    gate_step.main()
    limited = cli.calls.index("update --pids-limit 600 shop")
    assert limited < cli.calls.index("exec shop python -m deploy_runtime.probe")

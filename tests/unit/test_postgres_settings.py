"""Settings of the deployment's own PostgreSQL: tried elsewhere first, given, and taken back."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from components.config.settings import Settings
from components.data import postgres_settings, postgres_settings_step
from components.data.postgres_settings import DECIDED, Change, changed
from components.parts.announcement import restarted_for
from components.stack_state import Resource
from tests.config_keys import nested
from tests.unit.command import Command
from tests.unit.fake_clock import FakeClock
from tests.unit.fake_docker import FakeDocker
from tests.unit.program import Program

SITE: dict[str, Any] = {"app.path": "a", "app.settings": "b", "data": "create", "deployment": "s"}
INSPECT = "container inspect shop-postgres"
ASK = "exec --interactive --user postgres shop-postgres sh -c"
IN = "exec --user root shop-postgres sh -c"
TRIAL = "run --rm --init --name shop-postgres-trial"
ENTER = "exec shop-postgres sh -c"
KNOWN = ["max_connections", "shared_buffers", "work_mem"]
STATE = {
    "Image": "sha256:server",
    "HostConfig": {"ReadonlyRootfs": True, "Tmpfs": {"/tmp": "size=256m"}, "Memory": 1024**3},
    "Config": {"Env": ["PGDATA=/data"], "Labels": {}},
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, command: Command) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(postgres_settings_step, "time", fake)
    command.environ(CONTAINER="shop-postgres", DATABASE_USER="app", DATABASE_NAME="site")
    command.environ(TIMEOUT="60", DEPLOYMENT="shop")
    return fake


def server(cli: FakeDocker, *, noted: list[str], waiting: list[str] | None = None) -> FakeDocker:
    """One that takes what it is given; it says what waits for its restart."""
    cli.on(INSPECT, out=[STATE])
    for answer in (noted, KNOWN, "10:00", "t", "10:00", "10:01", waiting or []):
        cli.on(ASK, out=answer)
    return cli


def given(command: Command, **settings: str) -> None:
    command.environ(SETTINGS=json.dumps(settings))


def told_to(cli: FakeDocker, words: str) -> list[str]:
    return [
        (stdin or b"").decode()
        for call, stdin in zip(cli.calls, cli.stdin, strict=True)
        if call.startswith(words)
    ]


def test_what_takes_no_restart_gets_none(cli: FakeDocker, command: Command) -> None:
    server(cli, noted=["work_mem", "max_connections"])
    given(command, work_mem="16MB")
    command.says(postgres_settings_step.main)
    assert json.loads(command.out) == {"restarted": False}
    [tried] = told_to(cli, TRIAL)
    assert tried == "work_mem = '16MB'\n"
    statements = told_to(cli, ASK)[3]
    assert statements.splitlines() == [
        "ALTER DATABASE postgres SET django_on_docker.settings = "
        '\'["max_connections", "work_mem"]\';',
        'ALTER SYSTEM RESET "max_connections";',
        "ALTER SYSTEM SET \"work_mem\" = '16MB';",
        "SELECT pg_reload_conf();",
    ]
    assert told_to(cli, ASK)[-1].endswith("= '[\"work_mem\"]';"), "the other is nobody's any more"
    assert not [call for call in cli.calls if call.startswith("restart")]


def test_what_takes_one_gets_it_after_all_was_tried(cli: FakeDocker, command: Command) -> None:
    server(cli, noted=[], waiting=["max_connections", "wal_level"]).on(ENTER, out="1")
    given(command, max_connections="200")
    said = command.says(postgres_settings_step.main)
    assert "shop-postgres is started anew for max_connections\n" in said
    assert json.loads(command.out) == {"restarted": True}
    order = [next(i for i, c in enumerate(cli.calls) if c.startswith(w)) for w in (TRIAL, "resta")]
    assert order == sorted(order)


def test_what_others_wait_for_restarts_nothing(cli: FakeDocker, command: Command) -> None:
    server(cli, noted=[], waiting=["wal_level"])
    given(command, work_mem="16MB")
    command.says(postgres_settings_step.main)
    assert json.loads(command.out) == {"restarted": False}


def test_the_trial_is_denied_what_the_server_is(cli: FakeDocker, command: Command) -> None:
    server(cli, noted=[])
    given(command, work_mem="16MB")
    command.says(postgres_settings_step.main)
    [trial] = [call for call in cli.calls if call.startswith(TRIAL)]
    for words in ("--read-only", "--memory 1024m", "--network none", "--user postgres"):
        assert words in trial
    assert "--volume" not in trial
    assert " sha256:server " in trial


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            '2026-11-29 16:32:39.118 UTC [26] LOG:  invalid value for parameter "work_mem": "a"\n'
            '2026-11-29 16:32:39.118 UTC [26] FATAL:  configuration file "/x" contains errors\n',
            'can\'t be taken: LOG:  invalid value for parameter "work_mem": "a".\n',
        ),
        (
            "2026-11-29 16:32:54.238 UTC [25] LOG:  starting\n"
            "2026-11-29 16:32:54.238 UTC [25] FATAL:  could not map anonymous shared memory\n",
            "can't be taken: FATAL:  could not map anonymous shared memory.\n",
        ),
        ('postgres: "a" (3) must be less than "b" (2).\npg_ctl: could not', 'than "b" (2).\n'),
    ],
)
def test_what_would_not_start_changes_nothing(
    cli: FakeDocker, command: Command, log: str, says: str
) -> None:
    server(cli, noted=[]).on(TRIAL, code=1, err=log)
    given(command, work_mem="lots")
    said = command.fails(postgres_settings_step.main)
    assert says in said
    assert "`pulumi config set --path 'database.settings[\"NAME\"]' VALUE -s STACK`" in said
    assert "the server that there is was left alone" in said
    assert not [call for call in cli.calls if call.startswith((IN, "restart"))]
    assert "ALTER" not in "".join(told_to(cli, ASK))


def test_a_name_that_there_is_not_is_known_without_a_trial(
    cli: FakeDocker, command: Command
) -> None:
    cli.on(ASK, out=[]).on(ASK, out=KNOWN)
    given(command, work_men="16MB")
    said = command.fails(postgres_settings_step.main)
    assert "there is no work_men, did you mean work_mem?" in said
    assert told_to(cli, TRIAL) == []


def test_what_the_server_refuses_all_the_same_is_taken_back(
    cli: FakeDocker, command: Command
) -> None:
    cli.on(INSPECT, out=[STATE])
    for answer in ([], KNOWN, "10:00"):
        cli.on(ASK, out=answer)
    refused = "ERROR:  permission denied"
    cli.on(ASK, code=3, err=refused).on(ASK, code=3, err=refused).on(ASK, out="t")
    given(command, work_mem="16MB")
    assert "ERROR:  permission denied" in command.fails(postgres_settings_step.main)
    inside = [call for call in cli.calls if call.startswith(IN)]
    assert "cp -p" in inside[0]
    assert "mv -f" in inside[1]


def test_a_mistake_by_hand_is_named_and_nothing_is_waited_for_without_end(
    cli: FakeDocker, command: Command, clock: FakeClock
) -> None:
    cli.on(INSPECT, out=[STATE])
    for answer in ([], KNOWN, "10:00", "t", *["10:00"] * 202, "t"):
        cli.on(ASK, out=answer)
    cli.on(ASK, out="ERROR: /data/postgresql.conf: work_men: unrecognized")
    given(command, work_mem="16MB")
    said = command.fails(postgres_settings_step.main)
    assert "can't be taken: ERROR: /data/postgresql.conf: work_men: unrecognized." in said
    assert 60 <= clock.now - 1000 < 62
    assert "mv -f" in [call for call in cli.calls if call.startswith(IN)][-1]


def test_a_server_that_does_not_come_up_gets_back_what_it_had(
    cli: FakeDocker, command: Command, clock: FakeClock
) -> None:
    server(cli, noted=[], waiting=["shared_buffers"])
    for _ in range(202):
        cli.on(ENTER, code=2, err="starting up")
    cli.on(ENTER, out="1")
    given(command, shared_buffers="4GB")
    said = command.fails(postgres_settings_step.main)
    assert "did not come up with database.settings, and serves again with those that it had" in said
    assert clock.now - 1000 >= 60
    put = next(call for call in cli.calls if call.startswith(TRIAL) and "mv -f" in call)
    assert "--volumes-from shop-postgres" in put
    order = [c.split()[0] for c in cli.calls if c.split()[0] in ("restart", "stop", "start")]
    assert order == ["restart", "stop", "start"]


def test_a_server_that_never_had_any_is_asked_and_no_more(
    cli: FakeDocker, command: Command
) -> None:
    cli.on(ASK, out=[])
    given(command)
    command.says(postgres_settings_step.main)
    assert len(cli.calls) == 1


@pytest.mark.parametrize(
    ("name", "value", "sql", "line"),
    [
        ("work_mem", "it's", "'it''s'", "'it''s'"),
        ("search_path", "a, b", "'a', 'b'", "'a, b'"),
        ("log_line_prefix", r"%m\n", r"'%m\n'", r"'%m\\n'"),
        ("auto_explain.log_analyze", "true", "'true'", "'true'"),
    ],
)
def test_a_value_is_the_same_in_sql_and_in_a_file(
    name: str, value: str, sql: str, line: str
) -> None:
    change = Change({name: value}, ())
    quoted = ".".join(f'"{part}"' for part in name.split("."))
    assert f"ALTER SYSTEM SET {quoted} = {sql};" in change.statements()
    assert change.as_file() == f"{name} = {line}\n"


def test_which_are_other_than_before() -> None:
    before, after = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}
    assert changed(before, after) == {"b", "c", "d"}
    asked = postgres_settings.restarting({"b", "a'"})
    assert asked.endswith("context = 'postmaster' AND name IN ('a''', 'b')")


@pytest.mark.parametrize("name", sorted(DECIDED))
def test_what_the_deployment_decides_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ValueError, match="is the deployment's to decide: ") as error:
        settings(**{name: "1"})
    assert DECIDED[name] in str(error.value)


@pytest.mark.parametrize("name", ["", "Work_Mem", "a b", "a'", "a.b.c", "x" * 64])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a setting"):
        settings(**{name: "1"})


def test_values_are_what_yaml_makes_of_them() -> None:
    found = settings(max_connections=200, jit=False, random_page_cost=1.1)
    assert found == {"max_connections": "200", "jit": "false", "random_page_cost": "1.1"}


def test_they_are_for_a_server_of_the_deployments_own() -> None:
    with pytest.raises(ValueError, match=r"but database\.engine is sqlite"):
        settings("sqlite", work_mem="1MB")


def settings(engine: str = "postgres", **values: Any) -> Mapping[str, str]:
    config = nested({**SITE, "database.engine": engine, "database.settings": values})
    return Settings.model_validate(config).database.settings


STACK = "clean-server"
STEP = f"{STACK}-postgres-settings"
POSTGRES: dict[str, Any] = {"database.engine": "postgres", "database.password": "open-sesame-9"}
TUNED = {**POSTGRES, "database.settings": {"work_mem": "16MB"}}


def test_whoever_needs_the_server_waits_for_its_settings(program: Program) -> None:
    recorder = program.run(STACK, **TUNED)
    assert recorder[STEP].triggers["settings"] == {"work_mem": "16MB"}
    assert f"{STACK}-postgres-gate" in recorder[STEP].waits_for
    assert STEP in recorder[f"{STACK}-job"].waits_for
    before = program.run(STACK, **POSTGRES)[f"{STACK}-postgres-server"].inputs
    assert recorder[f"{STACK}-postgres-server"].inputs == before, "no other container"


def test_a_server_without_any_has_no_such_step(program: Program) -> None:
    assert STEP not in program.run(STACK, **POSTGRES).resources


class Host:
    """A host whose server says what takes its restart, to one of two superusers."""

    def __init__(self, *, runs: bool = True, user: str = "postgres") -> None:
        self.runs, self.user, self.asked = runs, user, 0

    def running(self, **_: str) -> list[str]:
        return ["shop-postgres"] if self.runs else []

    def said_inside(self, container: str, *words: str) -> str:
        self.asked += 1
        assert container == "shop-postgres"
        return '["max_connections"]' if words[words.index("-U") + 1] == self.user else ""


@pytest.mark.parametrize(
    ("before", "wanted", "host", "names"),
    [
        ({"work_mem": "1MB"}, {"max_connections": "9"}, Host(), ["max_connections"]),
        ({}, {"max_connections": "9"}, Host(user="app"), ["max_connections"]),
        ({}, {"max_connections": "9"}, Host(user="nobody"), []),
        ({}, {"max_connections": "9"}, Host(runs=False), []),
    ],
)
def test_the_server_is_asked_what_takes_its_restart(
    before: dict[str, str], wanted: dict[str, str], host: Host, names: list[str]
) -> None:
    assert restarted_for(preparation(before, wanted, host)) == names


def test_without_a_change_nobody_is_asked() -> None:
    host = Host()
    same = {"work_mem": "1MB"}
    assert restarted_for(preparation(same, same, host)) == []
    assert host.asked == 0


def preparation(before: dict[str, str], wanted: dict[str, str], host: Host) -> Any:
    step = Resource({"inputs": {"triggers": [{"settings": before}]}} if before else {})
    keys = SimpleNamespace(settings=wanted, user="app")
    return SimpleNamespace(
        settings=SimpleNamespace(deployment="shop", database=keys),
        state={"shop-postgres-settings": step},
        host=host,
    )

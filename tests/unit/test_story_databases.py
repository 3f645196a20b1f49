"""The whole program on its other databases: who waits for whom, what is secret, what is touched."""

import json
from typing import Any

import pytest

from components.errors import UserError
from tests.unit.program import Program, differ, environment
from tests.unit.recorder import Recorder

SITE = "clean-server"
PASSWORD = "hunter2-and-more"
POSTGRES: dict[str, Any] = {"database.engine": "postgres", "database.password": PASSWORD}
EXTERNAL: dict[str, Any] = {
    "database.engine": "external",
    "database.url": f"postgres://ada:{PASSWORD}@db.example.org/shop",
}


def inputs(recorder: Recorder) -> dict[str, str]:
    return {
        f"{key}.{name}": str(value)
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
    }


def test_the_server_is_ready_before_anybody_needs_it(program: Program) -> None:
    recorder = program.run(SITE, **POSTGRES)
    ready = f"{SITE}-postgres-gate"
    assert ready in recorder[f"{SITE}-job"].waits_for
    assert ready in recorder[f"{SITE}-backend"].waits_for
    assert f"{SITE}-release" in recorder[f"{SITE}-postgres-server"].waits_for


def test_the_application_mounts_no_file_of_the_servers(program: Program) -> None:
    recorder = program.run(SITE, **POSTGRES)
    targets = [mount["target"] for mount in recorder[f"{SITE}-backend"].inputs["mounts"]]
    assert not [target for target in targets if "data" in target or "postgresql" in target]
    assert f"{SITE}-data" not in recorder.resources


@pytest.mark.parametrize("chosen", [POSTGRES, EXTERNAL])
def test_the_address_is_handed_over_with_the_other_secrets(
    program: Program, chosen: dict[str, Any]
) -> None:
    recorder = program.run(SITE, **chosen)
    assert "DATABASE_URL" not in environment(recorder, SITE)
    written = recorder[f"{SITE}-secrets-files"].inputs["stdin"]
    assert "DATABASE_URL" in written
    holders = {where for where, value in inputs(recorder).items() if PASSWORD in value}
    own = {f"{SITE}-postgres-secrets-files.stdin"} if chosen is POSTGRES else set()
    assert holders == {f"{SITE}-secrets-files.stdin", *own}
    assert PASSWORD not in str(recorder.outputs)


@pytest.mark.parametrize(
    ("chosen", "identity"),
    [
        ({}, f"sqlite:{SITE}-data/db.sqlite3"),
        (POSTGRES, f"postgres:{SITE}-postgres/app"),
        (EXTERNAL, "postgres://db.example.org:5432/shop"),
    ],
)
def test_another_database_is_a_reason_to_seed(
    program: Program, chosen: dict[str, Any], identity: str
) -> None:
    assert program.run(SITE, **chosen)[f"{SITE}-job"].triggers["database"] == identity


@pytest.mark.parametrize(
    ("chosen", "driver"),
    [
        ({}, "sqlite"),
        (POSTGRES, "postgres"),
        (EXTERNAL, "postgres"),
        ({**EXTERNAL, "database.url": "mysql://ada:x@db/shop"}, "mysql"),
    ],
)
def test_the_driver_is_built_in(program: Program, chosen: dict[str, Any], driver: str) -> None:
    build = program.run(SITE, **chosen)[f"{SITE}-release"].inputs["build"]
    assert build["buildArgs"]["DATABASE_ENGINE"] == driver


@pytest.mark.parametrize(
    "changes",
    [
        {"env": {"LANG": "de"}},
        {"releases.redeploy": 1},
        {"processes.web.workers": 3},
        {"site.port": 8099},
    ],
    ids=str,
)
def test_no_update_touches_the_server(program: Program, changes: dict[str, Any]) -> None:
    before, after = program.run(SITE, **POSTGRES), program.run(SITE, **POSTGRES, **changes)
    touched = differ(before, after)
    assert touched
    assert not [name for name in touched if name.startswith("postgres")]


def test_another_password_is_tried_before_anything_that_needs_it(program: Program) -> None:
    changes = {**POSTGRES, "database.password": "another-one"}
    touched = differ(program.run(SITE, **POSTGRES), program.run(SITE, **changes))
    assert {"postgres-gate", "postgres-secrets-files", "secrets-files", "backend"} <= touched
    assert not {"postgres-server", "postgres", "release", "job"} & touched


def test_a_database_elsewhere_is_no_resource(program: Program) -> None:
    recorder = program.run_into(Recorder(), SITE, **EXTERNAL)
    made = {key for key in recorder.resources if "postgres" in key or key.endswith("-data")}
    # Its tools copy the database before migrations run.
    assert made == {f"{SITE}-postgres-image"}
    written = json.loads((program.build_folder / SITE / "migration-check.json").read_text())
    assert written["fresh"] is False, "what is in it is not known here"
    assert written["tools"].startswith("sha256:")
    none = program.run(SITE, **EXTERNAL, database__backups=0)
    assert not [key for key in none.resources if "postgres" in key or key.endswith("-data")]
    assert f"{SITE}-release" in recorder[f"{SITE}-job"].waits_for


def test_data_is_not_left_behind_on_another_engine(program: Program) -> None:
    marks = {"django-on-docker.deployment": SITE, "django-on-docker.role": "data"}
    program.daemon.found[f"{SITE}-data"] = marks
    try:
        with pytest.raises(UserError, match="an empty database would be served in its place"):
            program.run_into(Recorder(), SITE, **POSTGRES)
    finally:
        del program.daemon.found[f"{SITE}-data"]


def test_existing_data_of_a_server_is_not_given_to_the_application(program: Program) -> None:
    program.daemon.found["old_pg"] = None
    program.daemon.files["old_pg"] = {"PG_VERSION"}
    recorder = program.run("update", **POSTGRES, database__volume="old_pg")
    mounts = recorder["update-postgres-server"].inputs["mounts"]
    assert mounts[0]["source"] == "old_pg"
    assert "old_pg" not in recorder["update-ownership"].inputs["environment"]["SOURCES"]
    assert "lanterna_media" in recorder["update-ownership"].inputs["environment"]["SOURCES"]


def step(name: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
    """A step as the stack's state has it; what it was told is a secret."""
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": json.dumps(json.dumps(said)),
    }
    kind = "command:local:Command"
    return {"urn": f"urn::{kind}::{name}", "type": kind, "id": name, "inputs": {"stdin": secret}}


@pytest.mark.parametrize(
    ("user", "password", "steps", "login", "ends"),
    [
        ("app", PASSWORD, (), "app", False),
        ("app", "another", (), "app_2", True),
        ("app_2", PASSWORD, ("earlier-login",), "app_2", True),
        ("app_2", "another", ("earlier-login",), "app", True),
        ("app", PASSWORD, ("earlier-login",), "app", True),
    ],
)
def test_two_roles_take_turns_and_the_earlier_one_ends_after_the_switch(
    program: Program, user: str, password: str, steps: tuple[str, ...], login: str, ends: bool
) -> None:
    told = {"DATABASE_URL": f"postgres://{user}:{password}@{SITE}-postgres:5432/app"}
    there = [step(f"{SITE}-secrets-files", told), *(step(f"{SITE}-{name}") for name in steps)]
    program.pulumi.state = there
    try:
        recorder = program.run_into(Recorder(), SITE, **POSTGRES)
    finally:
        program.pulumi.state = []
    gate = recorder[f"{SITE}-postgres-gate"].inputs["environment"]
    assert gate.get("DATABASE_LOGIN", gate["DATABASE_USER"]) == login
    written = recorder[f"{SITE}-secrets-files"].inputs["stdin"]
    assert f"postgres://{login}:{PASSWORD}@" in written
    found = f"{SITE}-earlier-login" in recorder.resources
    assert found == ends
    if found:
        ended = recorder[f"{SITE}-earlier-login"]
        assert ended.inputs["environment"]["DATABASE_LOGIN"] == login
        assert f"{SITE}-traffic" in ended.waits_for
        assert PASSWORD not in str(ended.inputs)

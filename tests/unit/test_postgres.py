"""PostgreSQL's container, volume, image and gate, as they are asked for."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components.data.postgres import Postgres, PostgresArgs, server_restrictions
from components.step import SAY_AGAIN
from tests.unit.recorder import Recorder, after, deploy

STACK = "organization/django-on-docker/shop"
PASSWORD = "open-sesame"
ARGS: PostgresArgs = {
    "deployment": "shop",
    "stack": STACK,
    "existing": None,
    "server_image": "",
    "base_image": "base:1",
    "network": "shop-database",
    "restrictions": server_restrictions((), writable=False, memory=0, cpus=0),
    "name": "app",
    "user": "app",
    "login": "app",
    "password": PASSWORD,
    "extensions": (),
    "settings": None,
    "secrets": "f1",
    "timeout": 60,
}
Made = Callable[..., Recorder]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Made:
    monkeypatch.setattr("components.checkout.FOLDER", tmp_path)

    def make(**changes: Any) -> Recorder:
        def program() -> None:
            args: Any = {**ARGS, **changes}
            made = Postgres("shop", args, after("release"))
            docker.Container("backend", image="i", opts=pulumi.ResourceOptions(depends_on=[made]))

        return deploy(program)

    return make


def environment(recorder: Recorder) -> dict[str, str]:
    return dict(entry.split("=", 1) for entry in recorder["shop-postgres-server"].inputs["envs"])


def test_there_is_never_a_second_server(made: Made) -> None:
    server = made()["shop-postgres-server"]
    # The name is fixed and the old one goes first: what is left behind can't be overlooked.
    assert server.inputs["name"] == "shop-postgres"
    assert server.options.deleteBeforeReplace is True
    assert server.options.deleteBeforeReplaceDefined is True


def test_another_container_with_the_data_open_ends_it(made: Made) -> None:
    server = made()["shop-postgres-server"]
    guard = server.inputs["entrypoints"][2]
    assert server.inputs["entrypoints"][:2] == ["sh", "-c"]
    assert guard.index("flock -n 9") < guard.index('exec docker-entrypoint.sh "$@"')
    assert server.inputs["command"][0] == "postgres"


def test_it_stops_gracefully(made: Made) -> None:
    inputs = made()["shop-postgres-server"].inputs
    assert inputs["stopSignal"] == "SIGINT"
    assert inputs["stopTimeout"] == inputs["destroyGraceSeconds"] >= 60
    assert inputs["restart"] == "always"
    # Its own process id has to be 1 at every start: its lock file is judged by it.
    assert not inputs.get("init")


def test_it_is_reached_on_a_network_of_its_own_alone(made: Made) -> None:
    inputs = made()["shop-postgres-server"].inputs
    assert "ports" not in inputs
    assert not inputs.get("publishAllPorts")
    assert inputs["networksAdvanced"] == [{"name": "shop-database"}]


def test_the_password_is_a_file_and_nothing_else(made: Made) -> None:
    recorder = made()
    holders = {
        f"{key}.{name}"
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
        if PASSWORD in str(value)
    }
    assert holders == {"shop-postgres-secrets-files.stdin"}
    written = recorder["shop-postgres-secrets-files"]
    assert json.loads(written.inputs["stdin"]) == {"POSTGRES_PASSWORD": PASSWORD}
    assert "stdin" in written.secret
    assert environment(recorder)["POSTGRES_PASSWORD_FILE"] == "/run/secrets/POSTGRES_PASSWORD"
    assert {"POSTGRES_PASSWORD", "PGPASSWORD"}.isdisjoint(environment(recorder))


def test_it_follows_the_conventions_of_the_registrys_images(made: Made) -> None:
    recorder = made(name="site", user="owner")
    variables = environment(recorder)
    # There POSTGRES_USER is the superuser: the application's user is made by the gate.
    assert (variables["POSTGRES_DB"], variables["POSTGRES_USER"]) == ("postgres", "postgres")
    asked = recorder["shop-postgres-gate"].inputs["environment"]
    assert (asked["DATABASE_NAME"], asked["DATABASE_USER"]) == ("site", "owner")
    assert variables["PGDATA"] == "/var/lib/postgresql/data"
    data, secret = recorder["shop-postgres-server"].inputs["mounts"]
    assert (data["source"], data["target"]) == ("shop-postgres", variables["PGDATA"])
    assert (secret["target"], secret["readOnly"]) == ("/run/secrets", True)


def test_its_data_outlives_the_stack(made: Made) -> None:
    volume = made()["shop-postgres"]
    assert volume.inputs["name"] == "shop-postgres"
    assert volume.labels == {"deployment": "shop", "role": "postgres", "stack": STACK}
    assert volume.options.retainOnDelete is True
    assert set(volume.options.ignoreChanges) == {"labels", "driver", "driverOpts"}


@pytest.mark.parametrize(("source", "type_"), [("old_pg", "volume"), ("/srv/pg", "bind")])
def test_existing_data_is_referenced_and_never_made_anew(
    made: Made, source: str, type_: str
) -> None:
    recorder = made(existing=source)
    assert "shop-postgres" not in recorder.resources
    mount = recorder["shop-postgres-server"].inputs["mounts"][0]
    assert (mount["type"], mount["source"]) == (type_, source)


def test_its_image_is_built_where_none_is_named(made: Made) -> None:
    image = made()["shop-postgres-image"]
    assert image.inputs["name"].startswith("shop-postgres:")
    assert image.inputs["build"]["buildArgs"] == {"BASE_IMAGE": "base:1"}
    assert image.inputs["keepLocally"] is True


def test_an_image_that_is_named_is_used_as_it_is(made: Made) -> None:
    image = made(server_image="postgres:17")["shop-postgres-image"]
    assert image.inputs["name"] == "postgres:17"
    assert "build" not in image.inputs


def test_whoever_needs_it_waits_until_it_lets_the_application_in(made: Made) -> None:
    recorder = made()
    assert "shop-postgres-gate" in recorder["backend"].waits_for
    assert "shop-postgres-server" in recorder["shop-postgres-gate"].waits_for
    assert "release" in recorder["shop-postgres-server"].waits_for
    assert "release" in recorder["shop-postgres"].waits_for


def test_it_is_asked_again_for_another_server_or_another_secret_only(made: Made) -> None:
    extended = made(extensions=["hstore"])["shop-postgres-gate"].inputs
    assert extended["triggers"][0]["extensions"] == ["hstore"]
    assert extended["environment"]["EXTENSIONS"] == '["hstore"]'
    before, after = made(), made(secrets="f2")
    gates = [recorder["shop-postgres-gate"].inputs for recorder in (before, after)]
    assert [gate["triggers"][0]["secrets"] for gate in gates] == ["f1", "f2"]
    patient = made(timeout=90)["shop-postgres-gate"].inputs
    assert patient["triggers"] == gates[0]["triggers"]
    assert patient["update"] == SAY_AGAIN
    server = "shop-postgres-server"
    assert before[server].inputs == after[server].inputs


def test_a_handover_to_another_stack_replaces_nothing(made: Made) -> None:
    owned = made()["shop-postgres-server"]
    referenced = made(existing="shop-postgres", stack="other")["shop-postgres-server"]
    differing = {k for k in owned.inputs if owned.inputs[k] != referenced.inputs[k]}
    assert differing == {"labels"}
    assert owned.options.ignoreChanges == ["labels"]

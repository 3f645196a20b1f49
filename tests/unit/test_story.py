"""The whole program, for every committed stack: what there is, and what waits for what."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from components.host import client
from tests.unit.program import SECRETS, STACKS, Program, environment
from tests.unit.recorder import Recorder

SEEDED = ["clean-server", "development"]
PORTS = {"clean-server": 8080, "update": 8081, "development": 8082}
CHAIN = ["release", "data", "migration-check", "job", "backend", "gate", "traffic"]


@pytest.mark.parametrize("stack", SEEDED)
@pytest.mark.parametrize(("first", "then"), list(pairwise(CHAIN)))
def test_each_waits_for_the_one_before(program: Program, stack: str, first: str, then: str) -> None:
    assert f"{stack}-{first}" in program.run(stack)[f"{stack}-{then}"].waits_for


@pytest.mark.parametrize("stack", STACKS)
def test_nobody_is_visited_before_everything_is_ready(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    links = {f"{stack}-{link}" for link in CHAIN} & recorder.resources.keys()
    assert links - recorder.before(f"{stack}-traffic") == {f"{stack}-traffic"}


def test_an_update_seeds_nothing_and_owns_no_data(program: Program) -> None:
    recorder = program.run("update")
    assert not {"Seeding", "update-job", "update-data", "update-media"} & recorder.resources.keys()
    mounts = recorder["update-backend"].inputs["mounts"]
    found = {mount["target"]: mount.get("source") for mount in mounts}
    assert (found["/srv/data"], found["/srv/media"]) == ("lanterna_data", "lanterna_media")
    assert {"update-release", "update-ownership"} <= recorder.before("update-backend")
    assert {"update-release", "update-backend", "update-gate"} <= recorder.before("update-traffic")


def test_an_updates_job_waits_for_the_image_and_for_ownership(program: Program) -> None:
    recorder = program.run("update", seed=["seed_roles"])
    assert {"update-release", "update-ownership"} <= recorder["update-job"].waits_for


def test_stacks_differ_in_config_alone(program: Program) -> None:
    types = {stack: program.run(stack).types() for stack in STACKS}
    assert types["clean-server"] == types["development"]
    assert types["clean-server"] ^ types["update"] == {"Seeding", "Ownership"}


def test_development_mounts_its_source_and_collects_at_start(program: Program) -> None:
    recorder = program.run("development")
    variables = environment(recorder, "development")
    assert (variables["COLLECT_STATIC_ON_STARTUP"], variables["DEBUG"]) == ("true", "True")
    mounts = recorder["development-backend"].inputs["mounts"]
    assert {
        "type": "bind",
        "source": str(Path("example").resolve()),
        "target": "/app",
        "readOnly": True,
    } in mounts
    assert recorder["development-backend"].inputs["command"][2].endswith(" --reload")


@pytest.mark.parametrize("stack", ["clean-server", "update"])
def test_servers_serve_what_is_in_the_image(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    variables = environment(recorder, stack)
    assert (variables["COLLECT_STATIC_ON_STARTUP"], variables["DEBUG"]) == ("false", "False")
    assert "bind" not in str(recorder[f"{stack}-backend"].inputs["mounts"])
    assert "--reload" not in recorder[f"{stack}-backend"].inputs["command"][2]


def test_the_start_up_command_is_one_text_for_all_stacks(program: Program) -> None:
    texts = [program.run(stack)[f"{stack}-backend"].inputs["command"][2] for stack in STACKS]
    before_serving = {text.rsplit("\n", 1)[0] for text in texts}
    assert len(before_serving) == 1


@pytest.mark.parametrize("stack", STACKS)
def test_traffic_goes_where_the_backend_listens(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    container = recorder.outputs["containers"]["backend"]
    port = re.search(r"--bind 0\.0\.0\.0:(\d+)", recorder[f"{stack}-backend"].inputs["command"][2])
    assert port
    assert f" {container}:{port[1]}\n" in recorder[f"{stack}-traffic"].inputs["stdin"]


def test_what_has_the_port_makes_room_once_the_new_backend_has_passed(program: Program) -> None:
    program.daemon.running = {"old_web_1": {}}
    program.daemon.published = {str(PORTS["update"]): ["old_web_1"]}
    recorder = program.run("update", retire=["old_web_1"])
    program.daemon.published = {}
    assert "update-gate" in recorder.before("update-edge")
    assert recorder["update-edge"].inputs["start"] is False, "it would need the port"
    assert "update-traffic" in recorder["update-retirement"].waits_for
    assert "update-retirement" in recorder["update-retired-ownership"].waits_for
    assert "update-retirement" not in program.run("update").resources
    assert program.run("update")["update-edge"].inputs["start"] is True


@pytest.mark.parametrize(
    "edge", [{}, {"site.edge": False, "site.origin": "https://shop.example"}], ids=str
)
def test_what_is_in_nobodys_way_serves_until_the_new_one_has_traffic(
    program: Program, edge: dict[str, Any]
) -> None:
    program.daemon.running = {"old_web_2": {}}
    recorder = program.run("update", retire=["old_web_2"], **edge)
    assert "update-traffic" in recorder["update-retirement"].waits_for
    assert "update-retirement" not in recorder.before("update-traffic")


def test_what_was_started_again_is_retired_again(program: Program) -> None:
    program.daemon.running = {"old_web_3": {}}
    inputs = {"triggers": [{"containers": ["old_web_3"], "times": 0}]}
    urn = "urn:pulumi:update::django-on-docker::x::update-"
    program.pulumi.state = [
        {"urn": f"{urn}{name}", "type": "x", "id": name, "inputs": inputs}
        for name in ("retirement", "ownership")
    ]
    recorder = program.run("update", retire=["old_web_3"])
    program.pulumi.state, program.daemon.running = [], {}
    assert recorder["update-retirement"].triggers == {"containers": ["old_web_3"], "times": 1}
    # What it wrote meanwhile is put right, before the new backend starts and when it is retired.
    assert recorder["update-ownership"].triggers["times"] == 1
    last = recorder["update-retired-ownership"].triggers
    assert (last["retire"], last["times"]) == (["old_web_3"], 1)


def test_without_anything_to_retire_the_edge_waits_for_nobody(program: Program) -> None:
    assert "update-backend" not in program.run("update").before("update-edge")


def test_replicas_pass_their_gates_in_turn_and_get_traffic_together(program: Program) -> None:
    recorder = program.run("clean-server", processes__web__replicas=3)
    assert "clean-server-gate-2" in recorder["clean-server-backend-3"].waits_for
    assert {"clean-server-gate", "clean-server-gate-3"} <= recorder[
        "clean-server-traffic"
    ].waits_for
    names = recorder.outputs["containers"]["backends"]
    assert len(names) == 3
    assert recorder.outputs["containers"]["backend"] == names[0]
    assert recorder["clean-server-account"].inputs["environment"]["BACKENDS"] == " ".join(names)
    written = (program.build_folder / "clean-server/account.json").read_text()
    planned = {(c["operation"], c["point"]): c["planned"] for c in json.loads(written)["cells"]}
    assert (planned["migrate", "startup"], planned["migrate", "job"]) == (3, 1)


def test_a_proxy_of_ones_own_takes_the_edges_place(program: Program) -> None:
    recorder = program.run("clean-server", site__edge=False, site__origin="https://shop.example")
    assert "clean-server-edge" not in recorder.resources
    assert not [r for r in recorder.resources.values() if r.inputs.get("ports")]
    assert {"clean-server-gate"} <= recorder["clean-server-traffic"].waits_for
    outputs = recorder.outputs
    assert outputs["url"] == "https://shop.example"
    assert outputs["upstream"] == {
        "network": "clean-server-traffic",
        "address": "clean-server:8000",
    }
    assert outputs["containers"].keys() == {"backend"}
    assert "upstream" not in program.run("clean-server").outputs


@pytest.mark.parametrize("stack", STACKS)
def test_everything_is_on_the_host_that_was_checked(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    assert recorder["docker"].inputs["host"] == program.daemon.address
    of_docker = [r for r in recorder.resources.values() if r.options.type.startswith("docker:")]
    assert len(of_docker) > 6
    assert {r.options.provider.split("::")[-2] for r in of_docker} == {"docker"}


def test_what_the_host_does_to_a_resource_of_the_provider_is_said(program: Program) -> None:
    resources = program.run("clean-server").resources.items()
    asked = {name for name, r in resources if r.options.type.startswith("docker:")}
    assert asked == {name for name, r in resources if "remedies" in r.options.hooks.on_error}


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_belongs_to_a_component(program: Program, stack: str) -> None:
    tops = {k for k, r in program.run(stack).resources.items() if r.parent == "Stack"}
    assert all(key == "docker" or key[0].isupper() for key in tops)


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_says_that_it_is_complete(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    made = {key for key, r in recorder.resources.items() if not r.options.custom}
    assert made == recorder.finished - {"Stack"}


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_is_in_any_input_but_one(program: Program, stack: str) -> None:
    recorder = program.run(stack)
    inputs: Mapping[str, Any] = {
        f"{key}.{name}": value
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
    }
    secrets = SECRETS.values()
    holders = {k for k, value in inputs.items() if any(s in str(value) for s in secrets)}
    assert holders == {f"{stack}-secrets-files.stdin"}
    plain = {k: value for k, value in recorder.outputs.items() if k not in recorder.secret_outputs}
    assert not any(secret in str(plain) for secret in secrets)


def test_the_administrators_password_is_a_secret_output(program: Program) -> None:
    recorder = program.run("clean-server")
    assert recorder.outputs["adminPassword"] == SECRETS["admin.password"]
    assert recorder.secret_outputs == {"adminPassword"}


def test_a_site_without_administrator_has_no_such_output(program: Program) -> None:
    recorder = program.run("update", admin__password="")
    assert "adminPassword" not in recorder.outputs


@pytest.mark.parametrize(("stack", "port"), PORTS.items())
def test_the_outputs(program: Program, stack: str, port: int) -> None:
    recorder = program.run(stack)
    outputs = recorder.outputs
    assert outputs.keys() >= {
        *("url", "release", "imageId", "deployment", "strategy", "executionPlan", "seeding"),
        *("containers", "baseImage"),
    }
    assert outputs["url"] == f"http://127.0.0.1:{port}"
    assert recorder[f"{stack}-release"].inputs["name"] == f"{stack}:{outputs['release']}"
    assert recorder[f"{stack}-backend"].inputs["image"] == outputs["imageId"]
    assert outputs["deployment"] == stack
    assert outputs["seeding"].endswith("no step ran")
    assert outputs["containers"]["edge"] == f"{stack}-edge"
    assert outputs["containers"]["backend"].startswith(f"{stack}-backend-")
    assert outputs["baseImage"].startswith("django-on-docker/base:trixie, ")


def test_a_preview_names_the_work_to_come_and_keeps_nothing(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    none = {"app.secretKey": "", "admin.password": ""}
    program.run("clean-server", preview=True, deployment="previewed", **none)
    assert "execution plan of previewed, strategy recommended:\noperation" in caplog.text
    assert not (program.build_folder / "previewed/job.json").exists()


NONE: dict[str, Any] = {"app.secretKey": "", "admin.password": ""}
KEPT = "clean-server-kept-secrets-file"
MARKS = {
    "django-on-docker.deployment": "clean-server",
    "django-on-docker.stack": "organization/django-on-docker/clean-server",
}


def kept_in_state(recorder: Recorder, **more: Any) -> dict[str, Any]:
    """The entry of an exported state for the step that kept generated secrets."""
    inputs = recorder[KEPT].inputs
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": json.dumps(inputs["stdin"]),
    }
    urn = f"urn:pulumi:clean-server::django-on-docker::command:local:Command::{KEPT}"
    return {"urn": urn, "id": "kept-1", "inputs": {**inputs, "stdin": secret, **more}}


def test_secrets_of_a_new_site_are_kept_before_anything_uses_them(program: Program) -> None:
    recorder = program.run("clean-server", **NONE)
    kept = json.loads(recorder[KEPT].inputs["stdin"])
    assert recorder[KEPT].secret == {"stdin"}
    written = recorder["clean-server-secrets-files"].inputs["stdin"]
    assert kept.keys() == SECRETS.keys()
    assert all(value in written for value in kept.values())
    for user in ("data", "media", "secrets", "backend", "job"):
        assert KEPT in recorder.before(f"clean-server-{user}")


def test_a_server_and_its_password_wait_for_it_too(program: Program) -> None:
    recorder = program.run("clean-server", **NONE, database__engine="postgres")
    kept = json.loads(recorder[KEPT].inputs["stdin"])
    assert kept.keys() == {*SECRETS, "database.password"}
    for user in ("postgres", "postgres-server", "postgres-secrets", "postgres-secrets-files"):
        assert KEPT in recorder.before(f"clean-server-{user}")


def test_generated_secrets_are_nowhere_else_and_outlive_the_stack(program: Program) -> None:
    recorder = program.run("clean-server", **NONE)
    values = json.loads(recorder[KEPT].inputs["stdin"]).values()
    inputs = {
        f"{key}.{name}": str(value)
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
    }
    holders = {k for k, text in inputs.items() if any(value in text for value in values)}
    assert holders == {f"{KEPT}.stdin", "clean-server-secrets-files.stdin"}
    volume = recorder["clean-server-kept-secrets"]
    assert volume.inputs["name"] == "clean-server-kept-secrets"
    assert volume.labels["role"] == "kept-secrets"
    assert volume.labels["stack"] == MARKS["django-on-docker.stack"]
    assert volume.options.retainOnDelete
    assert recorder[KEPT].inputs["logging"] == "none"


def test_where_config_has_them_all_nothing_is_kept(program: Program) -> None:
    assert KEPT not in program.run("clean-server").resources


@pytest.fixture
def again(program: Program) -> Iterator[Recorder]:
    """A first `up` that generated secrets, and its state and host."""
    first = program.run_into(Recorder(), "clean-server", **NONE)
    program.pulumi.state = [kept_in_state(first)]
    program.daemon.found |= {f"clean-server-{n}": MARKS for n in ("data", "kept-secrets")}
    yield first
    program.pulumi.state = []
    program.daemon.contents.clear()
    for name in ("data", "kept-secrets"):
        program.daemon.found.pop(f"clean-server-{name}", None)


@pytest.mark.parametrize("preview", [False, True])
def test_what_the_state_has_goes_on(program: Program, again: Recorder, preview: bool) -> None:
    second = program.run_into(Recorder(), "clean-server", preview=preview, **NONE)
    for key in (KEPT, "clean-server-secrets", "clean-server-secrets-files", "clean-server-backend"):
        assert second[key].inputs == again[key].inputs


def test_without_a_state_the_host_has_them(program: Program, again: Recorder) -> None:
    program.pulumi.state = []
    program.daemon.contents["clean-server-kept-secrets"] = {
        "secrets.json": again[KEPT].inputs["stdin"].encode()
    }
    second = program.run_into(Recorder(), "clean-server", **NONE)
    for key in (KEPT, "clean-server-secrets-files", "clean-server-backend"):
        assert second[key].inputs == again[key].inputs
    assert not program.daemon.left, "nothing that was made for a look stays"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "but no secrets.json is in it"), (b"{", "but its secrets.json can't be read")],
)
def test_an_unreadable_file_is_no_leave_to_make_up_others(
    program: Program, again: Recorder, content: bytes | None, said: str
) -> None:
    program.pulumi.state = []
    files = {} if content is None else {"secrets.json": content}
    program.daemon.contents["clean-server-kept-secrets"] = files
    with pytest.raises(UserError, match="can't be found, but its data exists") as error:
        program.run_into(Recorder(), "clean-server", **NONE)
    assert f"there is a volume for them, clean-server-kept-secrets, {said}" in str(error.value)


def test_a_volume_that_is_gone_is_written_again_once(program: Program, again: Recorder) -> None:
    del program.daemon.found["clean-server-kept-secrets"]
    second = program.run_into(Recorder(), "clean-server", **NONE)
    assert second[KEPT].triggers == {"times": again[KEPT].triggers["times"] + 1}
    assert second[KEPT].inputs["stdin"] == again[KEPT].inputs["stdin"]
    program.daemon.found["clean-server-kept-secrets"] = MARKS
    program.pulumi.state = [kept_in_state(second)]
    third = program.run_into(Recorder(), "clean-server", **NONE)
    assert third[KEPT].inputs == second[KEPT].inputs


def test_config_comes_first_and_what_was_generated_stays_kept(
    program: Program, again: Recorder
) -> None:
    second = program.run_into(Recorder(), "clean-server")
    assert SECRETS["app.secretKey"] in second["clean-server-secrets-files"].inputs["stdin"]
    assert second[KEPT].inputs == again[KEPT].inputs


def test_a_key_that_is_lost_is_not_replaced_over_the_sites_own_data(program: Program) -> None:
    program.daemon.found["clean-server-data"] = MARKS
    with pytest.raises(UserError, match="can't be found, but its data exists"):
        program.run_into(Recorder(), "clean-server", app__secretKey="")
    del program.daemon.found["clean-server-data"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"app.path": ""}, "app.path is missing"),
        ({"app.path": "docs"}, "no such module"),
        ({"app.settings": "lanterna.nowhere"}, "app.settings is 'lanterna.nowhere'"),
        ({"site.port": 0}, "site.port is 0"),
        ({"app.requirements": "none.txt"}, "app.requirements is 'none.txt'"),
        ({"database.volume": "nowhere"}, "no volume nowhere"),
        ({"database.file": "other.db"}, "there is no file other.db in lanterna_data"),
        ({"retire": ["nobody"]}, "retire names 'nobody'"),
    ],
    ids=str,
)
def test_a_mistake_is_found_before_anything_is_done(
    program: Program, changes: dict[str, Any], says: str
) -> None:
    recorder = Recorder()
    with pytest.raises(UserError, match=says):
        program.run_into(recorder, "update", app__secretKey="", admin__password="", **changes)
    assert not recorder.resources


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("error during connect: EOF", ["stopped answering", "it said: error during connect: EOF"]),
        (
            "Error response from daemon: mkdir: no space left on device",
            ["refused what was asked", "mkdir: no space left on device", "a disk is full"],
        ),
    ],
    ids=["it dies", "its disk is full"],
)
def test_a_daemon_that_fails_while_it_is_asked_leaves_no_trace(
    program: Program, monkeypatch: pytest.MonkeyPatch, said: str, says: list[str]
) -> None:
    def docker(*words: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        if words[0] == "volume":
            return subprocess.CompletedProcess(words, 1, b"", said.encode())
        return program.daemon.docker(*words)

    monkeypatch.setattr(client, "docker", docker)
    recorder = Recorder()
    with pytest.raises(UserError) as raised:
        program.run_into(recorder, "clean-server")
    assert all(text in str(raised.value) for text in says)
    assert not recorder.resources


def test_a_database_file_of_another_name_is_no_new_site(program: Program) -> None:
    marks = {"django-on-docker.deployment": "clean-server"}
    program.daemon.found |= {"clean-server-data": marks, "clean-server-media": marks}
    program.daemon.files["clean-server-data"] = {"db.sqlite3"}
    triggers = [{"release": "new", "database": "sqlite:clean-server-data/db.sqlite3"}]
    check = {
        "urn": "u::clean-server-migration-check",
        "type": "c",
        "id": "c1",
        "inputs": {"triggers": triggers},
    }
    program.pulumi.state = [check, {"urn": "u::clean-server-gate", "type": "c", "id": "g1"}]
    assert program.run_into(Recorder(), "clean-server").resources
    with pytest.raises(UserError, match=r"there is no file other\.db in clean-server-data"):
        program.run_into(Recorder(), "clean-server", database__file="other.db")
    program.daemon.files["clean-server-data"].add("other.db")
    assert program.run_into(Recorder(), "clean-server", database__file="other.db").resources
    # Nothing served yet: whatever the database is to be called, it is made.
    program.pulumi.state = [check]
    assert program.run_into(Recorder(), "clean-server", database__file="first.db").resources
    del program.daemon.found["clean-server-data"], program.daemon.found["clean-server-media"]


def test_what_another_stack_serves_is_not_touched(program: Program) -> None:
    marks = {"django-on-docker.deployment": "update", "django-on-docker.role": "backend"}
    program.daemon.running = {"theirs": marks}
    recorder = Recorder()
    with pytest.raises(UserError, match="container theirs of deployment update runs, but is in"):
        program.run_into(recorder, "update")
    assert not recorder.resources
    program.pulumi.state = [
        {"urn": "urn:pulumi:x::y::z::update-backend", "type": "z", "id": "theirs-id"}
    ]
    assert program.run_into(recorder, "update").resources
    program.daemon.running, program.pulumi.state = {}, []

"""The seeding job: what runs it again, what doesn't, and what it is told."""

import json
from pathlib import Path
from typing import Any, cast

import pulumi_docker as docker
import pytest

from components.container_defaults import Restrictions
from components.data.mounts import Mount
from components.host import one_shot
from components.migrations.check import description_file
from components.serving import seeding_step
from components.serving.seeding import Seeding, SeedingArgs, job_description
from components.step import SAY_AGAIN
from components.step_output import LINE, parsed
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, after, deploy

RESULT = {"migrate": {"applied": 3}, "steps": [{"name": "seed_roles", "result": "created"}]}


def arguments(**changes: Any) -> SeedingArgs:
    values: dict[str, Any] = {
        "deployment": "shop",
        "seed_steps": ["seed_roles", "seed_pages --lang de"],
        "migrate_flags": ["--run-syncdb"],
        "collect": False,
        "redeploy": 0,
        "database": "sqlite:shop-data",
        "image": "shop:abc",
        "networks": ["shop"],
        "restrictions": Restrictions(memory=512),
        "environment": {"RELEASE": "abc", "DEBUG": "false"},
        "mounts": [Mount(source="shop-data", target="/srv/data")],
        **changes,
    }
    return cast(SeedingArgs, values)


def seeding(*, preview: bool = False, stdout: str = "", **changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        data = docker.Volume("data", name="shop-data")
        args = arguments(**{"mounts": [Mount(source=data.name, target="/srv/data")], **changes})
        return {"result": Seeding("shop", args, after("image")).result}

    return deploy(program, Recorder(stdout={"shop-job": stdout}), preview=preview)


pytestmark = pytest.mark.usefixtures("build_folder")


def test_a_release_alone_leaves_a_finished_job_alone() -> None:
    first = seeding(image="shop:abc", environment={"RELEASE": "abc"})
    second = seeding(image="shop:def", environment={"RELEASE": "def", "NEW": "variable"})
    assert first["shop-job"].inputs == second["shop-job"].inputs


@pytest.mark.parametrize(
    "changes",
    [
        {"seed_steps": ["seed_roles"]},
        {"seed_steps": ["seed_pages --lang de", "seed_roles"]},
        {"redeploy": 1},
        {"database": "sqlite:other"},
    ],
)
def test_what_runs_the_job_again(changes: dict[str, Any]) -> None:
    assert (
        seeding(**changes)["shop-job"].inputs["triggers"]
        != (seeding()["shop-job"].inputs["triggers"])
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"migrate_flags": []},
        {"collect": True},
        {"networks": ["other"]},
        {"mounts": []},
        {"image": "shop:def"},
    ],
)
def test_what_does_not_run_it_again(changes: dict[str, Any]) -> None:
    assert seeding(**changes)["shop-job"].inputs == seeding()["shop-job"].inputs


def test_a_change_that_is_no_trigger_runs_nothing() -> None:
    inputs = seeding()["shop-job"].inputs
    assert inputs["create"] == "exec python3 -m components.serving.seeding_step"
    assert inputs["update"] == SAY_AGAIN
    assert "delete" not in inputs


def test_the_job_waits_for_what_it_is_told_and_what_it_mounts() -> None:
    recorder = seeding()
    assert recorder["shop-job"].waits_for == {"image", "data"}
    assert recorder["shop-job"].parent == "Seeding"


def test_a_long_job_is_not_given_up_on() -> None:
    assert seeding()["shop-job"].options.customTimeouts.create == "2h"


def test_only_what_goes_wrong_is_logged_besides_the_result() -> None:
    assert seeding()["shop-job"].inputs["logging"] == "stderr"


def test_the_result_is_an_output() -> None:
    recorder = seeding(stdout=f"{json.dumps(RESULT)}\n")
    assert recorder.outputs == {"result": RESULT}


def test_a_preview_writes_nothing(build_folder: Path) -> None:
    seeding(preview=True)
    assert not build_folder.exists()


def test_an_update_writes_the_jobs_file(build_folder: Path) -> None:
    inputs = seeding()["shop-job"].inputs
    file = Path(inputs["environment"]["JOB"])
    assert file == build_folder / "shop/job.json"
    mounts = ["type=volume,source=shop-data,target=/srv/data"]
    assert json.loads(file.read_text()) == job_description(arguments(), ["shop"], mounts)


def test_the_jobs_file_says_everything_in_a_stable_order() -> None:
    assert job_description(arguments(), ["shop-net"], ["type=volume,source=a,target=/b"]) == {
        "deployment": "shop",
        "image": "shop:abc",
        "networks": ["shop-net"],
        "check": description_file("shop"),
        "mount": ["type=volume,source=a,target=/b"],
        "restrictions": Restrictions(memory=512).options(),
        "memory": 512,
        "env": [
            "DEBUG=false",
            "DEPLOY_COLLECT=no",
            'DEPLOY_MIGRATE_FLAGS=["--run-syncdb"]',
            'DEPLOY_SEED_STEPS=["seed_roles", "seed_pages --lang de"]',
            "RELEASE=abc",
        ],
    }


def test_collecting_in_the_job_is_said_in_its_environment() -> None:
    assert "DEPLOY_COLLECT=yes" in job_description(arguments(collect=True), ["n"], [])["env"]


JOB: dict[str, object] = {
    "deployment": "shop",
    "image": "shop:abc",
    "networks": ["shop", "shop-database"],
    "restrictions": ["--cap-drop", "ALL"],
    "memory": 512,
    "mount": ["type=volume,source=a,target=/b"],
    "env": ["A=1", "B=two words"],
}


def test_the_words_of_docker_create() -> None:
    assert seeding_step.arguments(JOB) == [
        *("--rm", "--init", *one_shot.named("shop", "seeding"), "--cap-drop", "ALL"),
        *("--network", "shop"),
        *("--mount", "type=volume,source=a,target=/b"),
        *("--env", "A=1", "--env", "B=two words"),
        *("shop:abc", "python", "-m", "deploy_runtime.seed"),
    ]


@pytest.fixture
def job(
    monkeypatch: pytest.MonkeyPatch, cli: FakeDocker, check_file: Path, tmp_path: Path
) -> FakeDocker:
    """The docker client, for the command with its file."""
    file = tmp_path / "job.json"
    file.write_text(json.dumps({**JOB, "check": str(check_file)}))
    monkeypatch.setenv("JOB", str(file))
    return cli


def test_it_is_on_every_network_before_it_begins(job: FakeDocker) -> None:
    seeding_step.main()
    made, connected, started = [call for call in job.calls if not call.startswith("ps")]
    assert made.startswith("create ")
    assert connected == "network connect shop-database shop-seeding"
    assert started == "start --attach shop-seeding"


def test_one_that_cannot_be_made_is_not_begun(job: FakeDocker, command: Command) -> None:
    job.on("network connect", code=1, err="no such network")
    assert "no such network" in command.fails(seeding_step.main, code=125)
    assert not [call for call in job.calls if call.startswith("start")]
    assert "rm --force --volumes shop-seeding" in job.calls


def test_a_job_that_was_killed_for_its_memory_is_told_with_the_key(
    job: FakeDocker, command: Command
) -> None:
    job.on("start --attach", code=137)
    job.on("events --since 24h --until 0s --filter container=shop-seeding", out="create\noom\n")
    said = command.fails(seeding_step.main, code=137)
    assert "seeding: it was killed for taking more memory than processes.memory allows, 512" in said
    assert "`pulumi config set --path processes.memory 1024 -s STACK`" in said


@pytest.mark.parametrize("code", [1, 137])
def test_the_exit_code_of_a_job_that_failed_is_the_commands(
    job: FakeDocker, command: Command, code: int
) -> None:
    job.on("start --attach shop-seeding", code=code)
    command.fails(seeding_step.main, code=code)


def test_what_it_did_is_the_commands_result(job: FakeDocker, command: Command) -> None:
    job.on("start --attach shop-seeding", out=RESULT)
    command.says(seeding_step.main)
    assert parsed(command.out) == RESULT


def test_what_the_job_says_is_passed_on_as_it_comes_with_long_lines_cut(
    job: FakeDocker, command: Command
) -> None:
    job.on(
        "start --attach",
        out=RESULT,
        err=f"[1/2] seed_roles\nthe cause: {'x' * 1_000_000} the end\n",
    )
    first, second = command.says(seeding_step.main).splitlines()
    assert first == "[1/2] seed_roles"
    assert second.startswith("the cause: xxx")
    assert second.endswith("x the end")
    assert len(second) < 2 * LINE


def test_what_an_interrupted_job_left_is_asked_to_end_and_removed_first(job: FakeDocker) -> None:
    job.on("ps", out="id shop seeding\n")
    seeding_step.main()
    assert [call.split()[0] for call in job.calls] == [
        "ps",
        "stop",
        "rm",
        "create",
        "network",
        "start",
    ]
    assert job.calls[1:3] == ["stop --time 10 id", "rm --force id"]


def test_what_has_the_jobs_name_and_is_anothers_is_left_alone(job: FakeDocker) -> None:
    job.on("ps", out="id  \n")
    with pytest.raises(SystemExit):
        seeding_step.main()
    assert [call.split()[0] for call in job.calls] == ["ps"]


def test_a_missing_file_says_what_writes_it(
    job: FakeDocker, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "job.json").unlink()
    assert "run `pulumi up` again, it writes the file" in command.fails(seeding_step.main)
    assert not job.calls

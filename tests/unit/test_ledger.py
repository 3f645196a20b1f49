"""The ledger's volume, and the account of an update: what was planned, what ran."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from components.ledger import account_step
from components.ledger.ledger import Account, AccountArgs, Ledger, expectation
from components.ledger.plan import Up, execution_plan
from components.step import SAY_AGAIN
from deploy_runtime.ledger import BY_HAND
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.planned import switches
from tests.unit.recorder import Recorder, after, deploy
from tests.unit.tar import tar_of

PLAN = execution_plan(switches())
UPDATE = Up(row="code update", why="because")

pytestmark = pytest.mark.usefixtures("build_folder")


def test_the_volume_outlives_the_stack_and_is_marked() -> None:
    def program() -> dict[str, Any]:
        made = Ledger("shop", {"deployment": "shop", "stack": "o/p/s"})
        return {"mount": made.mount.for_client()}

    recorder = deploy(program)
    volume = recorder["shop-ledger"]
    assert volume.inputs["name"] == "shop-ledger"
    assert volume.options.retainOnDelete is True
    assert volume.labels == {"deployment": "shop", "role": "ledger", "stack": "o/p/s"}
    assert recorder.outputs["mount"] == "type=volume,source=shop-ledger,target=/srv/ledger"


def accounted(*, stdout: str = "", preview: bool = False, **changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        args: dict[str, Any] = {
            "deployment": "shop",
            "plan": PLAN,
            "up": UPDATE,
            "accounted": [],
            "backends": ["shop-backend-1"],
            "counted": [],
            "job_id": "job-1",
            "job": {"records": ["1", "2"]},
            **changes,
        }
        made = Account("shop", cast(AccountArgs, args), after("traffic"))
        return {"row": made.row, "result": made.result}

    return deploy(program, Recorder(stdout={"shop-account": stdout}), preview=preview)


def test_the_account_comes_last_and_only_once_for_a_container() -> None:
    recorder = accounted()
    command = recorder["shop-account"]
    assert "traffic" in command.waits_for
    assert command.triggers == {"backends": ["shop-backend-1"], "job": "job-1"}
    assert command.inputs["update"] == SAY_AGAIN
    assert command.inputs["logging"] == "stderr"


@pytest.mark.parametrize(
    "changes",
    [{"job": None}, {"up": Up(row="nothing to do", why="")}, {"accounted": ["1"]}],
    ids=str,
)
def test_nothing_but_another_container_shows_as_a_change(changes: dict[str, Any]) -> None:
    assert accounted(**changes)["shop-account"].inputs == accounted()["shop-account"].inputs


@pytest.mark.parametrize(("counted", "planned"), [([], 1), (["shop-backend-1"], 0)])
def test_a_container_that_was_accounted_for_has_not_started(
    build_folder: Path, counted: list[str], planned: int
) -> None:
    accounted(counted=counted)
    content = json.loads((build_folder / "shop/account.json").read_text())
    cells = {(c["operation"], c["point"]): c["planned"] for c in content["cells"]}
    assert cells["migrate", "startup"] == planned


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, ["1", "2"]),
        ({"accounted": ["1", "2", "3"]}, []),
        ({"job": None}, []),
        ({"job": {"steps": []}}, []),
    ],
)
def test_its_file_names_the_records_of_this_updates_job(
    build_folder: Path, changes: dict[str, Any], ids: list[str]
) -> None:
    accounted(**changes)
    content = json.loads((build_folder / "shop/account.json").read_text())
    assert content == {**expectation(PLAN, UPDATE), "job": ids, "counted": []}


def test_a_preview_writes_nothing(build_folder: Path) -> None:
    accounted(preview=True)
    assert not build_folder.exists()


def test_the_outputs() -> None:
    said = {"row": "code update", "agrees": True}
    assert accounted(stdout=f"{json.dumps(said)}\n").outputs == {
        "row": "code update",
        "result": said,
    }


def test_an_update_that_changes_nothing_keeps_the_row_of_the_last_one() -> None:
    idle = Up(row="nothing to do", why="because")
    assert accounted(up=idle, stdout='{"row": "clean server"}').outputs["row"] == "clean server"
    assert accounted(up=idle).outputs["row"] is None


def planned(up: Up) -> dict[tuple[str, str], tuple[int, bool]]:
    cells = expectation(PLAN, up)["cells"]
    return {(c["operation"], c["point"]): (c["planned"], c["may_apply"]) for c in cells}


def test_what_is_expected_of_a_code_update() -> None:
    assert planned(UPDATE) == {
        ("collectstatic", "build"): (1, False),
        ("migrate", "job"): (0, False),
        ("seed", "job"): (0, False),
        ("collectstatic", "job"): (0, False),
        ("migrate", "startup"): (1, True),
        ("collectstatic", "startup"): (0, False),
    }


def test_what_was_added_after_a_job_is_applied_at_the_start() -> None:
    resumed = Up(row="clean server", why="", triggered=True, resumed=True)
    assert planned(resumed)["migrate", "job"] == (1, True)
    assert planned(resumed)["migrate", "startup"] == (1, True)
    fresh = Up(row="clean server", why="", triggered=True)
    assert planned(fresh)["migrate", "startup"] == (1, False)
    again = Up(row="re-deployment", why="", triggered=True, resumed=True)
    assert planned(again)["migrate", "startup"] == (1, False)


def test_the_job_alone_starts_no_container() -> None:
    alone = Up(row="re-deployment", why="", triggered=True, starts=0)
    assert planned(alone)["migrate", "job"] == (1, False)
    assert planned(alone)["migrate", "startup"] == (0, False)


def test_a_container_that_starts_where_nothing_was_to_do_counts_as_a_restart() -> None:
    found = expectation(PLAN, Up(row="nothing to do", why=""))
    assert found["row"] == "container restart"
    assert planned(Up(row="nothing to do", why=""))["migrate", "startup"] == (1, False)


# The command


def record(id_: str, operation: str, point: str, **more: Any) -> dict[str, Any]:
    made = {"id": id_, "operation": operation, "point": point, "start": f"2030-{id_}"}
    return {**made, "seconds": 1.0, "boots": 1, "container": "host1", "result": {}, **more}


WRITTEN = [
    record("1", "migrate", "job", result={"applied": 9}, container="job1"),
    record("2", "seed", "job", container="job1", boots=0),
    record("3", "migrate", "startup", container="host0"),
    record("4", "migrate", "startup", result={"applied": 2}),
]
BAKED = [record("0", "collectstatic", "build", container="")]


@pytest.fixture
def run(cli: FakeDocker, tmp_path: Path, command: Command) -> Any:
    """Run the command; returns what it printed, and what it said about it."""

    def run(
        up: Up = UPDATE,
        job: tuple[str, ...] = (),
        written: object = WRITTEN,
        counted: tuple[str, ...] = (),
    ) -> tuple[dict[str, Any], str]:
        file = tmp_path / "account.json"
        more = {"job": list(job), "counted": list(counted)}
        file.write_text(json.dumps({**expectation(PLAN, up), **more}))
        backends = ["shop-1", "shop-2"] if up.starts > 1 or counted else ["shop-1"]
        command.environ(ACCOUNT=str(file), BACKENDS=" ".join(backends))
        lines = written if isinstance(written, bytes) else lines_of(written)
        for name in [n for n in backends if n not in counted]:
            host = [{"Config": {"Hostname": name.replace("shop-", "host")}}]
            cli.on(f"container inspect {name}", out=host)
        cli.on("cp shop-1:/srv/ledger/ledger.jsonl -", out=tar_of(lines))
        cli.on("cp shop-1:/opt/deploy/ledger.jsonl -", out=tar_of(lines_of(BAKED)))
        said = command.says(account_step.main)
        return json.loads(command.out), said

    return run


def lines_of(records: Any) -> bytes:
    return "".join(f"{json.dumps(entry)}\n" for entry in records).encode()


def ran(result: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(c["operation"], c["point"]): (c["runs"], c["applied"]) for c in result["cells"]}


def test_an_update_that_ran_as_planned(run: Any) -> None:
    result, said = run()
    assert (result["row"], result["agrees"], result["differences"]) == ("code update", True, [])
    assert ran(result) == {
        ("collectstatic", "build"): (1, 0),
        ("migrate", "job"): (0, 0),
        ("seed", "job"): (0, 0),
        ("collectstatic", "job"): (0, 0),
        ("migrate", "startup"): (1, 2),
        ("collectstatic", "startup"): (0, 0),
    }
    assert said == (
        "ledger: code update: collectstatic at build 1, migrate at startup 1 (applied 2), "
        "as planned\n"
    )


def test_a_job_is_counted_by_its_own_records(run: Any) -> None:
    result, _ = run(Up(row="code update", why="", triggered=True), job=("1", "2"))
    assert ran(result)["migrate", "job"] == (1, 9)
    assert ran(result)["seed", "job"] == (1, 0)
    # The job came first: nothing should have been left for the start.
    assert result["differences"] == ["migrate at startup: applied 2 migrations, planned 0"]


def test_each_replica_that_started_is_counted(run: Any) -> None:
    both = [*WRITTEN, record("5", "migrate", "startup", container="host2")]
    result, _ = run(Up(row="code update", why="", starts=2), written=both)
    assert ran(result)["migrate", "startup"] == (2, 2)
    assert result["agrees"] is True


def test_a_replica_that_did_not_migrate_is_said(run: Any) -> None:
    result, _ = run(Up(row="code update", why="", starts=2))
    assert result["differences"] == ["migrate at startup: planned 2, ran 1"]


def test_a_replica_that_had_started_before_is_not_counted_again(run: Any) -> None:
    both = [*WRITTEN, record("5", "migrate", "startup", container="host2")]
    result, _ = run(Up(row="container restart", why=""), written=both, counted=("shop-1",))
    assert ran(result)["migrate", "startup"] == (1, 0)
    assert result["agrees"] is True


def test_a_command_by_hand_is_no_part_of_an_update(run: Any) -> None:
    by_hand = record("5", "migrate", BY_HAND, result={"applied": 7, "command": "migrate"})
    result, said = run(written=[*WRITTEN, by_hand])
    assert ran(result)["migrate", "startup"] == (1, 2)
    assert result["agrees"] is True
    assert said.endswith("as planned\n")


def test_an_earlier_start_of_the_same_container_is_not_counted_again(run: Any) -> None:
    alone = Up(row="re-deployment", why="", triggered=True, starts=0)
    written = [record("1", "migrate", "job"), *WRITTEN[1:]]
    result, said = run(alone, job=("1", "2"), written=written, counted=("shop-1", "shop-2"))
    assert ran(result)["migrate", "startup"] == (0, 0)
    assert (
        said == "ledger: re-deployment: migrate at job 1 (applied 0), seed at job 1, as planned\n"
    )
    assert result["agrees"] is True


def test_where_replicas_only_stop_nothing_is_expected() -> None:
    found = expectation(PLAN, Up(row="nothing to do", why="", starts=0))
    assert found["row"] == "nothing to do"
    assert {cell["planned"] for cell in found["cells"]} == {0}


def test_what_ran_unplanned_is_said(run: Any) -> None:
    result, said = run(job=("1", "2"))
    assert result["agrees"] is False
    assert result["differences"] == [
        "migrate at job: planned 0, ran 1",
        "migrate at job: applied 9 migrations, planned 0",
        "seed at job: planned 0, ran 1",
    ]
    assert said.startswith("warning: ledger: code update: ")


def test_what_did_not_run_is_said(run: Any) -> None:
    result, _ = run(written=[])
    assert result["differences"] == ["migrate at startup: planned 1, ran 0"]


def test_an_image_that_was_there_before_counts_no_build(run: Any) -> None:
    result, _ = run(Up(row="code update", why="", built=True))
    assert ran(result)["collectstatic", "build"] == (0, 0)
    assert result["agrees"] is True


def test_a_damaged_ledger_is_read_as_far_as_it_goes(run: Any) -> None:
    result, _ = run(written=b"\xff\xfe{\n" + lines_of(WRITTEN))
    assert result["agrees"] is True


@pytest.mark.parametrize("missing", ["ACCOUNT", "BACKENDS"])
def test_an_account_that_cannot_be_given_fails_nothing(
    run: Any, command: Command, missing: str
) -> None:
    run()
    command.environ(**{missing: "/nowhere"})
    said = command.says(account_step.main)
    assert json.loads(command.out)["agrees"] is None
    assert said.startswith("warning: ledger: it can't be read: ")


def test_a_ledger_that_is_not_there_is_an_empty_one(
    cli: FakeDocker, run: Any, command: Command
) -> None:
    run()
    cli.on("cp shop-1:/srv/ledger/ledger.jsonl -", code=1, err="no such file")
    cli.on("cp shop-1:/opt/deploy/ledger.jsonl -", code=1, err="no such file")
    account_step.main()
    command.says(account_step.main)
    assert json.loads(command.out)["differences"] == [
        "collectstatic at build: planned 1, ran 0",
        "migrate at startup: planned 1, ran 0",
    ]

"""The command plugin behaves as the program relies on, be it the official one or the stand-in.

It is driven once through the life of a small stack; the tests then look at what happened.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.engine_stack import COMMANDS, Run, ThrowAwayStack

SAYS_BOTH = "echo to-out; echo to-err >&2"


def commands(folder: Path, version: int) -> dict[str, dict[str, Any]]:
    """Return the arguments of the commands; `version` is what changes between two updates."""
    changing = {"environment": {"V": str(version)}}
    note = f">> {folder}/log"
    return {
        "talker": {
            "create": 'cat; echo; echo "$COLOUR in $(pwd)"; echo oops >&2; echo; echo',
            "stdin": "from stdin",
            "environment": {"COLOUR": "green"},
            "dir": str(folder / "files"),
        },
        "python": {"interpreter": ["python3", "-c"], "create": "print('a' * 3)"},
        "updated": {
            "create": "echo created; echo warned >&2",
            "update": 'echo "after $PULUMI_COMMAND_STDOUT and $PULUMI_COMMAND_STDERR"',
            **changing,
        },
        "recreated": {"create": "echo made $V", **changing},
        "forgetful": {
            "create": "echo created",
            "update": 'echo "after [$PULUMI_COMMAND_STDOUT]"',
            "addPreviousOutputInEnv": False,
            **changing,
        },
        "replaced": {
            "create": f"echo create {version} {note}; echo out {version}",
            "delete": f'echo "delete $PULUMI_COMMAND_STDOUT" {note}',
            "triggers": [{"nested": [version]}],
        },
        "default": {"create": SAYS_BOTH},
        "both": {"create": SAYS_BOTH, "logging": "stdoutAndStderr"},
        "out": {"create": SAYS_BOTH, "logging": "stdout"},
        "err": {"create": SAYS_BOTH, "logging": "stderr"},
        "quiet": {"create": SAYS_BOTH, "logging": "none"},
        "files": {
            "create": "true",
            "dir": str(folder / "files"),
            "asset_paths": ["**.txt", "!**secret*"],
            "archive_paths": ["*"],
        },
        "run": {"command": "cat", "stdin": "into run"},
    }


def spec(folder: Path, version: int) -> dict[str, dict[str, Any]]:
    """Return the commands with the argument names that the SDK takes."""
    return {
        name: {
            {"addPreviousOutputInEnv": "add_previous_output_in_env"}.get(key, key): value
            for key, value in arguments.items()
        }
        for name, arguments in commands(folder, version).items()
    }


@dataclass(frozen=True)
class CommandLife:
    """The runs of the stack with commands, and what they left."""

    first: Run
    again: Run
    failed: Run
    changed: Run
    taken_over: Run
    refreshed: Run
    destroyed: Run
    made: dict[str, Any]
    updated: dict[str, Any]
    log: list[str]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> CommandLife:
    """Create, repeat, fail, change and destroy, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "files/sub").mkdir(parents=True)
    for name in ("a.txt", "b.log", "secret.txt", "sub/c.txt"):
        (folder / "files" / name).write_text(name)
    stack = ThrowAwayStack(folder, COMMANDS)
    first = stack.up(**spec(folder, 1))
    made = stack.outputs()
    again = stack.up(**spec(folder, 1))
    broken = {"create": f"{SAYS_BOTH}; exit 3"}
    failed = stack.up(**spec(folder, 1), broken=broken)
    changed = stack.up(**spec(folder, 2))
    updated = stack.outputs()
    forget_the_plugin(stack)
    taken_over = stack.up(**spec(folder, 2))
    # A refresh drops the paths of assets from the state, the engine sends them to no plugin.
    without_files = {name: each for name, each in spec(folder, 2).items() if name != "files"}
    refreshed = stack.up("--refresh", **without_files)
    destroyed = stack.destroy()
    log = (folder / "log").read_text().splitlines()
    return CommandLife(
        first=first,
        again=again,
        failed=failed,
        changed=changed,
        taken_over=taken_over,
        refreshed=refreshed,
        destroyed=destroyed,
        made=made,
        updated=updated,
        log=log,
    )


def forget_the_plugin(stack: ThrowAwayStack) -> None:
    """Remove from the state what tells which build of the plugin wrote it."""
    state = json.loads(stack.pulumi("stack", "export").text)
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "pulumi:providers:command":
            version = resource["inputs"]["version"]
            resource["inputs"] = resource["outputs"] = {"version": version}
    file = stack.folder / "state.json"
    file.write_text(json.dumps(state))
    imported = stack.pulumi("stack", "import", "--file", str(file))
    assert imported.code == 0, imported.text


@pytest.mark.essential("command plugin")
def test_commands_are_created_changed_and_destroyed(life: CommandLife) -> None:
    assert life.first.code == 0, life.first.text
    assert life.changed.code == 0, life.changed.text
    assert life.destroyed.code == 0, life.destroyed.text


def test_a_command_gets_stdin_environment_and_folder(life: CommandLife) -> None:
    lines = life.made["talker"].splitlines()
    assert lines[0] == "from stdin"
    assert lines[1].startswith("green in ")
    assert lines[1].endswith("/files")


def test_output_loses_its_last_line_break_only(life: CommandLife) -> None:
    assert life.made["talker"].endswith("/files\n\n")
    assert life.made["talker.stderr"] == "oops"


def test_the_interpreter_gets_the_command_as_its_last_argument(life: CommandLife) -> None:
    assert life.made["python"] == "aaa"


def test_unchanged_commands_do_not_run_again(life: CommandLife) -> None:
    assert list(life.again.changes) == ["same"], life.again.text


def test_the_state_of_another_build_of_the_plugin_is_taken_over(life: CommandLife) -> None:
    assert list(life.taken_over.changes) == ["same"], life.taken_over.text


def test_a_refresh_finds_nothing_to_change(life: CommandLife) -> None:
    assert life.refreshed.code == 0, life.refreshed.text
    assert life.refreshed.operations == [("delete", "files")]


def test_update_runs_the_update_command_with_the_previous_output(life: CommandLife) -> None:
    assert life.updated["updated"] == "after created and warned"


def test_update_runs_create_where_there_is_no_update_command(life: CommandLife) -> None:
    assert (life.made["recreated"], life.updated["recreated"]) == ("made 1", "made 2")


def test_the_previous_output_can_be_kept_out_of_the_environment(life: CommandLife) -> None:
    assert life.updated["forgetful"] == "after []"


def test_only_what_changed_runs_and_changed_triggers_replace(life: CommandLife) -> None:
    assert {each for each in life.changed.operations if each[0] == "update"} == {
        ("update", "updated"),
        ("update", "recreated"),
        ("update", "forgetful"),
    }
    assert [op for op, name in life.changed.operations if name == "replaced"] == [
        "create-replacement",
        "replace",
        "delete-replaced",
    ]


def test_the_new_command_runs_before_the_old_one_is_deleted(life: CommandLife) -> None:
    assert life.log == ["create 1", "create 2", "delete out 1", "delete out 2"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("default", {"to-out", "to-err"}),
        ("both", {"to-out", "to-err"}),
        ("out", {"to-out"}),
        ("err", {"to-err"}),
        ("quiet", set()),
    ],
)
def test_logging_chooses_what_is_shown_and_keeps_both(
    life: CommandLife, name: str, shown: set[str]
) -> None:
    assert set(life.first.shown(name)) == shown
    assert (life.made[name], life.made[f"{name}.stderr"]) == ("to-out", "to-err")


def test_a_failing_command_says_how_what_and_its_output(life: CommandLife) -> None:
    assert life.failed.code != 0
    assert f'exit status 3: running "{SAYS_BOTH}; exit 3":' in life.failed.text
    assert "to-out" in life.failed.text
    assert "to-err" in life.failed.text


def test_globs_choose_assets_and_archive(life: CommandLife) -> None:
    assert life.made["files.assets"] == ["a.txt", "sub/c.txt"]
    assert life.made["files.archive"] == ["a.txt", "b.log", "secret.txt"]


def test_the_function_runs_in_every_update(life: CommandLife) -> None:
    assert life.made["run"] == "into run"

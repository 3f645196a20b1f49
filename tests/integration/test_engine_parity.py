"""The command plugin's hard edges: what was measured with official builds holds for the stand-in.

A program that was tried with a milder plugin alone hangs, or loses what it knew, with the one that
nearly everybody has. `docs/engine.md` lists these tests by name. They hold for whichever plugin is
installed; that the program lives with them is tested where its own commands are.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from components.step import SAY_AGAIN
from tests.integration.engine_stack import COMMANDS, Run, ThrowAwayStack, wait_for
from tests.integration.interruption import programs

HANGS = 4.0
"""Seconds after which what should end at once is taken for hanging."""
SHORT, LONG = 64 * 1024 - 1, 64 * 1024
"""Bytes of a line, without its end, that is read, and of one that isn't."""
NO_DEFAULT: dict[str, Any] = {"create": "echo created"}


def printing(size: int, stream: int = 1) -> dict[str, Any]:
    """A command that prints a line of so many bytes, and then more than a pipe holds."""
    lines = f"print('x' * {size}, file=out); [print('y' * 99, file=out) for _ in range(9999)]"
    return {
        "interpreter": ["python3", "-c"],
        "create": f"import os; out = os.fdopen({stream}, 'w'); {lines}",
    }


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[ThrowAwayStack]:
    made = ThrowAwayStack(tmp_path, COMMANDS)
    yield made
    end(everything(made))


def everything(stack: ThrowAwayStack) -> list[psutil.Process]:
    """What runs for a stack, the plugins and what they started included."""
    return [p for p in psutil.process_iter() if _folder(p) == str(stack.folder)]


def _folder(process: psutil.Process) -> str:
    try:
        return str(process.cwd())
    except psutil.Error:
        return ""


def end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def hangs(process: "subprocess.Popen[str]", seconds: float = HANGS) -> bool:
    """It does not end within so many seconds."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def test_behavioural_parity_a_line_below_64_kb_is_read(stack: ThrowAwayStack) -> None:
    both = {"out": printing(SHORT), "err": printing(SHORT, stream=2)}
    done = stack.up(**both)
    assert done.code == 0, done.text[-2000:]
    assert max(map(len, done.shown("out"))) == SHORT


@pytest.mark.parametrize(
    "arguments",
    [printing(LONG), printing(LONG, stream=2), {**printing(LONG), "logging": "none"}],
    ids=["stdout", "stderr", "shown nowhere"],
)
def test_behavioural_parity_a_longer_line_ends_the_reading_and_the_update_hangs(
    stack: ThrowAwayStack, arguments: dict[str, Any]
) -> None:
    process = stack.start_up(long=arguments)
    child = until(lambda: [p for p in everything(stack) if "fdopen" in str(p.cmdline())])[0]
    assert hangs(process)
    assert child.is_running(), "it waits until somebody reads"


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What is found, as soon as it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psutil.Error):
            if value := found():
                return value
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


@pytest.mark.essential("command plugin")
def test_behavioural_parity_a_cancelled_update_kills_the_first_process_at_once(
    stack: ThrowAwayStack,
) -> None:
    asked, ready = stack.folder / "asked", stack.folder / "pid"
    trap = f"trap 'touch {asked}' TERM INT; echo $$ > {ready}; while :; do sleep 0.1; done"
    process = stack.start_up(slow={"create": trap})
    pid = int(wait_for(ready))
    process.send_signal(signal.SIGINT)
    done = stack.finish(process, seconds=30)
    assert done.code != 0
    assert "signal: killed: running" in done.text
    assert not Path(f"/proc/{pid}").exists()
    assert not asked.exists(), "a handler was run"


def test_behavioural_parity_a_cancelled_update_leaves_what_the_first_process_started(
    stack: ThrowAwayStack,
) -> None:
    ready = stack.folder / "pid"
    process = stack.start_up(slow={"create": f"sleep 300 & echo $! > {ready}; wait"})
    pid = int(wait_for(ready))
    process.send_signal(signal.SIGINT)
    assert hangs(process), "it waits for whoever holds the output open"
    assert psutil.Process(pid).is_running()
    os.kill(pid, signal.SIGKILL)
    assert not hangs(process, seconds=30)


def test_behavioural_parity_a_cancelled_update_waits_for_nobody_without_the_output(
    stack: ThrowAwayStack,
) -> None:
    ready = stack.folder / "pid"
    quiet = f"sleep 300 < /dev/null > /dev/null 2>&1 & echo $! > {ready}; wait"
    process = stack.start_up(slow={"create": quiet})
    pid = int(wait_for(ready))
    process.send_signal(signal.SIGINT)
    assert not hangs(process, seconds=HANGS * 2)
    os.kill(pid, signal.SIGKILL)


HOOKED = """
import pulumi, pulumi_command

hook = pulumi.ErrorHook("asked", lambda args: pulumi.log.error("the hook was asked") or False)
pulumi_command.local.Command(
    "slow",
    create="echo $$ > pid; exec sleep 300",
    opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook])),
)
"""


def test_behavioural_parity_a_program_that_ends_before_its_hooks_are_asked_hides_the_error(
    tmp_path: Path,
) -> None:
    stack = ThrowAwayStack(tmp_path, HOOKED)
    process = stack.start_up()
    wait_for(tmp_path / "pid")
    # So does the official host; with the one that is built here the hook may be asked in time.
    ending = programs(everything(stack))
    process.send_signal(signal.SIGINT)
    end(ending)
    said = stack.finish(process, seconds=30).text
    assert "the hook was asked" not in said
    assert 'error hook "asked" failed' in said
    assert "signal: killed" not in said, "the hook's failure takes the place of the error"


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Run, dict[str, Any]]:
    """What commands had printed, an update of their inputs, and what they are left with."""
    stack = ThrowAwayStack(tmp_path_factory.mktemp("updated"), COMMANDS)
    told = {"create": "echo result; echo told >&2"}

    def commands(version: str) -> dict[str, dict[str, Any]]:
        given = {"environment": {"V": version}, **told}
        return {
            "emptied": {**given, "update": "true"},
            "again": {**given, "update": SAY_AGAIN},
            "plain": NO_DEFAULT,
        }

    first = stack.up(**commands("1"))
    assert first.code == 0, first.text
    before = stack.outputs()
    second = stack.up(**commands("2"))
    assert second.code == 0, second.text
    return before, second, {**stack.outputs(), "state": exported(stack)}


def exported(stack: ThrowAwayStack) -> dict[str, Any]:
    """A stack's resources by name."""
    state = json.loads(stack.pulumi("stack", "export").text)
    return {r["urn"].rpartition("::")[2]: r for r in state["deployment"]["resources"]}


def test_behavioural_parity_an_update_replaces_the_output_by_what_update_prints(
    updated: tuple[dict[str, Any], Run, dict[str, Any]],
) -> None:
    before, run, after = updated
    assert {name for op, name in run.operations if op == "update"} == {"emptied", "again"}
    assert (before["emptied"], before["emptied.stderr"]) == ("result", "told")
    assert (after["emptied"], after["emptied.stderr"]) == ("", "")


def test_behavioural_parity_an_update_can_say_the_output_again(
    updated: tuple[dict[str, Any], Run, dict[str, Any]],
) -> None:
    assert updated[2]["again"] == "result"


def test_behavioural_parity_no_default_is_written_into_the_state(
    updated: tuple[dict[str, Any], Run, dict[str, Any]],
) -> None:
    plain = updated[2]["state"]["plain"]
    assert {k: v for k, v in plain["inputs"].items() if not k.startswith("__")} == NO_DEFAULT


def test_a_property_that_another_engine_wrote_costs_no_output(tmp_path: Path) -> None:
    stack = ThrowAwayStack(tmp_path, COMMANDS)
    commands = {"again": {"create": "echo result", "update": SAY_AGAIN}}
    assert stack.up(**commands).code == 0
    state = json.loads(stack.pulumi("stack", "export").text)
    (found,) = [r for r in state["deployment"]["resources"] if r["type"] == "command:local:Command"]
    for kind in ("inputs", "outputs"):
        found[kind]["addPreviousOutputInEnv"] = True
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state))
    assert stack.pulumi("stack", "import", "--file", str(file)).code == 0
    assert stack.up(**commands).operations == [("update", "again")]
    assert stack.outputs()["again"] == "result"
    assert list(stack.up("--expect-no-changes", **commands).changes) == ["same"]

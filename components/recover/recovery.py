"""After an interruption: `python3 -m components.recover STACK [--dry-run] [--take-down]`.

It says what it finds of a run that was killed, what it does about it and why, one step after the
other, and ends with what to do next. What serves visitors, and data, it leaves alone.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..config.stack_file import project_name
from ..host import reach
from ..host.client import fail
from ..operate import sites
from ..own_commands import run_module, typed
from . import orphans as host
from . import processes
from . import state_file as state


class Recovery:
    """One recovery of one stack.

    Args:
        stack: the stack's name.
        dry_run: only say what would be done.
        take_down: also remove what serves, where no state knows it.
        site: which of its sites, where the program has several; "" for all.
    """

    def __init__(self, stack: str, *, dry_run: bool, take_down: bool, site: str = "") -> None:
        self.stack, self.dry_run, self.take_down = stack, dry_run, take_down
        self.site = site
        self.config = state.config(stack)
        self.deployment = "" if sites.is_own_program(Path.cwd()) else str(self.config["deployment"])
        reach.go_to(str(self.config["host"]))
        self.found = self.unsolved = self._number = 0
        self.unreadable = self.lost = False

    def run(self) -> int:
        """All steps; returns the exit code."""
        print(f"stack {self.stack}, {self._meant()}")
        self._refuse_while_deploying()
        self._processes()
        self._files()
        self._locks()
        self._host(self._pending())
        return self._end()

    def _refuse_while_deploying(self) -> None:
        busy = processes.deploying(processes.processes(), self.stack, Path.cwd())
        if busy:
            fail(
                f"stack {self.stack} is being worked on by {', '.join(map(str, busy))}: nothing "
                "was changed. Wait for it to end, or end it with `kill -INT` and its number, and "
                "run this again"
            )

    def _processes(self) -> None:
        self._title("Processes: what a killed `pulumi` left running would go on changing things")
        left = processes.left_behind(processes.processes(), Path.cwd())
        if left:
            self._act(", ".join(map(str, left)), "ending them", lambda: processes.end(left))

    def _files(self) -> None:
        self._address = state.address()
        folder = self._folder = state.folder_of_states(self._address)
        self._title("State files: a killed `pulumi` may have been writing one")
        if folder is None:
            print("   they are not in a folder, so none is half written")
            return
        half = state.torn(folder, self.stack)
        damaged = state.damaged(folder, self.stack)
        self.unreadable = self.dry_run and bool(half or damaged)
        for file in half:
            self._act(
                f"{file} is half written", "removing it; Pulumi does not need it", file.unlink
            )
        if damaged:
            self._mend(damaged)

    def _mend(self, damaged: state.Damaged) -> None:
        file, before = damaged.file, damaged.before
        if before:
            self._act(
                f"{file} can't be read",
                f"putting back {damaged.source}",
                lambda: state.put_back(file, before),
            )
            return
        self._act(
            f"{file} can't be read, nor any state before it: the state is lost",
            f"setting it aside as {file.name}.unreadable, so that another one can begin",
            lambda: state.set_aside(file),
        )

    def _locks(self) -> None:
        self._title("Lock: nobody can deploy while a run that is no more holds the stack")
        held = self._held()
        if held is None:
            print(
                "   Pulumi's service keeps it; if `pulumi up` says that another update is in "
                f"progress and it was yours, `pulumi cancel -s {self.stack}`"
            )
            return
        now = processes.processes()
        for lock in held:
            if not lock.is_from_here:
                fail(
                    f"{lock} is on stack {self.stack}: whether that runs can't be seen from here. "
                    f"If it doesn't any more, `pulumi cancel -s {self.stack}`, and run this again"
                )
            if processes.is_cli(now, lock.pid):
                fail(
                    f"{lock} is on stack {self.stack}, and that process runs: wait for it to end, "
                    f"or end it with `kill -INT {lock.pid}`, and run this again"
                )
        if held:
            self._act(
                " and ".join(f"{lock}, which runs no more" for lock in held),
                f"`pulumi cancel -s {self.stack}`",
                lambda: state.pulumi_or_fail("cancel", "--yes", "-s", self.stack),
            )

    def _held(self) -> Sequence[state.Lock] | None:
        if self._folder:
            return state.locks(self._folder, self.stack)
        if state.is_with_a_service(self._address):
            return None
        return state.locks_in_bucket(self.stack)

    def _pending(self) -> state.State | None:
        self._title("Operations: of those that were begun, Pulumi does not know how they ended")
        if self.unreadable:
            print("   they can be read once the state's files are mended")
            return None
        known = state.state(self.stack)
        if known is None:
            print(f"   there is no state of {self.stack}: it is lost, or nothing was deployed yet")
            self.lost = True
            return state.State()
        if known.pending:
            self._act(
                ", ".join(known.pending),
                f"`pulumi refresh --clear-pending-creates -s {self.stack}`: what is there is asked",
                self._refresh,
            )
        return known if self.dry_run else state.state(self.stack)

    def _host(self, known: state.State | None) -> None:
        self._title("Docker host: what was made, but is in no state")
        if known is None:
            print("   it can be told once the state's files are mended")
            return
        reach.check()
        for deployment in [self.deployment] if self.deployment else self._sites():
            self.deployment = deployment
            self._deployment(known)

    def _meant(self) -> str:
        if self.deployment:
            return f"deployment {self.deployment}"
        return f"its site {self.site}" if self.site else "all of its sites"

    def _sites(self) -> Sequence[str]:
        there = sites.of_stack(project_name(), self.stack)
        if self.site:
            return [sites.choose(there, self.stack, self.site)]
        if not there:
            print("   there is no site of it on this host")
        return [*there]

    def _deployment(self, known: state.State) -> None:
        found = self._look(known)
        if found.foreign:
            self._leave_to_others(found)
            return
        if found.serving and self.take_down:
            # In this order visitors get an answer for as long as possible.
            for thing in sorted(found.serving, key=lambda thing: thing.role == "edge"):
                self._remove(thing, "serves, but is in no state (--take-down)")
            # Now nobody needs what they used.
            found = self._look(known)
        elif found.serving:
            self._refuse_to_take_down(found)
        for thing in found.left:
            self._remove(thing, "is in no state, and nothing needs it")
        for thing in found.rejected:
            self._remove(thing, "failed its gate; without it the next `pulumi up` tries once more")
        if found.rejected:
            self._act(
                "it is still in the state", f"`pulumi refresh -s {self.stack}`", self._refresh
            )
        for thing, why in found.kept:
            print(f"   kept: {thing}: {why}")

    def _refresh(self) -> None:
        state.refresh(self.stack)

    def _look(self, known: state.State) -> host.Found:
        return host.look(
            self.deployment,
            stack=self.stack,
            known=known.ids,
            retire=self.config["retire"],
            serving=known.serving,
        )

    def _leave_to_others(self, found: host.Found) -> None:
        whose = sorted({thing.stack for thing in found.foreign})
        self._ask(
            f"{_listed(found.foreign)}: marked as {' and '.join(whose)}'s. One deployment belongs "
            "to one stack, so nothing of it is touched here: recover that stack, or give this one "
            f"another name with `pulumi config set deployment NAME -s {self.stack}`"
        )

    def _refuse_to_take_down(self, found: host.Found) -> None:
        self._ask(
            f"{_listed(found.serving)}: serves, but is in no state of {self.stack}. Pulumi can't "
            "take it over, since it never made it. To go on, let it be taken down: run this again "
            f"with TAKE_DOWN=yes (make) or --take-down, then `{typed('up', self.stack)}` at once. "
            "From then until it is through visitors get no answer, usually less than a minute. "
            "Data, media and secrets are kept, and the same site comes back. To keep the state "
            "instead, put its file back from a backup"
        )

    def _remove(self, thing: host.Thing, why: str) -> None:
        def act() -> None:
            problem = host.remove(thing)
            if problem:
                self._ask(f"{thing} could not be removed: {problem}")

        self._act(f"{thing} {why}", "removing it", act)

    def _end(self) -> int:
        if self.unsolved:
            print("\nNot recovered: what is left to decide or to mend is said above.")
            return 1
        if not self.found:
            print("\nNothing to recover: nothing was changed.")
        elif self.dry_run:
            print("\nNothing was changed. Without the dry run, all this is done.")
        else:
            print("\nRecovered.")
        # Without a state there may be no stack, which `up` begins anew.
        up = typed("up", self.stack) if self.lost else f"pulumi up -s {self.stack}"
        print(f"Next: `{up}`")
        return 0

    def _title(self, text: str) -> None:
        self._number += 1
        print(f"\n{self._number}. {text}", flush=True)

    def _act(self, what: str, doing: str, act: Callable[[], object]) -> None:
        self.found += 1
        print(f"   found: {what}\n   {'would be' if self.dry_run else 'now'}: {doing}", flush=True)
        if not self.dry_run:
            act()

    def _ask(self, text: str) -> None:
        self.unsolved += 1
        print(f"   {text}", flush=True)


def _listed(things: Sequence[host.Thing]) -> str:
    return ", ".join(map(str, things))


def main() -> None:
    """Recover the stack that the command line names."""
    parser = argparse.ArgumentParser(prog=run_module("recover"))
    parser.add_argument("stack", help="its name, as in Pulumi.STACK.yaml")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument(
        "--take-down",
        action="store_true",
        help="remove also what serves visitors, where it is in no state",
    )
    parser.add_argument("--site", default="", help="which one, of a program with several")
    options = parser.parse_args()
    recovery = Recovery(
        options.stack, dry_run=options.dry_run, take_down=options.take_down, site=options.site
    )
    sys.exit(recovery.run())

"""`make server`: what a fresh Debian server lacks for sites is put on it, by ssh.

It says first what it is going to do. Run again, it does what is still missing, if anything is; then
it looks at the host as every `up` does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import paths
from .authority import Authority
from .errors import ToolchainError
from .progress import Progress, Step
from .shell import run

_SECONDS = 60.0
PACKAGES = ("docker.io", "iptables", "ca-certificates")

LOOK = """\
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
has() { command -v "$1" > /dev/null 2>&1; }
echo "user=$(id -un)"
[ "$(id -u)" != 0 ] || echo root=yes
! has sudo || ! sudo -n true 2> /dev/null || echo sudo=yes
echo "system=$(. /etc/os-release && echo "$PRETTY_NAME")"
! has apt-get || echo apt=yes
! has docker || echo client=yes
! has dockerd || echo daemon=yes
case " $(id -Gn) " in *" docker "*) echo group=yes ;; esac
[ ! -d /run/systemd/system ] || echo systemd=yes
[ "$(systemctl is-enabled docker 2> /dev/null)" != enabled ] || echo enabled=yes
answers() { "$@" docker version > /dev/null 2>&1; }
if answers env || answers sudo -n; then echo running=yes; fi
"""
"""What says, a line each, what there is on a server; it changes nothing."""

INSTALL = f"""\
export DEBIAN_FRONTEND=noninteractive
wait="-o DPkg::Lock::Timeout=300"
dpkg --configure -a
apt-get $wait update
client=
! apt-cache show docker-cli > /dev/null 2>&1 || client=docker-cli
apt-get $wait install --yes --no-install-recommends {" ".join(PACKAGES)} $client
"""
# Newer releases of Debian have the client in a package of its own that is only recommended, and a
# server that has just begun may be installing its updates: apt-get waits for them.

START = """\
if [ -d /run/systemd/system ]; then systemctl enable --now docker; else service docker start; fi
tries=0
until docker version > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 60 ] || { docker version; exit 1; }
  sleep 1
done
"""


@dataclass(frozen=True)
class Task:
    """Something that a server lacks.

    Attributes:
        says: what is done about it, for people.
        script: the lines of shell that do it, as root.
    """

    says: str
    script: str


def command(address: str, *, yes: bool = False) -> str:
    """What is typed to prepare the server at `address`; with `yes`, nobody is asked."""
    if paths.INSTALLED:
        return f"python -m {paths.PROGRAM} server {address}{' --yes' if yes else ''}"
    return f"make server HOST={address}{' YES=yes' if yes else ''}"


def server(address: str, *, yes: bool, authority: Authority | None = None) -> int:
    """Prepares the server at `address`, such as ssh://root@server; returns the exit code.

    `yes`: nobody is asked whether to go on. `authority`: what its Docker is to trust besides.
    """
    ssh = _ssh(address)
    progress = Progress()
    with progress.step("server") as step:
        there = _look(ssh, address, authority)
        tasks = list(plan(there, authority))
        step.already(f"{there.get('system', '?')}, as {there.get('user', '?')}")
    if tasks:
        _agree(tasks, there, address, yes=yes)
        with progress.step("docker") as step:
            _do(tasks, there, ssh, step)
            left = [task.says for task in plan(_look(ssh, address, authority), authority)]
            if left:
                raise ToolchainError(f"{address} still lacks this: {'; '.join(left)}")
            step.done("; ".join(task.says for task in tasks))
    else:
        print("  nothing has to be done")
    return _preflight(address)


def plan(there: Mapping[str, str], authority: Authority | None = None) -> Iterator[Task]:
    """What is to be done on a server, in order; `there` is what it has."""
    if "client" not in there or "daemon" not in there:
        names = ", ".join(PACKAGES)
        yield Task(f"install {names} from the system's own package sources (apt-get)", INSTALL)
    if "running" not in there or ("systemd" in there and "enabled" not in there):
        yield Task("start Docker, now and whenever the server starts", START)
    if "root" not in there and "group" not in there:
        user = there["user"]
        yield Task(
            f"put {user} into the group docker, which makes {user} as powerful there as root",
            f"usermod -aG docker '{user}'\n",
        )
    if authority and not authority.is_there(there):
        yield Task(authority.says, authority.script)


def _ssh(address: str) -> list[str]:
    try:
        words: list[str] = paths.program("host.over_ssh").words(address)
    except ValueError as error:
        such_as = f"Such as:  {command('ssh://root@web1.example.org')}"
        raise ToolchainError(
            f"the server's address {error}" if address else "which server?", such_as
        ) from None
    return words


def _look(ssh: Sequence[str], address: str, authority: Authority | None) -> dict[str, str]:
    script = LOOK + (authority.look if authority else "")
    try:
        done = paths.program("host.over_ssh").tell(ssh, script, seconds=_SECONDS)
        code, said = done.returncode, done.stderr.decode(errors="replace").strip()
    except FileNotFoundError:
        raise ToolchainError(
            "there is no ssh on this machine", "On Debian:  sudo apt-get install openssh-client"
        ) from None
    except subprocess.TimeoutExpired:
        code, said = 255, f"did not answer within {_SECONDS:.0f} s"
    if code == 255:
        mends = paths.program("remedies").address_remedies(address, said)
        raise ToolchainError(f"ssh does not get to {address}: {said}", "\n".join(mends[:1]))
    lines = (line.partition("=") for line in done.stdout.decode(errors="replace").splitlines())
    return {name: value for name, is_one, value in lines if is_one}


def _agree(tasks: Sequence[Task], there: Mapping[str, str], address: str, *, yes: bool) -> None:
    """Says what is to be done, and asks; ends here where it can't or may not be done."""
    lines = [f"  {number}. {task.says}" for number, task in enumerate(tasks, 1)]
    print(f"\nOn {address} this is done, as root:", *lines, "", sep="\n", flush=True)
    if "apt" not in there:
        raise ToolchainError(
            f"{there.get('system', address)} is neither Debian nor Ubuntu",
            "Install Docker Engine 20.10 or newer there and start it, then run this again.",
        )
    if "root" not in there and "sudo" not in there:
        script = "\n".join(f"    {line}" for task in tasks for line in task.script.splitlines())
        raise ToolchainError(
            f"{there['user']} is not root there, and sudo asks for a password",
            f"Name a user that is (ssh://root@…), or run this there as root:\n{script}",
        )
    if not yes and not _said_yes(address):
        raise ToolchainError("nothing was done")


def _said_yes(address: str) -> bool:
    if not sys.stdin.isatty():
        agreeing = f"To agree:  {command(address, yes=True)}"
        raise ToolchainError("nobody is here to agree, so nothing was done", agreeing)
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _do(tasks: Sequence[Task], there: Mapping[str, str], ssh: Sequence[str], step: Step) -> None:
    as_root = [] if "root" in there else ["sudo", "-n"]
    # Read to its end before any of it runs: what it starts must not eat the rest of it.
    lines = "".join(task.script for task in tasks)
    script = f"set -e\nall() {{\n{lines}}}\nall < /dev/null\n"
    run(
        [*ssh, *as_root, "sh", "-s"],
        on_line=step.update,
        fed_by=["printf", "%s", script],
        patient=True,
        what="preparing the server",
        remedy="What was done stays, and doing it again does no harm: run the same once more.",
    )
    # Who is in a new group is so from the next connection on.
    subprocess.run([*ssh[:-2], "-O", "exit", *ssh[-2:]], capture_output=True, check=False)


def _preflight(address: str) -> int:
    """Looks at the host as every `up` does; the exit code is 1 if anything is wrong."""
    doctor = paths.program("operate.doctor")
    paths.program("host.reach").go_to(address)
    print()
    code: int = doctor.show(doctor.machine())
    if code == 0:
        print(f"\nA site goes there by:  pulumi config set host {address} -s STACK")
    return code

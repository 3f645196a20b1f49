"""Preparing a server: what it lacks, what is said first, and what is done."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from components.host.finding import good, wrong
from components.operate import doctor
from toolchain import cli, server
from toolchain.authority import Authority
from toolchain.errors import ToolchainError

FRESH = {"user": "root", "root": "yes", "system": "Debian 13", "apt": "yes", "systemd": "yes"}
READY = {**FRESH, "client": "yes", "daemon": "yes", "running": "yes", "enabled": "yes"}
ADDRESS = "ssh://ada@web1"


class Server:
    """A server behind a pretended ssh, which notes what is run there.

    Attributes:
        there: what is on it.
        after: what is on it once something was done.
        done: the scripts that were run.
    """

    def __init__(self, folder: Path) -> None:
        self.there: dict[str, str] = dict(FRESH)
        self.after: dict[str, str] = dict(READY)
        self._folder = folder
        self.code, self.says = 0, ""

    @property
    def done(self) -> list[str]:
        return [path.read_text() for path in sorted(self._folder.glob("done-*"))]

    def write(self) -> None:
        """Have the program be as it is told."""
        for name, facts in (("there", self.there), ("after", self.after)):
            text = "".join(f"{key}={value}\n" for key, value in facts.items())
            (self._folder / name).write_text(text)
        program = self._folder / "ssh"
        program.write_text(
            "#!/bin/sh\n"
            f"cd {self._folder}\n"
            f'case "$*" in *" -O exit "*) touch closed; exit 0 ;; esac\n'
            f"[ {self.code} = 0 ] || {{ echo '{self.says}' >&2; exit {self.code}; }}\n"
            "cat > said\n"
            "if grep -q PRETTY_NAME said; then\n"
            "  if ls done-* > /dev/null 2>&1; then cat after; else cat there; fi\n"
            'else echo "$*" > words; mv said done-$$; echo Setting up docker.io; fi\n'
        )
        program.chmod(0o755)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "")
    monkeypatch.setattr(doctor, "machine", lambda: iter([good("docker", "26")]))
    return Server(tmp_path)


def prepare(there: Server, *words: str) -> int:
    there.write()
    return cli.main(["server", ADDRESS, *words])


def test_a_fresh_server_gets_what_it_lacks(
    there: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(there, "--yes") == 0
    said = capsys.readouterr().out
    before, _, _ = said.partition("  docker ")
    assert "1. install docker.io, iptables, ca-certificates" in before, "it is said first"
    assert "2. start Docker, now and whenever the server starts" in before
    (script,) = there.done
    assert "apt-get $wait install --yes --no-install-recommends docker.io" in script
    assert "systemctl enable --now docker" in script
    assert "usermod" not in script
    assert "nothing is wrong" in said
    assert f"pulumi config set host {ADDRESS} -s STACK" in said
    assert "sudo" not in (tmp_path / "words").read_text()


def test_a_server_that_is_ready_is_left_alone(
    there: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    there.there = there.after
    assert prepare(there) == 0
    assert there.done == []
    assert "nothing has to be done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        ("client", "install docker.io"),
        ("daemon", "install docker.io"),
        ("running", "start Docker"),
        ("enabled", "start Docker"),
    ],
)
def test_only_what_is_missing_is_done(lacks: str, says: str) -> None:
    left = {key: value for key, value in READY.items() if key != lacks}
    (task,) = server.plan(left)
    assert task.says.startswith(says)
    assert [*server.plan(READY)] == []


def test_without_systemd_nothing_says_what_is_enabled() -> None:
    left = {key: value for key, value in READY.items() if key not in ("systemd", "enabled")}
    assert [*server.plan(left)] == []


def test_a_user_who_is_not_root_joins_the_group(
    there: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.there = {**READY, "user": "ada", "sudo": "yes"}
    del there.there["root"]
    there.after = {**there.there, "group": "yes"}
    assert prepare(there, "--yes") == 0
    said = capsys.readouterr().out
    assert "1. put ada into the group docker, which makes ada as powerful there as root" in said
    (script,) = there.done
    assert "usermod -aG docker 'ada'" in script
    assert "-- web1 sudo -n sh -s" in (tmp_path / "words").read_text()
    assert (tmp_path / "closed").exists(), "a connection that is kept open has the old groups"


def test_who_may_not_do_it_is_told_what_to_do(
    there: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    there.there = {"user": "ada", "system": "Debian 13", "apt": "yes"}
    assert prepare(there, "--yes") == 1
    said = capsys.readouterr().err
    assert "ada is not root there, and sudo asks for a password" in said
    assert "usermod -aG docker 'ada'" in said
    assert there.done == []


def test_another_system_is_not_touched(there: Server, capsys: pytest.CaptureFixture[str]) -> None:
    there.there = {"user": "root", "root": "yes", "system": "Alpine Linux v3.20"}
    assert prepare(there, "--yes") == 1
    assert "Alpine Linux v3.20 is neither Debian nor Ubuntu" in capsys.readouterr().err
    assert there.done == []


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("yes", True), ("", False)])
def test_somebody_is_asked(
    there: Server, monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _text: answer)
    assert prepare(there) == (0 if goes_on else 1)
    assert bool(there.done) is goes_on


def test_nobody_is_no_yes(
    there: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert prepare(there) == 1
    assert f"make server HOST={ADDRESS} YES=yes" in capsys.readouterr().err
    assert there.done == []


def test_what_is_still_missing_afterwards_is_an_error(
    there: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    there.after = {key: value for key, value in READY.items() if key != "running"}
    assert prepare(there, "--yes") == 1
    assert "still lacks this: start Docker" in capsys.readouterr().err


def test_what_is_wrong_with_the_host_is_the_exit_code(
    there: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there.there = there.after
    ill = [wrong("disk", "1.0 GB are free", "make room")]
    monkeypatch.setattr(doctor, "machine", lambda: iter(ill))
    assert prepare(there) == 1
    assert "What to do: make room" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("says", "mends"),
    [
        ("ada@web1: Permission denied (publickey).", "`ssh-copy-id ada@web1`"),
        ("Host key verification failed.", "`ssh ada@web1 true` shows it and asks"),
    ],
)
def test_a_server_that_ssh_does_not_reach(
    there: Server, capsys: pytest.CaptureFixture[str], says: str, mends: str
) -> None:
    there.code, there.says = 255, says
    assert prepare(there) == 1
    said = capsys.readouterr().err
    assert says in said
    assert mends in said


@pytest.mark.parametrize("address", ["", "web1", "tcp://web1"])
def test_what_is_no_address(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["server", address]) == 1
    assert "make server HOST=ssh://root@web1.example.org" in capsys.readouterr().err


def test_a_system_is_asked_in_shell_that_any_of_them_has(tmp_path: Path) -> None:
    done = subprocess.run(["sh", "-s"], input=server.LOOK, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "user=" in done.stdout
    for script in (server.INSTALL, server.START):
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
REGISTRY = "registry.example.org:5000"


def test_a_registrys_authority_is_placed_where_docker_looks_for_it(
    there: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    path = f"/etc/docker/certs.d/{REGISTRY}/ca.crt"
    words = ("--yes", "--registry", REGISTRY, "--ca", str(tmp_path / "ca.pem"))
    total = hashlib.sha256(CERTIFICATE.encode()).hexdigest()
    there.there, there.after = READY, {**READY, "ca": f"{total}  -"}
    assert prepare(there, *words) == 0
    assert f"1. have Docker take certificates of {REGISTRY} by that" in capsys.readouterr().out
    (script,) = there.done
    assert f"mkdir -p '/etc/docker/certs.d/{REGISTRY}'" in script
    assert f"cat > '{path}' << 'END'\n{CERTIFICATE}END\n" in script
    # Once more, there is nothing to do.
    assert prepare(there, *words) == 0
    assert len(there.done) == 1


def test_that_script_writes_it(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(f"\n{CERTIFICATE}\n")
    authority = Authority.read(REGISTRY, str(tmp_path / "ca.pem"))
    assert authority
    script = (authority.script + authority.look).replace("/etc/docker", str(tmp_path))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    name, _, total = done.stdout.strip().partition("=")
    assert authority.is_there({name: total})
    assert (tmp_path / f"certs.d/{REGISTRY}/ca.crt").read_text() == CERTIFICATE


@pytest.mark.parametrize(
    ("registry", "file", "says"),
    [
        ("", "ca.pem", "the registry of that certificate is ''"),
        ("r.example.org/shop", "ca.pem", "the registry of that certificate is 'r.example"),
        ("r.example.org", "none.pem", "none.pem can't be read"),
        ("r.example.org", "key.pem", "is no certificate in PEM"),
        ("r.example.org", "", "the certificate ? can't be read"),
    ],
)
def test_an_authority_that_can_not_be_meant_is_refused(
    tmp_path: Path, registry: str, file: str, says: str
) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(ToolchainError) as refused:
        Authority.read(registry, str(tmp_path / file) if file else "")
    assert says in str(refused.value)

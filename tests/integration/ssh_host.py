"""Docker hosts that are reached over ssh: what their clients have, and this machine's as one.

Server and client have keys, a port and settings of their own: nothing of the machine's or the
user's is read or changed.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from bench.visitor import free_port
from toolchain import ssh_server

_PATIENCE = 20.0  # seconds
# Where an ssh server of OpenSSH lives that was started as root; its service would have made it.
_SEPARATION = Path("/run/sshd")
_SERVER = """\
ListenAddress {listens}
Port {port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""
_CLIENT = """\
IdentityFile {folder}/user
IdentitiesOnly yes
UserKnownHostsFile {folder}/known_hosts
GlobalKnownHostsFile /dev/null
ControlMaster auto
ControlPersist 60
ControlPath {folder}/open
"""


def server_settings(folder: Path | str, *, listens: str, port: int) -> str:
    """The settings of an ssh server whose keys are in a folder."""
    return _SERVER.format(folder=folder, listens=listens, port=port)


def server_program() -> str:
    """The path of sshd."""
    program = ssh_server.find()
    assert program, "there is no sshd: `make test-integration` gets it"
    return program


class SshClient:
    """Those who come to a port of this machine behind which there is an ssh server.

    Args:
        folder: an empty folder, for keys and settings.
        user: the user that they are there.
        port: the port of 127.0.0.1.
    """

    def __init__(self, folder: Path, user: str, port: int) -> None:
        self.address = f"ssh://{user}@127.0.0.1:{port}"
        self._folder, self._port = folder, port
        for name in ("host", "user"):
            words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
            subprocess.run(words, check=True)
        (folder / "client").write_text(_CLIENT.format(folder=folder))
        self.program = folder / "bin/ssh"
        self.program.parent.mkdir()
        # ssh reads the settings of its user's home, whatever HOME says.
        self.program.write_text(f'#!/bin/sh\nexec {_ssh()} -F {folder}/client "$@"\n')
        self.program.chmod(0o755)
        self.is_known(True)

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Variables by which docker goes there, and whatever else asks for a Docker host.

        Args:
            env: the others.
        """
        path = f"{self.program.parent}:{env['PATH']}"
        return {**env, "DOCKER_HOST": self.address, "PATH": path}

    def is_known(self, known: bool) -> None:
        """Let its clients know it, or meet it for the first time."""
        key = (self._folder / "host.pub").read_text()
        # It is asked for with the next connection.
        self.disconnect()
        line = f"[127.0.0.1]:{self._port} {key}" if known else ""
        (self._folder / "known_hosts").write_text(line)

    def disconnect(self) -> None:
        """End the connections, whatever is at work on them."""
        words = (self.program, "-O", "exit", "127.0.0.1")
        subprocess.run(words, capture_output=True, check=False)

    def wait(self, server: "subprocess.Popen[bytes]", log: Path) -> None:
        """Wait until the server answers.

        Args:
            server: the process that runs as long as it does.
            log: what it says.
        """
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        # Through a relay a connection alone says nothing.
        with socket.socket() as tried:
            tried.settimeout(_PATIENCE)
            try:
                tried.connect(("127.0.0.1", self._port))
                return tried.recv(4) == b"SSH-"
            except OSError:
                return False


class SshHost(SshClient):
    """This machine's daemon behind an ssh server that was started, and that its clients know.

    Args:
        folder: an empty folder, for keys and settings.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, getpass.getuser(), free_port())
        settings = server_settings(folder, listens="127.0.0.1", port=self._port)
        (folder / "server").write_text(settings)
        self._server = self._start()

    def stop(self) -> None:
        """End the server, and the connections to it."""
        self.disconnect()
        self._server.terminate()
        self._server.wait(_PATIENCE)

    def _start(self) -> "subprocess.Popen[bytes]":
        program, said = server_program(), self._folder / "log"
        if os.geteuid() == 0:
            _SEPARATION.mkdir(mode=0o755, exist_ok=True)
        with said.open("wb") as log:
            words = [program, "-D", "-e", "-f", str(self._folder / "server")]
            server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log)
        self.wait(server, said)
        return server


def _ssh() -> str:
    program = shutil.which("ssh")
    assert program, "there is no ssh: it comes with sshd"
    return program

"""A Docker host that is reached over ssh: this machine's daemon, by an ssh server of a test's own.

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
ListenAddress 127.0.0.1
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


class SshHost:
    """A host whose ssh server was started, and that its clients know.

    Args:
        folder: an empty folder, for keys and settings.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.address = f"ssh://{getpass.getuser()}@127.0.0.1:{self._port}"
        for name in ("host", "user"):
            words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
            subprocess.run(words, check=True)
        (folder / "server").write_text(_SERVER.format(port=self._port, folder=folder))
        (folder / "client").write_text(_CLIENT.format(folder=folder))
        self._client = folder / "bin/ssh"
        self._client.parent.mkdir()
        # ssh reads the settings of its user's home, whatever HOME says.
        self._client.write_text(f'#!/bin/sh\nexec {_ssh()} -F {folder}/client "$@"\n')
        self._client.chmod(0o755)
        self.is_known(True)
        self._server = self._start()

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Variables by which docker goes there, and whatever else asks for a Docker host.

        Args:
            env: the others.
        """
        path = f"{self._client.parent}:{env['PATH']}"
        return {**env, "DOCKER_HOST": self.address, "PATH": path}

    def is_known(self, known: bool) -> None:
        """Let its clients know it, or meet it for the first time."""
        key = (self._folder / "host.pub").read_text()
        # It is asked for with the next connection.
        self.disconnect()
        line = f"[127.0.0.1]:{self._port} {key}" if known else ""
        (self._folder / "known_hosts").write_text(line)

    def stop(self) -> None:
        """End the server, and the connections to it."""
        self.disconnect()
        self._server.terminate()
        self._server.wait(_PATIENCE)

    def disconnect(self) -> None:
        """End the connections, whatever is at work on them."""
        words = (self._client, "-O", "exit", "127.0.0.1")
        subprocess.run(words, capture_output=True, check=False)

    def _start(self) -> "subprocess.Popen[bytes]":
        program = ssh_server.find()
        assert program, "there is no sshd: `make test-integration` gets it"
        if os.geteuid() == 0:
            _SEPARATION.mkdir(mode=0o755, exist_ok=True)
        with (self._folder / "log").open("wb") as log:
            words = [program, "-D", "-e", "-f", str(self._folder / "server")]
            server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            said = (self._folder / "log").read_text()
            assert server.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        return server

    def _answers(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self._port)) == 0


def _ssh() -> str:
    program = shutil.which("ssh")
    assert program, "there is no ssh: it comes with sshd"
    return program

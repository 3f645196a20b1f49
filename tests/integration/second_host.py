"""A second Docker host: a daemon, an ssh server and a network of its own, as on another machine.

Both run in a container of this machine's daemon. The way to them leads through a relay, which makes
it slow, or breaks it; what visitors send goes by another connection, which is left alone.
"""

import socket
import subprocess
import time
from pathlib import Path

from bench.visitor import free_port
from tests.integration.box import FOLDER
from tests.integration.harness import Site
from tests.integration.own_daemon import OwnDaemon
from tests.integration.relay import Relay
from tests.integration.ssh_host import SshClient, server_program, server_settings

_PATIENCE = 20.0  # seconds
_PORT = 22
_THERE = f"{FOLDER}/ssh"
# The user of OpenSSH that handles those who have not shown a key yet; its package would make it.
_START = """\
grep -q ^sshd: /etc/passwd || echo 'sshd:x:74:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd
mkdir -p /run/sshd
exec {program} -D -e -f {there}/server
"""


class SecondHost:
    """A host that was started, has the base image, and is known to its clients.

    Args:
        folder: an empty folder, for its socket, keys and settings.

    Attributes:
        way: what leads there.
        daemon: its daemon.
        client: what those have who come over ssh.
    """

    def __init__(self, folder: Path) -> None:
        self._tunnels: list[subprocess.Popen[bytes]] = []
        self.daemon = OwnDaemon(folder, name="second-host")
        try:
            inside = self.daemon.box.ip
            port = free_port()
            self.way = Relay(port, (inside, _PORT))
            keys = folder / "ssh"
            keys.mkdir()
            self.client = SshClient(keys, "root", port)
            settings = server_settings(_THERE, listens="0.0.0.0", port=_PORT)
            (keys / "server").write_text(settings)
            self._log = folder / "sshd.log"
            self._server = self._start()
        except BaseException:
            self.daemon.remove()
            raise

    @property
    def address(self) -> str:
        """What leads there: an address for docker."""
        return self.client.address

    def takes(self, site: Site) -> None:
        """Have a site deployed there, and visitors on this machine reach it by its port."""
        site.configure(host=self.address)
        # Commands that are told a deployment alone know no stack, and so no host.
        site.env = self.client.environment(site.env)
        options = ("-o", "ControlPath=none", "-o", f"HostKeyAlias=[127.0.0.1]:{self._ssh_port}")
        forwarded = f"127.0.0.1:{site.port}:127.0.0.1:{site.port}"
        words = [
            str(self.client.program),
            *options,
            "-N",
            "-L",
            forwarded,
            f"root@{self.daemon.box.ip}",
        ]
        self._tunnels.append(subprocess.Popen(words, stdin=subprocess.DEVNULL))
        _wait_for(site.port, self._tunnels[-1])

    def remove(self) -> None:
        """Leave nothing of it."""
        self.client.disconnect()
        for tunnel in self._tunnels:
            tunnel.terminate()
            tunnel.wait(_PATIENCE)
        self.way.close()
        self.daemon.remove()
        self._server.wait(_PATIENCE)

    @property
    def _ssh_port(self) -> str:
        return self.address.rpartition(":")[2]

    def _start(self) -> "subprocess.Popen[bytes]":
        script = _START.format(program=server_program(), there=_THERE)
        with self._log.open("wb") as log:
            server = self.daemon.box.begin(script, log)
        self.client.wait(server, self._log)
        return server


def _wait_for(port: int, tunnel: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert tunnel.poll() is None, "the tunnel to the site ended"
        assert time.monotonic() < deadline, "there is no tunnel to the site"
        time.sleep(0.05)

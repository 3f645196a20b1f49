"""A fresh Debian server with sshd, and nothing else, gets ready for sites by one command.

The server is a container of the base image, with an ssh server from Debian's packages. The tests
build on each other, in order.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.visitor import free_port
from tests.integration.box import FOLDER, Box
from tests.integration.harness import ROOT, Run, run
from tests.integration.relay import Relay
from tests.integration.ssh_host import SshClient, server_settings

_PORT = 22
# In a container nothing manages services: ssh's is begun by hand, and Docker's by a stand-in, since
# the package's own script wants limits that a machine may not be able to give.
_BEGIN = f"""\
set -e
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
apt-get update
apt-get install --yes --no-install-recommends openssh-server sudo
rm /usr/sbin/policy-rc.d
useradd --create-home --shell /bin/bash --password '*' ada
echo 'ada ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ada
cat > /usr/local/sbin/service <<'END'
#!/bin/sh
setsid dockerd > /var/log/dockerd.log 2>&1 < /dev/null &
END
chmod +x /usr/local/sbin/service
mkdir -p /run/sshd
# A key is read by its user, who can't look into the test's folder.
install --mode=644 {FOLDER}/user.pub /etc/ssh/ada.pub
/usr/sbin/sshd -E /var/log/sshd.log -o AuthorizedKeysFile=/etc/ssh/ada.pub -f {FOLDER}/server
"""


class Server:
    """A fresh server.

    Args:
        folder: an empty folder, for keys and settings.
    """

    def __init__(self, folder: Path) -> None:
        self.box = Box(folder, "server", has_ours=False)
        try:
            port = free_port()
            self._way = Relay(port, (self.box.ip, _PORT))
            self._client = SshClient(folder, "ada", port)
            settings = server_settings(FOLDER, listens="0.0.0.0", port=_PORT)
            (folder / "server").write_text(settings)
            self.box.inside(_BEGIN)
        except BaseException:
            self.box.remove()
            raise

    @property
    def address(self) -> str:
        """What leads there."""
        return self._client.address

    def prepare(self, *words: str) -> Run:
        """The command that gets it ready."""
        command = [sys.executable, "-m", "toolchain", "server", self.address, *words]
        env = self._client.environment(os.environ)
        return run(command, cwd=ROOT, env=env, timeout=600)

    def asks(self) -> Run:
        """What Docker there says to its user."""
        words = ["docker", "version", "--format", "{{.Server.Version}}"]
        return run(words, cwd=ROOT, env=self._client.environment(os.environ), timeout=60)

    def remove(self) -> None:
        """Leave nothing of it."""
        self._client.disconnect()
        self._way.close()
        self.box.remove()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.remove()


def test_nothing_is_done_that_nobody_agreed_to(server: Server) -> None:
    said = server.prepare()
    assert said.code == 1, said.output
    assert "1. install docker.io" in said.output
    assert "2. start Docker" in said.output
    assert "3. put ada into the group docker" in said.output
    assert f"make server HOST={server.address} YES=yes" in said.output
    assert "docker" not in server.box.inside("ls /usr/bin")


def test_a_fresh_server_gets_ready(server: Server) -> None:
    said = server.prepare("--yes")
    assert said.code == 0, said.output
    assert "nothing is wrong" in said.output
    assert "GB are free for Docker (/var/lib/docker)" in said.output
    answer = server.asks()
    assert answer.code == 0, answer.output
    assert int(answer.output.partition(".")[0]) >= 20


def test_a_server_that_is_ready_is_left_as_it_is(server: Server) -> None:
    before = server.box.inside("stat -c %Y /var/lib/dpkg/status /etc/group")
    said = server.prepare()
    assert said.code == 0, said.output
    assert "nothing has to be done" in said.output
    assert server.box.inside("stat -c %Y /var/lib/dpkg/status /etc/group") == before

"""A certificate authority of a test's own, which is asked by ACME: Debian's `pebble`.

It runs on the machine's own network, in a container that goes with it. It asks the DNS that its
package brings along, by which every name leads to this machine but for those that are sent
elsewhere.
"""

import json
import secrets
import ssl
import time
import urllib.request
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import docker

from bench.visitor import free_port
from components.host.docker_host import Host
from tests.certificates import Authority
from tests.integration.relay import Relay

# It fails on what has fewer labels than a name of its list.
REFUSED = "refused.example"
"""A domain that it issues nothing for."""

_LOCAL = "127.0.0.1"
_PATIENCE = 180.0  # seconds: its packages are fetched
_FOLDER = "/srv/pebble"
# Half of what it is asked for would else be answered by what it remembers, and a part refused.
_STEADY = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
_SCRIPT = f"""\
set -e
apt-get update > /dev/null
apt-get install --yes --no-install-recommends pebble > /dev/null
pebble-challtestsrv -dns01 {_LOCAL}:{{dns}} -management {_LOCAL}:{{names}} -defaultIPv6 '' \\
    -doh '' -http01 '' -https01 '' -tlsalpn01 '' &
exec pebble -config {_FOLDER}/pebble.json -dnsserver {_LOCAL}:{{dns}}
"""


class Pebble:
    """It, as it runs.

    Args:
        folder: an empty folder, for its keys and settings.
        asks: the port of this machine at which it looks for answers.
        life: for how many seconds its certificates are valid.

    Attributes:
        directory: the URL at which it is asked, also by containers.
        ca: the file of the root by which that URL is verified.
        root: the file of the root of what it issues.
        way: leads to it, and can be cut.
    """

    def __init__(self, folder: Path, *, asks: int, life: int) -> None:
        self._client = docker.from_env()
        bridge = self._bridge()
        listens, self._management, self._names = free_port(), free_port(), free_port()
        authority = Authority(folder)
        issued = authority.issue(_LOCAL, bridge)
        (folder / "own.pem").write_text(issued.certificate)
        (folder / "own.key").write_text(issued.key)
        settings = {
            "listenAddress": f"{_LOCAL}:{listens}",
            "managementListenAddress": f"{_LOCAL}:{self._management}",
            "certificate": f"{_FOLDER}/own.pem",
            "privateKey": f"{_FOLDER}/own.key",
            "httpPort": asks,
            "tlsPort": free_port(),
            "domainBlocklist": [REFUSED],
            "certificateValidityPeriod": life,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self.ca, self.root = authority.file, folder / "root.pem"
        public = free_port()
        self.directory = f"https://{bridge}:{public}/dir"
        self.way = Relay(public, (_LOCAL, listens), address=bridge)
        self._container = self._client.containers.run(
            Host().base_image("")[0],
            ["sh", "-c", _SCRIPT.format(dns=free_port(), names=self._names)],
            name=f"t-pebble-{secrets.token_hex(3)}",
            network_mode="host",
            environment=_STEADY,
            volumes={str(folder): {"bind": _FOLDER, "mode": "ro"}},
            detach=True,
        )
        try:
            self.root.write_bytes(self._root())
        except BaseException:
            self.remove()
            raise

    def send_elsewhere(self, name: str, address: str) -> None:
        """Let a name lead to another address."""
        told = json.dumps({"host": name, "addresses": [address]}).encode()
        urllib.request.urlopen(f"http://{_LOCAL}:{self._names}/add-a", data=told).close()

    def remove(self) -> None:
        """Leave nothing of it."""
        self.way.close()
        self._container.remove(force=True)

    def _bridge(self) -> str:
        """The address by which containers reach this machine."""
        told = self._client.networks.get("bridge").attrs["IPAM"]["Config"][0]
        # Not every daemon says which it chose: the first one.
        return str(told.get("Gateway") or next(ip_network(told["Subnet"]).hosts()))

    def _root(self) -> bytes:
        trust = ssl.create_default_context(cafile=self.ca)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError):
                url = f"https://{_LOCAL}:{self._management}/roots/0"
                with urllib.request.urlopen(url, context=trust) as answer:
                    return bytes(answer.read())
            self._container.reload()
            assert self._container.status == "running", self._container.logs().decode()
            time.sleep(0.1)
        raise AssertionError(self._container.logs().decode())

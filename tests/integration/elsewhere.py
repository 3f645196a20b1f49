"""A PostgreSQL of somebody else's, which containers of this machine reach by its address."""

import io
import ipaddress
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker

from bench.visitor import free_port
from tests.certificates import Authority
from tests.integration.harness import ROOT

PASSWORD = secrets.token_urlsafe(18)
"""The one of its only user, `owner`, whose the database `owner` is."""
_POSTGRES = 999
_POOLER = """\
FROM {image}
RUN apt-get update && apt-get install -y --no-install-recommends pgbouncer
"""
_INI = """\
[databases]
owner = {server}
[pgbouncer]
listen_addr = *
listen_port = 6432
auth_type = scram-sha-256
auth_file = /pooler/users.txt
pool_mode = {mode}
client_tls_sslmode = require
client_tls_cert_file = /pooler/server.pem
client_tls_key_file = /pooler/server.key
"""
_CERTIFICATE, _KEY = "server.pem", "server.key"


def server_image(folder: Path, base_image: str) -> Any:
    """An image with PostgreSQL, as the program builds one.

    Args:
        folder: for what it is built from.
        base_image: a Debian image.
    """
    context = folder / "image"
    shutil.copytree(ROOT / "deploy_runtime/postgres", context)
    # By the daemon's first builder, which knows no such option: docker's client may have no other.
    file = context / "Dockerfile"
    file.write_text(file.read_text().replace("--chmod=0755 ", ""))
    (context / "docker-entrypoint.sh").chmod(0o755)
    images, given = docker.from_env().images, {"BASE_IMAGE": base_image}
    return images.build(path=str(context), buildargs=given, rm=True)[0]


class Elsewhere:
    """The server; it speaks TLS with a certificate for the address at which it is published.

    Attributes:
        host: that address.
        folder: where its password and certificates are.
        authority: whoever signed the certificate.
        container: the server's container.
    """

    def __init__(self, image: Any, folder: Path) -> None:
        """Start it.

        Args:
            image: an image with PostgreSQL, as the program builds one.
            folder: for its password and certificates.
        """
        client = docker.from_env()
        subnet = client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"]
        self.host = str(ipaddress.ip_network(subnet)[1])
        self.folder = folder
        # The server is no root.
        folder.chmod(0o755)
        (folder / "password").write_text(PASSWORD)
        (folder / "authority").mkdir()
        self.authority = Authority(folder / "authority")
        self._issue(self.host)
        published: Any = {"5432/tcp": (self.host, None)}
        self.container = client.containers.create(
            image,
            environment={"POSTGRES_USER": "owner", "POSTGRES_PASSWORD_FILE": "/secret/password"},
            volumes={str(folder): {"bind": "/secret", "mode": "ro"}},
            ports=published,
        )
        self.container.start()
        _eventually(self._answers)
        self.configure(
            ssl="on", ssl_cert_file=f"/secret/{_CERTIFICATE}", ssl_key_file=f"/secret/{_KEY}"
        )

    @property
    def ca(self) -> str:
        """The authority's own certificate, for `database.ca`."""
        return self.authority.file.read_text()

    @property
    def port(self) -> str:
        """The port at that address."""
        self.container.reload()
        return str(self.container.attrs["NetworkSettings"]["Ports"]["5432/tcp"][0]["HostPort"])

    def url(self, password: str = PASSWORD, options: str = "") -> str:
        """The database's URL.

        Args:
            password: the one that it holds.
            options: what follows the question mark.
        """
        address = f"{self.host}:{self.port}"
        return f"postgres://owner:{password}@{address}/owner{options and f'?{options}'}"

    def queried(self, statement: str) -> str:
        """What the database says."""
        done: Any = self.container.exec_run(["psql", "-U", "owner", "-tAc", statement])
        assert done.exit_code == 0, done.output
        return str(done.output.decode())

    def configure(self, **settings: str) -> None:
        """Set what takes no restart, and wait until it holds."""
        for name, value in settings.items():
            self.queried(f"ALTER SYSTEM SET {name} = '{value}'")
        self.queried("SELECT pg_reload_conf()")
        for name, value in settings.items():
            _eventually(lambda n=name, v=value: self.queried(f"SHOW {n}").strip() == v)  # type: ignore[misc]
        if "ssl" in settings:
            _eventually(lambda: self._answers("require") is (settings["ssl"] == "on"))

    def be_known_as(self, name: str) -> None:
        """Have it show a certificate that is made out to a name, or an address."""
        self._issue(name)
        asked = "SELECT pg_conf_load_time()"
        before = self.queried(asked)
        self.queried("SELECT pg_reload_conf()")
        _eventually(lambda: self.queried(asked) != before)

    def encrypted(self) -> set[str]:
        """How the sessions of others than this machine's own psql came: "t" is by TLS."""
        came = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
        return set(self.queried(f"{came} WHERE client_addr IS NOT NULL").split())

    def remove(self) -> None:
        """Stop it, and forget its data."""
        self.container.remove(force=True, v=True)

    def _issue(self, name: str) -> None:
        issued = self.authority.issue(name)
        (self.folder / _CERTIFICATE).write_text(issued.certificate)
        (self.folder / _KEY).write_text(issued.key)
        os.chown(self.folder / _KEY, _POSTGRES, _POSTGRES)
        (self.folder / _KEY).chmod(0o600)

    def _answers(self, mode: str = "prefer") -> bool:
        # By TCP: what makes the data listens on a socket alone.
        words = ["psql", "-h", "127.0.0.1", "-U", "owner", "-c", "SELECT 1"]
        environment = {"PGPASSWORD": PASSWORD, "PGSSLMODE": mode}
        done: Any = self.container.exec_run(words, environment=environment)
        return bool(done.exit_code == 0)


class Pooler:
    """PgBouncer, Debian's, in front of a server elsewhere; it has its address and its certificate.

    Attributes:
        container: its container.
    """

    def __init__(self, server: Elsewhere, folder: Path) -> None:
        """Start it, lending connections by the transaction.

        Args:
            server: what it leads to; its image is what it is installed into.
            folder: for its configuration.
        """
        client = docker.from_env()
        built, _ = client.images.build(
            fileobj=io.BytesIO(_POOLER.format(image=server.container.attrs["Image"]).encode()),
            rm=True,
        )
        self._server, self._folder, self._image = server, folder, built
        folder.chmod(0o755)
        (folder / "users.txt").write_text(f'"owner" "{PASSWORD}"\n')
        for name in (_CERTIFICATE, _KEY):
            (folder / name).write_bytes((server.folder / name).read_bytes())
            os.chown(folder / name, _POSTGRES, _POSTGRES)
        # The same after a restart.
        self._port = free_port()
        self._configure("transaction")
        self.container = client.containers.run(
            built,
            ["pgbouncer", "/pooler/pgbouncer.ini"],
            entrypoint="",
            user=str(_POSTGRES),
            volumes={str(folder): {"bind": "/pooler", "mode": "ro"}},
            ports={"6432/tcp": (server.host, self._port)},
            detach=True,
        )
        _eventually(lambda: "process up" in self.log())

    def lend(self, mode: str) -> None:
        """Start it again, lending connections as `pool_mode` says."""
        self._configure(mode)
        self.container.restart(timeout=1)
        _eventually(lambda: self.log().count("process up") == 2)

    def log(self) -> str:
        """What it has logged."""
        return str(self.container.logs().decode())

    def url(self) -> str:
        """The database's URL by it."""
        return self._server.url().replace(f":{self._server.port}/", f":{self._port}/")

    def remove(self) -> None:
        """Stop it, and remove its image."""
        self.container.remove(force=True)
        docker.from_env().images.remove(str(self._image.id), force=True)

    def _configure(self, mode: str) -> None:
        server = f"host={self._server.host} port={self._server.port}"
        (self._folder / "pgbouncer.ini").write_text(_INI.format(server=server, mode=mode))


def _eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.2)

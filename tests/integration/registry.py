"""A registry of images: Debian's, with TLS by an authority of its own and one user.

It is at the address that containers know this machine by: at one of 127.0.0.0/8 a daemon would take
any certificate.
"""

import base64
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import docker
import yaml

from bench.visitor import free_port
from components.image_reference import Reference
from components.registry.words import CERTIFICATES
from tests.certificates import Authority
from tests.integration.box import Box
from toolchain import docker_registry

USER = "deploy"
# With characters that shells, URLs and JSON write in ways of their own.
PASSWORD = "s3ntinel/%&+'\"$ Pfirsich-42"
# By bcrypt, the only kind that it takes.
_HASH = "$2b$04$abcdefghijklmnopqrstuuMweTSOoH8UsjnquY8R/m8EzvAbzgarO"
_PATIENCE = 20.0  # seconds


class Registry:
    """It, running.

    Args:
        folder: an empty folder, for what it keeps.

    Attributes:
        host: its address, with the port.
        folder: what it keeps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        network = docker.from_env().networks.get("bridge").attrs
        # A daemon's own address there is the first one.
        self._ip = str(ip_network(network["IPAM"]["Config"][0]["Subnet"])[1])
        self._port = free_port()
        self.host = f"{self._ip}:{self._port}"
        (folder / "ca").mkdir()
        self.authority = Authority(folder / "ca")
        issued = self.authority.issue(self._ip)
        (folder / "site.pem").write_text(issued.certificate)
        (folder / "key.pem").write_text(issued.key)
        (folder / "users").write_text(f"{USER}:{_HASH}\n")
        (folder / "config.yml").write_text(yaml.safe_dump(self._config()))
        self.start()

    def _config(self) -> dict[str, object]:
        here = str(self.folder)
        tls = {"certificate": f"{here}/site.pem", "key": f"{here}/key.pem"}
        return {
            "version": "0.1",
            "storage": {
                "filesystem": {"rootdirectory": f"{here}/data"},
                "delete": {"enabled": True},
            },
            "http": {"addr": self.host, "tls": tls},
            "auth": {"htpasswd": {"realm": "tests", "path": f"{here}/users"}},
        }

    def start(self) -> None:
        """Start it; returns once it listens."""
        program = docker_registry.find()
        assert program, "there is no docker-registry: `make test-integration` gets it"
        with (self.folder / "log").open("ab") as log:
            words = [program, "serve", str(self.folder / "config.yml")]
            self._server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not self._listens():
            assert self._server.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "the registry does not listen"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self._server.terminate()
        self._server.wait(_PATIENCE)

    @contextmanager
    def down(self) -> Iterator[None]:
        """While the block runs, nobody is there."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def limits(self) -> Iterator[None]:
        """While the block runs, whoever comes has come too often."""
        with self.down():
            server = ThreadingHTTPServer((self._ip, self._port), _TooMany)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.folder / "site.pem", self.folder / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                server.server_close()
                thread.join()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """While the block runs, it takes connections, and says nothing."""
        with self.down(), socket.create_server((self._ip, self._port)):
            yield

    @contextmanager
    def unknown(self) -> Iterator[None]:
        """While the block runs, this machine's daemon does not know its authority."""
        shutil.rmtree(self.trusted_by)
        try:
            yield
        finally:
            self.trust()

    @property
    def trusted_by(self) -> Path:
        """The folder in which a daemon looks for its authority."""
        return Path(CERTIFICATES, self.host)

    def trust(self) -> None:
        """Have this machine's daemon know its authority."""
        self.trusted_by.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.authority.file, self.trusted_by / "ca.crt")

    def trusted_in(self, box: Box) -> None:
        """Have the daemon of a machine know its authority."""
        folder, certificate = self.trusted_by, self.authority.file.read_text()
        box.inside(f"mkdir -p {folder} && printf %s '{certificate}' > {folder}/ca.crt")

    def remove(self) -> None:
        """Leave nothing of it outside of its folder."""
        shutil.rmtree(self.trusted_by, ignore_errors=True)
        self.stop()

    def manifest(self, reference: Reference) -> dict[str, object]:
        """What it has by a digest."""
        found: dict[str, object] = json.loads(self._ask("GET", reference))
        return found

    def lose(self, reference: Reference) -> None:
        """Have it have something by a digest no more."""
        self._ask("DELETE", reference)

    def _ask(self, method: str, reference: Reference) -> bytes:
        path = reference.name.partition("/")[2]
        url = f"https://{self.host}/v2/{path}/manifests/{reference.digest}"
        key = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        headers = {"Authorization": f"Basic {key}", "Accept": kind}
        request = urllib.request.Request(url, headers=headers, method=method)
        context = ssl.create_default_context(cafile=str(self.authority.file))
        with urllib.request.urlopen(request, timeout=_PATIENCE, context=context) as answer:
            body: bytes = answer.read()
        return body

    def _listens(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex((self._ip, self._port)) == 0


class _TooMany(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "come again later"}]}'
        self.send_response(429)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815 - likewise

    def log_message(self, *_: object) -> None:
        pass

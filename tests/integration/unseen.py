"""Projects that the program has never seen, and what every deployment of one has to show."""

import base64
import contextlib
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import docker
import yaml
from docker.models.containers import Container
from docker.models.images import Image

from components.host.docker_host import Host
from components.image.build_secrets import stage_build_secrets
from tests.integration.harness import Browser, Run, Site

DEPOT = Path(__file__).parent / "projects/depot"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def base_image() -> str:
    """The image that the program builds on, on this machine."""
    return Host().base_image("")[0]


def copy_of(project: Path, folder: Path) -> Path:
    """A project in a folder of its own."""
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def copy_of_depot(folder: Path) -> Path:
    """A project of unusual layout, in a folder of its own; its Dockerfiles start from our base."""
    copy_of(DEPOT, folder)
    for dockerfile in folder.rglob("*Dockerfile"):
        edit(dockerfile, "BASE_IMAGE=python:3.13-slim-trixie", f"BASE_IMAGE={base_image()}")
    return folder


def made_by_wagtail_start(folder: Path) -> Path:
    """What `wagtail start mysite` of the newest Wagtail makes.

    It runs in a container of the base image, whose Python is newer than this one may be.
    """
    folder.mkdir()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    cache = cache / "django-on-docker/uv"
    cache.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder.parent):
        staged = stage_build_secrets("unseen")
        network = {name: Path(file).resolve() for name, file in staged.items()}
    index = network["index-url"].read_text()
    mounts = {
        Path(sys.prefix, "bin/uv"): "/usr/local/bin/uv:ro",
        network["ca"]: "/tmp/ca.crt:ro",
        cache: "/cache",
        folder: "/project",
    }
    variables = {
        "HOME": "/tmp",
        "SSL_CERT_FILE": "/tmp/ca.crt" if network["ca"].stat().st_size else "",
        "UV_CACHE_DIR": "/cache",
        "UV_LINK_MODE": "copy",
        **({"UV_DEFAULT_INDEX": index} if index else {}),
    }
    words = ["docker", "run", "--rm", "--user", f"{os.getuid()}:{os.getgid()}"]
    words += [word for source, target in mounts.items() for word in ("-v", f"{source}:{target}")]
    words += [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    words += [base_image(), "uv", "tool", "run", "--no-python-downloads", "--from", "wagtail"]
    done = subprocess.run(
        [*words, "wagtail", "start", "mysite", "/project"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return folder


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text in a file, where it stands once."""
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} in {file}"
    file.write_text(text.replace(old, new))


def digest(folder: Path) -> str:
    """A hash of every file below a folder, but for what deploys it."""
    ours = folder / "deploy"
    files = sorted(p for p in folder.rglob("*") if p.is_file() and ours not in p.parents)
    parts = [f"{path.relative_to(folder)}\0".encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def up(site: Site, *, check: bool = True) -> Run:
    """Deploy without a preview, which takes as long again."""
    return site.pulumi("up", "--yes", "--skip-preview", "-s", site.stack, check=check)


def backend(site: Site) -> Container:
    """The one container that serves."""
    (found,) = docker.from_env().containers.list(filters=site.labelled("backend"))
    assert found.name == site.outputs()["containers"]["backend"]
    return found


def in_backend(site: Site, command: str) -> str:
    """What a shell command prints in the container that serves."""
    code, output = backend(site).exec_run(["sh", "-c", command])
    assert code == 0, output
    assert isinstance(output, bytes)
    return output.decode()


def static_files_are_served(browser: Browser, page: str, prefix: str) -> None:
    """Everything static on a page has a hash in its name, and is there; so is what CSS names."""
    _, html = browser.get(page)
    found = re.findall(rf'(?:href|src)="({prefix}[^"]+)"', html)
    assert found
    for path in found:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", path), path
        status, text = browser.get(path)
        assert status == 200, path
        for reference in re.findall(r'url\("?([^")]+)', text) if path.endswith(".css") else ():
            if not reference.startswith(("data:", "#")):
                assert browser.get(urljoin(path, reference))[0] == 200, reference


def supplied(site: Site) -> dict[str, list[str]]:
    """The output `supplied`: by setting, the reasons for what the program supplied."""
    found: dict[str, str] = site.outputs()["supplied"].get("supplied", {})
    return {setting: why.split("; ") for setting, why in found.items()}


def tried(site: Site, name: str, properties: str, image: Image) -> tuple[str, ...]:
    """A line of the table of property projects: what it took to deploy one, and its image's size.

    Args:
        site: it was deployed at one attempt of `init` and `up`, its files untouched; the caller has
            seen to that.
        name: the project's.
        properties: what it does otherwise than most.
        image: the release's.
    """
    # What every stack has is not for the project's sake.
    every = {"deployment", "site.port", "data"}
    file = yaml.safe_load((site.folder / f"Pulumi.{site.stack}.yaml").read_text())
    config = {key.rpartition(":")[2]: value for key, value in file["config"].items()}
    keys = [key for key in leaves(config) if key not in every and key != "processes.web.health"]
    megabytes = int(image.attrs["Size"]) / 1e6
    return (name, properties, str(len(keys)), "0", "1", f"{megabytes:.0f} MB")


def leaves(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The paths of the keys that a config sets; a list, a secret, or a variable is one."""
    for key, value in config.items():
        if isinstance(value, dict) and "secure" not in value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def steps(site: Site) -> list[tuple[str, str]]:
    """The output `seeding`: each step's name and result."""
    return [(step.split()[0], result) for step, result in site.steps()]


def upload(browser: Browser, path: str, name: str, content: bytes, **fields: str) -> None:
    """Send a form with a file, as a browser would."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path)[1])
    assert token
    boundary = secrets.token_hex(16)
    body = b""
    for field, value in {**fields, "csrfmiddlewaretoken": token.group(1)}.items():
        disposition = f'Content-Disposition: form-data; name="{field}"'
        body += f"--{boundary}\r\n{disposition}\r\n\r\n{value}\r\n".encode()
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    body += f"--{boundary}\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n".encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    headers: dict[str, Any] = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Origin": browser.url,
    }
    request = urllib.request.Request(browser.url + path, body, headers)
    cookies = urllib.request.HTTPCookieProcessor(browser.cookies)
    with urllib.request.build_opener(cookies).open(request, timeout=20) as answer:
        assert answer.url != browser.url + path, "the form was shown again: it had errors"


def refused(site: Site) -> str:
    """Deploy, and be told why not: before the database, and before anything that serves."""
    run = up(site, check=False)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output, run.output
    client = docker.from_env()
    for role in ("backend", "seeding"):
        assert site.containers(role) == [], role
    assert client.volumes.list(filters=site.labelled("data")) == []
    return run.output

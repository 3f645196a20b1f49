"""What image builds have to know, but not to keep, handed over as build secrets.

A certificate authority of a network that inspects TLS, a package index of one's own, and the origin
that the site is checked against: they are mounted for single build steps, are part of no layer, and
of no release's content.
"""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from ..checkout import folder_of

_CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_CA_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")


def stage_build_secrets(
    deployment: str,
    environ: Mapping[str, str] = os.environ,
    *,
    of_stack: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Write the build secrets; returns their names and files, relative to the program.

    The files always exist, if need be empty, so that every machine agrees on an image's inputs.

    Args:
        deployment: the deployment: another one may be deployed at the same time, from a shell that
            knows of another index.
        environ: this machine's environment.
        of_stack: further ones, name to text.
    """
    folder = folder_of(deployment)
    folder.mkdir(parents=True, exist_ok=True)
    values = {"ca": _certificates(environ), "index-url": _first(environ, _INDEX_VARIABLES).encode()}
    values |= {name: text.encode() for name, text in (of_stack or {}).items()}
    files = {name: folder / f"{quote(name, safe='')}.secret" for name in values}
    for name, file in files.items():
        draft = file.with_name(f".{file.name}.new")
        draft.touch(mode=0o600)
        draft.write_bytes(values[name])
        draft.replace(file)
    return {name: file.as_posix() for name, file in files.items()}


def site(*, origin: str, hosts: Sequence[str], seed_steps: Sequence[str]) -> str:
    """What the checks of a build know of the stack's site, as variables for a shell.

    The image is the same for every site, so these are no arguments of the build.

    Args:
        origin: the origin that visitors use.
        hosts: the names that the site answers to.
        seed_steps: their command lines, of which only the commands' names are handed over.
    """
    variables = {
        "ALLOWED_HOSTS": ",".join(hosts),
        "CSRF_TRUSTED_ORIGINS": origin,
        "DEPLOY_SEED_STEPS": json.dumps([step.split()[0] for step in seed_steps if step.split()]),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _certificates(environ: Mapping[str, str]) -> bytes:
    named = _first(environ, _CA_VARIABLES)
    for candidate in (named, *_CA_FILES):
        if candidate and Path(candidate).is_file():
            return Path(candidate).read_bytes()
    return b""


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")

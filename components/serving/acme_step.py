"""Has the edge's certificate authority asked, unless a certificate is kept that is valid.

By HTTP-01 the authority asks each domain by plain http. So whoever has that port answers: the edge
that gets its certificates by itself; else a container of its own, which is there for as long. Where
sites share an edge, that has the port, and passes the authority on to either.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from subprocess import CompletedProcess
from typing import Any

from deploy_runtime.tls.wanted import PORT, REFUSED, Wanted

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.client import docker, docker_or_fail, fail, inspect
from ..inside import EDGE_CERTIFICATES, EDGE_TLS, SHARED_EDGE
from ..place import TLS, Place
from ..step_output import say
from .acme_words import refusal

_COMMAND = ("python3", "-m", EDGE_TLS)
_ROLE = "certificate"


def main() -> None:
    """Have a certificate kept in VOLUME for what standard input describes; show it if EDGE runs."""
    wanted = sys.stdin.buffer.read()
    edge = inspect(os.environ["EDGE"]) or {}
    serves = _serves(edge)
    if serves == "files":
        say("the edge goes on with tls.certificate, and asks for one as soon as it can")
        return
    done = _by_edge(wanted) if serves == "auto" else _alone(wanted)
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == REFUSED:
        fail(refusal(said, Wanted.of_json(wanted.decode())))
    if done.returncode != 0:
        fail(f"asking for a certificate: {said}")


def _serves(edge: Mapping[str, Any]) -> str:
    """Whose certificates the edge serves with: "auto", "files", or "" if it doesn't."""
    if not edge or not edge["State"]["Running"]:
        return ""
    label = (edge["Config"]["Labels"] or {}).get(TLS, "")
    return "files" if label == "true" else label


def _by_edge(wanted: bytes) -> CompletedProcess[bytes]:
    edge, shared = os.environ["EDGE"], _shared()
    if shared:
        # Through it the authority comes to a further domain, too.
        docker_or_fail("asking for a certificate", *_tell(shared, "add", edge, *_domains(wanted)))
    return docker("exec", "-i", edge, *_COMMAND, "issue", stdin=wanted)


def _alone(wanted: bytes) -> CompletedProcess[bytes]:
    deployment, shared = os.environ["DEPLOYMENT"], _shared()
    words = (
        *("--mount", f"type=volume,source={os.environ['VOLUME']},target={EDGE_CERTIFICATES}"),
        *(os.environ["IMAGE"], *_COMMAND, "obtain"),
    )
    if not shared:
        published = ("--publish", f"{os.environ['PORT']}:{PORT}")
        return one_shot.run(
            deployment, _ROLE, (*HELPER.options(), *published, *words), stdin=wanted
        )
    return _behind(shared, deployment, (*HELPER.options(), *words), wanted)


def _behind(
    shared: str, deployment: str, words: Sequence[str], wanted: bytes
) -> CompletedProcess[bytes]:
    """Have the shared edge, which has the port, pass the authority on to the container."""
    answers, doing = Place(deployment).name(_ROLE), "asking for a certificate"
    of_site = (answers, os.environ["EDGE"], *_domains(wanted))
    docker_or_fail(doing, *_tell(shared, "ask", *of_site))
    try:
        # The network that is shared leads nowhere, and so not to the authority.
        networks = ("bridge", Place(shared).shared)
        return one_shot.run(deployment, _ROLE, words, networks=networks, stdin=wanted)
    finally:
        docker_or_fail(doing, *_tell(shared, "answered", answers))


def _shared() -> str:
    return os.environ.get("SHARED", "")


def _tell(shared: str, *words: str) -> Sequence[str]:
    return ("exec", Place(shared).shared_edge, "python3", "-m", SHARED_EDGE, *words)


def _domains(wanted: bytes) -> Sequence[str]:
    return Wanted.of_json(wanted.decode()).domains


if __name__ == "__main__":
    main()

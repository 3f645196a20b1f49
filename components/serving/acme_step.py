"""Has the edge's certificate authority asked, unless a certificate is kept that is valid.

By HTTP-01 the authority asks each domain by plain http. So whoever has that port answers: the edge
that gets its certificates by itself; else a container of its own, which is there for as long.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from subprocess import CompletedProcess
from typing import Any

from deploy_runtime.tls.wanted import PORT, REFUSED, Wanted

from ..container_defaults import HELPER
from ..host import one_shot
from ..host.client import docker, fail, inspect
from ..inside import EDGE_CERTIFICATES, EDGE_TLS
from ..place import TLS
from ..step_output import say
from .acme_words import refusal

_COMMAND = ("python3", "-m", EDGE_TLS)


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
    return docker("exec", "-i", os.environ["EDGE"], *_COMMAND, "issue", stdin=wanted)


def _alone(wanted: bytes) -> CompletedProcess[bytes]:
    words: Sequence[str] = (
        *HELPER.options(),
        *("--publish", f"{os.environ['PORT']}:{PORT}"),
        *("--mount", f"type=volume,source={os.environ['VOLUME']},target={EDGE_CERTIFICATES}"),
        *(os.environ["IMAGE"], *_COMMAND, "obtain"),
    )
    return one_shot.run(os.environ["DEPLOYMENT"], "certificate", words, stdin=wanted)


if __name__ == "__main__":
    main()

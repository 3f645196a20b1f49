"""A stand-in for the docker command-line client: it notes calls and answers from a table."""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

from components.serving.secrets_volume_step import archive_of
from tests.unit.tar import tar_of


class FakeDocker:
    """Takes the place of the module `subprocess` where the docker client is called.

    Attributes:
        calls: each call's words, without ``docker``, as on a command line.
        stdin: what each call got on standard input.
        secrets: what every container has of them.
    """

    PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.stdin: list[bytes | None] = []
        self._answers: list[tuple[str, list[subprocess.CompletedProcess[bytes]]]] = []
        self._asked: set[str] = set()
        self.secrets: dict[str, str] = {}

    def on(self, words: str, *, code: int = 0, out: object = b"", err: str = "") -> "FakeDocker":
        """Answer calls that begin with these words; several answers come one after another.

        Args:
            words: the call's first words, without ``docker``.
            code: the exit code.
            out: standard output; anything but text and bytes is given as JSON.
            err: standard error.
        """
        text = out if isinstance(out, str | bytes) else json.dumps(out)
        stdout = text if isinstance(text, bytes) else text.encode()
        answer = subprocess.CompletedProcess([], code, stdout, err.encode())
        for known, answers in self._answers:
            if known == words:
                answers.append(answer)
                return self
        self._answers.append((words, [answer]))
        return self

    def runs(self, *names: str, role: str = "backend") -> "FakeDocker":
        """These containers of the deployment `shop` run, the newest first, as docker lists them."""
        return self.on(_listed(role), out="\n".join(names))

    def has(self, *names: str, role: str = "backend") -> "FakeDocker":
        """Its containers are these, whether they run or not, the newest first."""
        return self.on(_listed(role, "--all"), out="\n".join(names))

    def on_networks(self, networks: Sequence[str], *containers: str) -> "FakeDocker":
        """These containers are on these networks."""
        settings = {"NetworkSettings": {"Networks": dict.fromkeys(networks)}}
        for name in containers:
            self.on(f"container inspect {name}", out=[settings])
        return self

    def has_edge(self, *backends: str) -> "FakeDocker":
        """There is an edge, which sends visitors to these backends."""
        self.has("shop-edge", role="edge")
        slots = [f"  server slot{n} {name}:8000" for n, name in enumerate(backends, 1)]
        free = "  server slot9 127.0.0.1:8000 disabled"
        content = "\n".join(["backend application", *slots, free, ""]).encode()
        told = tar_of(content, "haproxy.cfg")
        return self.on("cp shop-edge:/var/lib/edge/haproxy.cfg -", out=told)

    def serves(self, *backends: str) -> "FakeDocker":
        """These backends run, and the edge sends visitors to them."""
        return self.has_edge(*backends).runs(*backends)

    def gone(self, name: str = "", kind: str = "container") -> "FakeDocker":
        """There is no such thing; without a name, none of that kind."""
        words = f"{kind} inspect {name}".strip()
        return self.on(words, code=1, err=f"Error: No such {kind}: {name}")

    @property
    def unused(self) -> list[str]:
        """Answers to calls that never came."""
        return [words for words, _ in self._answers if words not in self._asked]

    def run(self, words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        """As `subprocess.run`: the last answer to a call is repeated."""
        assert words[0] == "docker"
        assert options["check"] is False
        call = shlex.join(words[1:])
        if words[1] == "version" and not any(call.startswith(known) for known, _ in self._answers):
            # Whoever fails asks whether the daemon is still there.
            return subprocess.CompletedProcess(words, 0, b"29", b"")
        if words[1] == "cp" and words[2].endswith((":/run/secrets", ":/run/secrets/.")):
            # Whoever shows what a container printed gets to know its secrets first.
            return subprocess.CompletedProcess(words, 0, archive_of(self.secrets), b"")
        self.calls.append(call)
        self.stdin.append(options.get("input"))
        for known, answers in self._answers:
            if call.startswith(known):
                self._asked.add(known)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if options.get("stderr"):
                    os.write(options["stderr"], answer.stderr)
                return answer
        # What a test doesn't tell of is there, and nothing is known of it.
        told = b"[{}]" if words[2:3] == ["inspect"] else b""
        return subprocess.CompletedProcess(words, 0, told, b"")


def _listed(role: str, *which: str) -> str:
    label = "--filter label=django-on-docker"
    words = shlex.join(["ps", *which, "--format", "{{.Names}}"])
    return f"{words} {label}.deployment=shop {label}.role={role}"

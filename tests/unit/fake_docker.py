"""A stand-in for the docker command-line client: it notes calls and answers from a table."""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

from components.serving.secrets_volume_step import archive


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
        if words[1] == "version":
            # Whoever fails asks whether the daemon is still there.
            return subprocess.CompletedProcess(words, 0, b"29", b"")
        if words[1] == "cp" and words[2].endswith(":/run/secrets"):
            # Whoever shows what a container printed gets to know its secrets first.
            return subprocess.CompletedProcess(words, 0, archive(self.secrets), b"")
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

"""The authority of a registry of images that the world does not know, for a server's Docker."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .errors import ToolchainError

_REGISTRY = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----")


@dataclass(frozen=True)
class Authority:
    """Who signs the certificate of a registry, where the world does not know it.

    Attributes:
        registry: the registry's host, with its port.
        certificate: the authority's own certificate, in PEM.
    """

    registry: str
    certificate: str

    @classmethod
    def read(cls, registry: str, file: str) -> Authority | None:
        """The one whose certificate is in `file`; None where neither is named."""
        if not (registry or file):
            return None
        if not _REGISTRY.fullmatch(registry):
            raise ToolchainError(
                f"the registry of that certificate is {registry!r}: which one is it for?",
                "Such as:  registry.example.org:5000",
            )
        try:
            text = Path(file).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise ToolchainError(f"the certificate {file or '?'} can't be read: {error}") from None
        if not _PEM.search(text):
            raise ToolchainError(f"{file} is no certificate in PEM, with BEGIN CERTIFICATE in it")
        return cls(registry, text.strip() + "\n")

    @property
    def path(self) -> str:
        """Where a Docker daemon looks for it, each time that it comes to the registry."""
        folder: str = paths.program("registry.words").CERTIFICATES
        return f"{folder}/{self.registry}/ca.crt"

    @property
    def look(self) -> str:
        """The line of shell that says what is there in its place."""
        return f"[ ! -f '{self.path}' ] || echo \"ca=$(sha256sum < '{self.path}')\"\n"

    def is_there(self, there: Mapping[str, str]) -> bool:
        """Whether a server has it already, as `look` said."""
        wanted = hashlib.sha256(self.certificate.encode()).hexdigest()
        return there.get("ca", "").partition(" ")[0] == wanted

    @property
    def says(self) -> str:
        """What is done about it, for people."""
        return f"have Docker take certificates of {self.registry} by that authority ({self.path})"

    @property
    def script(self) -> str:
        """The lines of shell that put it there, as root."""
        folder = self.path.rpartition("/")[0]
        text = f"cat > '{self.path}' << 'END'\n{self.certificate}END\n"
        return f"mkdir -p '{folder}'\n{text}chmod 644 '{self.path}'\n"

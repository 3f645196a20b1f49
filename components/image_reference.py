"""The names of images in a registry, as config says them. Pure: nobody is asked."""

import re
from dataclasses import dataclass

NAME_SAYS = "must be HOST[:PORT]/NAME, without a tag, such as registry.example.org/shop"
RELEASE_SAYS = (
    "must be a release in a registry by its digest, HOST[:PORT]/NAME[:TAG]@sha256:…, as `pulumi "
    "stack output releaseImage -s STACK` says it of the stack that built it"
)
# Without a dot, a port or that name, docker takes it for a part of a name at Docker Hub.
_HOST = r"(?:localhost|(?=[^/]*[.:])(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]))(?::[0-9]{1,5})?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?P<host>{_HOST})/(?P<path>{_PART}(?:/{_PART})*)")
_RELEASE = re.compile(
    rf"(?P<name>{_NAME.pattern})(?::(?P<tag>[0-9a-f]{{16}}))?@(?P<digest>sha256:[0-9a-f]{{64}})"
)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A release in a registry.

    Attributes:
        name: the image's name there, with the registry's host.
        tag: the release's content tag; "" where nobody said it.
        digest: what it is, byte for byte: ``sha256:…``.
    """

    name: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Read one, such as ``registry.example.org/shop@sha256:…``.

        Raises:
            ValueError: it is none; what is allowed is said.
        """
        found = _RELEASE.fullmatch(text)
        if not found:
            raise ValueError(RELEASE_SAYS)
        return cls(name=found["name"], tag=found["tag"] or "", digest=found["digest"])

    @property
    def host(self) -> str:
        """The registry, with its port."""
        return host_of(self.name)

    @property
    def release(self) -> str:
        """What the release is called: its tag, or where nobody said that, of what it is."""
        return self.tag or self.digest.removeprefix("sha256:")[:16]

    @property
    def by_digest(self) -> str:
        """What the docker client is told: the tag would be ignored beside the digest."""
        return f"{self.name}@{self.digest}"

    def __str__(self) -> str:
        return f"{self.name}{f':{self.tag}' if self.tag else ''}@{self.digest}"


def host_of(name: str) -> str:
    """The registry of an image's name, with its port."""
    return name.partition("/")[0]


def as_listed(name: str) -> str:
    """An image's name as a daemon lists it, which leaves out that of Docker Hub."""
    return name.removeprefix("docker.io/").removeprefix("library/")


@dataclass(frozen=True, kw_only=True)
class Named:
    """An image that somebody else makes, as config names it.

    Attributes:
        name: its name, with the registry's host where it has one.
        tag: its tag; "" where nobody said it.
        digest: what it is, byte for byte, ``sha256:…``; "" where nobody said it.
    """

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def of(cls, text: str) -> "Named":
        """Read one, such as ``debian:trixie@sha256:…``."""
        rest, _, digest = text.partition("@")
        before, colon, tag = rest.rpartition(":")
        # A colon before a slash is that of a registry's port.
        if not colon or "/" in tag:
            before, tag = rest, ""
        return cls(name=before, tag=tag, digest=digest)

    @property
    def follows(self) -> str:
        """The name that a newer one would have; "" of one that is named by its digest alone."""
        if self.digest and not self.tag:
            return ""
        return f"{self.name}:{self.tag or 'latest'}"

    @property
    def as_listed(self) -> str:
        """As a daemon lists it, which knows no tag beside a digest."""
        which = f"@{self.digest}" if self.digest else f":{self.tag or 'latest'}"
        return f"{as_listed(self.name)}{which}"


def image_name(value: str) -> str:
    """An image's name in a registry, checked; "" stays.

    Raises:
        ValueError: it is none; what is allowed is said.
    """
    if value and not _NAME.fullmatch(value):
        raise ValueError(NAME_SAYS)
    return value


def release_image(value: str) -> str:
    """A release in a registry by its digest, checked; "" stays.

    Raises:
        ValueError: it is none; what is allowed is said.
    """
    if value:
        Reference.of(value)
    return value

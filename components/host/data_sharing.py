"""Who else has the data that is taken over: what a stranger serves from is no one's to migrate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..place import DEPLOYMENT, ROLE
from .data_mounts import User

_SERVING = ("backend", "edge", "postgres")


class Host(Protocol):
    """What is asked of the Docker host."""

    def users(self, source: str) -> list[User]:
        """The containers that run and have something of a volume or a folder of the host."""
        ...

    def stack_of(self, deployment: str) -> str:
        """The name of the stack that a deployment belongs to; "" if nothing on the host says."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """A stack's data, and who may have it besides.

    Attributes:
        deployment: the deployment that is to have the data.
        existing: the data is there and is only referenced.
        sources: the volumes or folders, by the config key that names each.
        retire: the containers that are taken over from.
        serves: this deployment serves already.
    """

    deployment: str
    existing: bool
    sources: dict[str, str]
    retire: Sequence[str]
    serves: bool

    def problems(self, host: Host) -> Iterator[str]:
        """One line for each container under whose feet the data would be changed."""
        named: list[str] = []
        for key, source, user in self._strangers(host):
            if self._is_refused(key, user) and user.name not in named:
                yield self._refused(host, key, source, user, len(self.retire) + len(named))
                named.append(user.name)

    def warnings(self, host: Host) -> Iterator[str]:
        """One line for each other container that has the data, and what that means."""
        for key, source, user in self._strangers(host):
            if self._is_refused(key, user):
                continue
            if user.around:
                yield (
                    f"container {user.name} mounts a folder of the host in which {source} "
                    f"({key}) is: if it serves from that data, stop it first"
                )
            elif user.writes:
                yield (
                    f"container {user.name} can write to {source} ({key}), which this deployment "
                    "serves from: what migrations change is changed for it, too"
                )
            elif self.existing:
                yield (
                    f"container {user.name} reads {source} ({key}) at {user.target}, and is in no "
                    "retire: it goes on reading what this deployment changes"
                )

    def _strangers(self, host: Host) -> Iterator[tuple[str, str, User]]:
        for key, source in self.sources.items():
            for user in host.users(source):
                is_known = user.is_of(self.deployment) or user.is_named(self.retire)
                # Data of one's own is others' business only if they can change it.
                matters = self.existing or (user.writes and not user.around)
                if matters and not is_known:
                    yield key, source, user

    def _is_refused(self, key: str, user: User) -> bool:
        # What comes to uploaded files from elsewhere, such as by FTP, may go on beside the site.
        beside = self.serves and key == "media.volume"
        return self.existing and user.writes and not user.around and not beside

    def _refused(self, host: Host, key: str, source: str, user: User, index: int) -> str:
        deployment = user.labels.get(DEPLOYMENT, "")
        is_anothers = user.labels.get(ROLE) in _SERVING and bool(deployment)
        whose = f" of deployment {deployment}" if is_anothers else ""
        what = (
            f"{key}: container {user.name}{whose} runs and can write to {source}, at "
            f"{user.target}, and is not in retire: migrations would change the data under its feet"
        )
        if is_anothers:
            stack = host.stack_of(deployment)
            flag = f" -s {stack.rpartition('/')[2]}" if stack else ""
            return (
                f"{what}. Its stack{f' {stack}' if stack else ''} can hand all of it over with "
                "`pulumi state move` (docs/update.md, Going on under another stack name); or end "
                f"it first, which keeps the data: `pulumi destroy{flag}`"
            )
        return (
            f"{what}. To take over from it, `pulumi config set --path 'retire[{index}]' "
            f"{user.name} -s STACK`; to be without it, `docker update --restart=no {user.name} && "
            f"docker stop {user.name}`; if it only reads, let it mount that read-only"
        )

"""The config of a stack that is no site: what the sites of a host share."""

from collections.abc import Collection, Iterator, Mapping

from pydantic import model_validator

from .keys import SHARED_EDGE, HostKeys, top_level
from .keys.base import fields_of
from .messages import ConfigError, Place, command, conflict, count
from .validated import validated


class HostSettings(HostKeys):
    """Such a stack's configuration, validated."""

    @model_validator(mode="after")
    def _consistent(self) -> "HostSettings":
        http, https = self.published.values()
        if http == https:
            raise conflict(
                f"{SHARED_EDGE}.httpPort",
                f"is {http}, and so is {SHARED_EDGE}.httpsPort",
                f"`pulumi config set --path {SHARED_EDGE}.httpPort 80 -s STACK`",
            )
        return self

    @property
    def published(self) -> dict[str, int]:
        """The ports that the shared edge takes on the host, by key."""
        return {
            f"{SHARED_EDGE}.httpPort": self.shared_edge.http_port,
            f"{SHARED_EDGE}.httpsPort": self.shared_edge.https_port,
        }

    @property
    def processors(self) -> dict[str, float]:
        """How many processors its container may take, by config key; 0 is no limit."""
        return {f"{SHARED_EDGE}.cpus": self.shared_edge.cpus}


def is_hosts(raw: Mapping[str, str]) -> bool:
    """A stack with these raw values is no site, but what the sites of a host share.

    This alone decides which of the two a stack is.
    """
    return bool(raw.get(SHARED_EDGE))


def load_host(
    raw: Mapping[str, str], *, stack: str, file: str, encrypted: Collection[Place] = ()
) -> HostSettings:
    """Validate the raw config of such a stack: see `validated`.

    Raises:
        ConfigError: likewise, and naming keys that only a site has.
    """
    problems = list(_of_sites(raw, stack))
    if problems:
        raise ConfigError(f"{file} has {count(problems)}", problems)
    return validated(HostSettings, raw, stack=stack, file=file, encrypted=encrypted)


def _of_sites(raw: Mapping[str, str], stack: str) -> Iterator[str]:
    for key, value in raw.items():
        if key not in top_level() or value in ("", "{}"):
            continue
        if key not in fields_of(HostKeys):
            yield (
                f"{key} is a site's, but this stack is the edge that sites share, since it has "
                f"{SHARED_EDGE}: `{command('rm', key, stack)}`; or, for a site, "
                f"`{command('rm', SHARED_EDGE, stack)}` and site.sharedEdge with the name of that "
                "edge's deployment"
            )

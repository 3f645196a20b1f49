"""What the keys about releases that come from elsewhere, and about registries, may say together.

Each function yields what `Settings` raises: the key to change, what is wrong, and what to do.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..image_reference import Reference, host_of
from .keys import AllKeys
from .messages import command, conflict

PROJECT = ("path", "settings")
"""The keys of `app` without which there is nothing to build."""

_PASSWORD = "`pulumi config set --secret --path registry.password -s STACK`"


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with where a release comes from, or with where it is pushed to."""
    yield from _project(given)
    yield from _image(given)
    yield from _credentials(given)


def missing(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The keys without which there is nothing to build, as pydantic says that they are missing.

    Args:
        given: the config as it was given, whatever else is wrong with it.
    """
    if _at(given, "releases", "image"):
        return
    for name in PROJECT:
        if not _at(given, "app", name):
            yield {"type": "missing", "loc": ("app", name)}


def _at(given: Mapping[str, Any], group: str, name: str) -> Any:
    inner = given.get(group)
    return inner.get(name) if isinstance(inner, Mapping) else None


def _project(given: AllKeys) -> Iterator[ValueError]:
    for name in PROJECT:
        if not given.releases.image and not getattr(given.app, name):
            key = f"app.{name}"
            set_it = command("set", key, "STACK", value="VALUE")
            yield conflict(key, "is missing", f"set it with `{set_it}`")


def _image(given: AllKeys) -> Iterator[ValueError]:
    if given.releases.image and given.app.mount_source:
        yield conflict(
            "releases.image",
            "is set, but app.mountSource is true: the mounted source would run, not the release's",
            "`pulumi config rm --path releases.image -s STACK`, or "
            "`pulumi config set --path app.mountSource false -s STACK`",
        )


def _credentials(given: AllKeys) -> Iterator[ValueError]:
    registry = given.registry
    if registry.user and registry.password is None:
        yield conflict("registry.password", "is missing, but registry.user is set", _PASSWORD)
    if registry.password is not None and not registry.user:
        yield conflict(
            "registry.user",
            "is missing, but registry.password is set",
            "`pulumi config set --path registry.user USER -s STACK`",
        )
    names = [registry.image] if registry.image else []
    names += [Reference.of(given.releases.image).name] if given.releases.image else []
    if registry.user and not names:
        yield conflict(
            "registry.user",
            "is set, but no release goes to a registry or comes from one",
            "`pulumi config set --path registry.image HOST/NAME -s STACK`, or "
            "`pulumi config rm registry -s STACK`",
        )
    if registry.user and len({host_of(name) for name in names}) > 1:
        yield conflict(
            "registry.image",
            f"is at {host_of(names[0])}, but releases.image is at {host_of(names[1])}: "
            "registry.user is known to one of them",
            "`pulumi config rm --path registry.image -s STACK`: what comes from a registry is not "
            "pushed",
        )

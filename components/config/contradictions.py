"""Keys that contradict each other: each is right alone, and together they can't be meant."""

from collections.abc import Iterator

from ..data import database_url
from ..ledger.plan import STRATEGIES
from . import database_keys, project_keys, registry_keys, tls_keys
from .keys import AllKeys
from .messages import conflict

SECRET_SIZE = 400_000
"""Characters of all secret files together; BuildKit takes secrets of up to 500 kB."""


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with keys that are right one by one; `Settings` raises the first.

    Args:
        given: the keys, each of which has been checked.
    """
    yield from registry_keys.problems(given)
    yield from _operations(given)
    yield from tls_keys.problems(given)
    yield from _visitors(given)
    yield from _mounted_source(given)
    yield from database_keys.problems(given)
    yield from _secret_files(given)
    yield from _project(given)
    yield from database_keys.new_data(given)


def _operations(given: AllKeys) -> Iterator[ValueError]:
    if STRATEGIES[given.strategy].startup_refused and given.app.collect_static_on_startup:
        yield conflict(
            "app.collectStaticOnStartup",
            f"is true, but strategy {given.strategy} never collects outside the build",
            "`pulumi config set --path app.collectStaticOnStartup false -s STACK`, or another "
            "strategy",
        )
    if not given.site.edge and not (given.site.origin or given.site.domains):
        yield conflict(
            "site.origin",
            "is empty, but site.edge is false: the program does not know where your proxy listens",
            "set it to what visitors type, "
            "`pulumi config set --path site.origin https://www.example.org -s STACK`",
        )


def _visitors(given: AllKeys) -> Iterator[ValueError]:
    access = given.site.access
    said = {
        "site.trustedProxies": given.site.trusted_proxies,
        "site.access.addresses": access.addresses,
        "site.access.users": access.users,
    }
    for key, value in said.items():
        if value and not given.site.edge:
            yield conflict(
                key,
                "is set, but site.edge is false: your own proxy is what visitors talk to",
                f"`pulumi config rm --path {key} -s STACK`, and have your proxy do it; or "
                "`pulumi config set --path site.edge true -s STACK`",
            )
    is_told = given.site.trusted_proxies or given.site.domains or given.site.origin
    if access.addresses and not (is_told and not given.site.origin.startswith("http:")):
        yield conflict(
            "site.access.addresses",
            "is set, but nobody tells the edge who its visitors are: by plain http all of them "
            "have the address of Docker's gateway",
            "`pulumi config set --path site.origin https://www.example.org -s STACK` where a proxy "
            "ends TLS in front, or name that in site.trustedProxies",
        )


def _mounted_source(given: AllKeys) -> Iterator[ValueError]:
    if not given.app.mount_source:
        return
    if given.image.dockerfile:
        yield conflict(
            "app.mountSource",
            "is true, but where a Dockerfile of the project's own keeps its source is unknown",
            "`pulumi config rm --path image.dockerfile -s STACK`, or "
            "`pulumi config set --path app.mountSource false -s STACK`",
        )
    if given.releases.pin:
        yield conflict(
            "releases.pin",
            "is set, but app.mountSource is true: the mounted source would run, not the release's",
            "`pulumi config rm --path releases.pin -s STACK`, or "
            "`pulumi config set --path app.mountSource false -s STACK`",
        )


def _secret_files(given: AllKeys) -> Iterator[ValueError]:
    if given.secret_files and given.app.mount_source:
        yield conflict(
            "secretFiles",
            "is set, but app.mountSource is true: what is mounted is your own folder, read-only",
            "put the files into the project's folder, and remove secretFiles in this stack",
        )
    for path in given.secret_files:
        if any(other.startswith(f"{path}/") for other in given.secret_files):
            yield conflict(
                "secretFiles",
                f"names {path!r} both as a file and as a folder of files",
                "remove one of them",
            )
    if sum(len(text.get_secret_value()) for text in given.secret_files.values()) > SECRET_SIZE:
        yield conflict(
            "secretFiles",
            f"has more than {SECRET_SIZE // 1000} kB in all, which no build secret may have",
            "keep what is no secret in the project",
        )


def _project(given: AllKeys) -> Iterator[ValueError]:
    yield from project_keys.problems(
        debug=given.app.debug,
        environment=given.env,
        secrets=given.secrets,
        seed_steps=given.seed,
    )
    files = {
        alias: database_url.sqlite_file(url.get_secret_value())
        for alias, url in sorted(given.databases.items())
    }
    yield from project_keys.lost_files(
        {alias: file for alias, file in files.items() if file},
        volumes=given.volumes.values(),
        sqlite=given.database.engine == "sqlite",
    )

"""Keys that contradict each other: each is right alone, and together they can't be meant."""

from collections.abc import Iterator

from ..data import database_url
from ..ledger.plan import STRATEGIES
from . import database_keys, project_keys
from .keys import AllKeys
from .messages import conflict

SECRET_SIZE = 400_000
"""Characters of all secret files together; BuildKit takes secrets of up to 500 kB."""


def problems(given: AllKeys) -> Iterator[ValueError]:
    """What is wrong with keys that are right one by one; `Settings` raises the first.

    Args:
        given: the keys, each of which has been checked.
    """
    yield from _operations(given)
    yield from _mounted_source(given)
    yield from database_keys.problems(given)
    yield from _secret_files(given)
    yield from _project(given)
    yield from database_keys.new_data(given)


def _operations(given: AllKeys) -> Iterator[ValueError]:
    if STRATEGIES[given.strategy].startup_refused and given.collect_static_on_startup:
        yield conflict(
            "collectStaticOnStartup",
            f"is true, but strategy {given.strategy} never collects outside the build",
            "`pulumi config set collectStaticOnStartup false -s STACK`, or another strategy",
        )
    if given.seeding and not given.seed_steps:
        yield conflict(
            "seedSteps",
            "is empty, but seeding is on",
            "list the management commands to run, `pulumi config set --path 'seedSteps[0]' "
            "COMMAND -s STACK`, or `pulumi config set seeding false -s STACK`",
        )
    if not given.edge and not given.origin:
        yield conflict(
            "origin",
            "is empty, but edge is false: the program does not know where your proxy listens",
            "set it to what visitors type, "
            "`pulumi config set origin https://www.example.org -s STACK`",
        )


def _mounted_source(given: AllKeys) -> Iterator[ValueError]:
    if not given.mount_source:
        return
    if given.dockerfile:
        yield conflict(
            "mountSource",
            "is true, but where a Dockerfile of the project's own keeps its source is unknown",
            "`pulumi config rm dockerfile -s STACK`, or "
            "`pulumi config set mountSource false -s STACK`",
        )
    if given.rollback:
        yield conflict(
            "rollback",
            "is set, but mountSource is true: the mounted source would run, not the release's",
            "`pulumi config rm rollback -s STACK`, or "
            "`pulumi config set mountSource false -s STACK`",
        )


def _secret_files(given: AllKeys) -> Iterator[ValueError]:
    if given.secret_files and given.mount_source:
        yield conflict(
            "secretFiles",
            "is set, but mountSource is true: what is mounted is your own folder, read-only",
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
        debug=given.debug,
        environment=given.environment,
        secrets=given.secret_environment,
        seed_steps=given.seed_steps,
    )
    files = {
        alias: database_url.sqlite_file(url.get_secret_value())
        for alias, url in sorted(given.databases.items())
    }
    yield from project_keys.lost_files(
        {alias: file for alias, file in files.items() if file},
        volumes=given.volumes.values(),
        sqlite=given.database == "sqlite",
    )

"""`make test`, `make check`, `make config` and the like: what who changes this program runs."""

from __future__ import annotations

import os

from . import ci, docker_registry, environment, paths, ssh_server, testing
from .prepare import prepare_docker, prepare_engine, prepare_python
from .progress import Progress
from .shell import answer, stream

BUILD = ("-m", "hatchling", "build", "-t", "wheel", "-t", "sdist")
"""What Python is asked for to build the package."""


def write_config_docs() -> int:
    """Has the README, `docs/configuration.md` and `stacks/schema.json` say what keys declare."""
    prepare_python(Progress(), dev=True)
    return stream([testing.python(), "-m", "toolchain.config_docs"])


def build_package() -> int:
    """Builds the wheel and the source archive into `dist`, alike each time for one commit."""
    prepare_python(Progress(), dev=True)
    known, at = answer(["git", "-C", str(paths.ROOT), "log", "-1", "--format=%ct"])
    # The time that is noted of each file. An unpacked source archive has no commits.
    dated = {"SOURCE_DATE_EPOCH": at} if known and at else {}
    return stream(
        [testing.python(), *BUILD, "-d", "dist"], env={**os.environ, **dated}, cwd=paths.ROOT
    )


def run_tests(name: str, chosen: str = "") -> int:
    """Runs the tests and checks of one command of the Makefile."""
    clock = ci.Clock()
    progress = Progress()
    commands, integration = testing.TESTS[name]
    env = _test_environment(progress, integration=integration)
    if name == "test-integration":
        commands = testing.integration_tests(chosen)
    if name == "ci":
        return ci.run(env, progress, clock)
    return testing.verdict(testing.run_all(commands, env, progress), progress)


def _test_environment(progress: Progress, *, integration: bool) -> dict[str, str]:
    prepare_python(progress, dev=True)
    if not integration:
        return {**os.environ, "PATH": f"{paths.VENV / 'bin'}:{os.environ.get('PATH', '')}"}
    engine = prepare_engine(progress)
    prepare_docker(progress)
    with progress.step("ssh server") as step:
        ssh_server.ensure(step)
    with progress.step("registry") as step:
        docker_registry.ensure(step)
    return environment.applied(os.environ, environment.tools(engine, os.environ))

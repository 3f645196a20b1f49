"""`make test`, `make check`, `make config` and the like: what who changes this program runs."""

from __future__ import annotations

import os

from . import environment, paths, testing, turns
from .prepare import prepare_docker, prepare_engine, prepare_python
from .progress import Progress
from .shell import stream


def write_config_docs() -> int:
    """`Pulumi.yaml`, `docs/configuration.md` and the README say what the keys' declarations say."""
    prepare_python(Progress(), dev=True)
    return stream([testing.python(), "-m", "toolchain.config_docs"])


def run_tests(name: str, chosen: str = "") -> int:
    """Runs the tests and checks of one command of the Makefile."""
    clock = turns.Clock()
    progress = Progress()
    commands, integration = testing.TESTS[name]
    env = _test_environment(progress, integration=integration)
    if name == "test-integration":
        commands = testing.integration_tests(chosen)
    if name == "ci":
        return turns.run(env, progress, clock)
    return testing.verdict(testing.run_all(commands, env, progress), progress)


def _test_environment(progress: Progress, *, integration: bool) -> dict[str, str]:
    prepare_python(progress, dev=True)
    if not integration:
        return {**os.environ, "PATH": f"{paths.VENV / 'bin'}:{os.environ.get('PATH', '')}"}
    engine = prepare_engine(progress)
    prepare_docker(progress)
    return environment.applied(os.environ, environment.tools(engine, os.environ))

"""Gets what Pulumi needs: environment, engine, Docker, base image, and the stack."""

from __future__ import annotations

import os
import platform

from . import base_image, daemon, engines, environment, farewell, paths, stack, venv
from .progress import Progress


def prepare_python(progress: Progress, *, dev: bool = False) -> None:
    """The interpreter is there, or nothing would run; the environment is made from the lock."""
    with progress.step("python") as step:
        step.already(f"Python {platform.python_version()}, {venv.python()}")
    with progress.step("environment") as step:
        if paths.INSTALLED:
            step.already(f"{paths.PRODUCT} {engines.version_of(paths.PRODUCT)}, {paths.VENV}")
        else:
            venv.ensure(step, dev=dev)


def prepare_engine(progress: Progress, *, ask_again: bool = False) -> engines.Engine:
    """An engine, found or got."""
    with progress.step("engine") as step:
        return engines.ensure(step, os.environ, ask_again=ask_again)


def prepare_docker(
    progress: Progress, *, configured_base: str = "", may_install: bool = True, named_by: str = ""
) -> None:
    """A daemon that answers, and the base image in it; `named_by` is what chose it, if config."""
    with progress.step("docker") as step:
        daemon.ensure(step, os.environ, may_install=may_install, named_by=named_by)
    with progress.step("base image") as step:
        base_image.ensure(step, os.environ, configured_base)


def pulumi_environment(engine: engines.Engine) -> dict[str, str]:
    """The variables to run Pulumi with: its tools, and a state, which is made if there is none."""
    exports = environment.state(engine, os.environ)
    environment.make_state(exports, os.environ)
    return environment.applied(os.environ, environment.tools(engine, os.environ), exports)


def prepare(progress: Progress, name: str, *, may_install: bool = True) -> dict[str, str]:
    """Everything that Pulumi needs for the stack `name`; returns the environment to run it in."""
    stack.check(name)
    prepare_python(progress)
    engine = prepare_engine(progress)
    base = stack.config_value(name, "image.base")
    named_by = stack.go_to_host(name)
    prepare_docker(progress, configured_base=base, may_install=may_install, named_by=named_by)
    env = pulumi_environment(engine)
    with progress.step("stack") as step:
        stack.ensure(step, name, env)
    return env


def get_ready() -> None:
    """Everything that plain `pulumi` needs; no stack is made and nothing is deployed."""
    progress = Progress()
    prepare_python(progress)
    prepare_engine(progress)
    prepare_docker(progress)
    farewell.say_what_is_next()

"""A step: a module whose name ends in `_step`, run by Pulumi's command plugin as a resource."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_command as command

from .checkout import folder_of
from .step_output import parsed

SAY_AGAIN = 'printf "%s\\n" "$PULUMI_COMMAND_STDOUT"'
"""The `update` of a step that only its triggers run again: its result stays what it is.

An update of a command takes what `update` prints for its output. Whatever of its inputs changed, be
it a property that another build of the plugin writes, the result must not be lost by that. The
plugin hands the output as it was over in this variable.
"""


class Step(command.local.Command):
    """A command that runs when it is made, and again when one of its named triggers changes.

    Args:
        name: the resource's name.
        module: the module that it runs, by its full name.
        parent: the component that it belongs to.
        triggers: what it runs for, by name.
        environment: the variables that it reads.
        stdin: what it reads on standard input.
        update: what runs when anything else changes: by default its result is said again; None runs
            it as when it is made.
        delete: what runs when it is removed; nothing by default.
        hours: how long it may take; 20 minutes by default.
        is_shown: what it says is shown, and kept in the state; not where it may be a secret.
        depends_on: what it waits for.
    """

    def __init__(
        self,
        name: str,
        module: str,
        *,
        parent: pulumi.Resource,
        triggers: Mapping[str, Any],
        environment: Mapping[str, pulumi.Input[str]],
        stdin: pulumi.Input[str] | None = None,
        update: str | None = SAY_AGAIN,
        delete: str | None = None,
        hours: int | None = None,
        is_shown: bool = True,
        depends_on: Any = None,
    ) -> None:
        patience = pulumi.CustomTimeouts(create=f"{hours}h") if hours else None
        logging = command.local.Logging
        super().__init__(
            name,
            create=run(module),
            update=update,
            delete=delete,
            environment=environment,
            stdin=stdin,
            triggers=[dict(triggers)],
            logging=logging.STDERR if is_shown else logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=parent, depends_on=depends_on, custom_timeouts=patience
            ),
        )

    @property
    def result(self) -> pulumi.Output[Any]:
        """What it found out; None if it found out nothing."""
        found: pulumi.Output[Any] = self.stdout.apply(parsed)
        return found


def run(module: str, *words: str) -> str:
    """The text that runs a step, as its first process.

    That is the one that the plugin ends when an update is interrupted. A shell in front of it would
    end alone: the step would run on, with the pipes that the plugin waits for.

    Args:
        module: its full name, which begins with the package that it is installed in.
        words: what it is called with, which no shell needs to be kept from.
    """
    return " ".join(["exec python3 -m", module, *words])


def describe(deployment: str, name: str, content: Mapping[str, Any]) -> str:
    """Write what a step needs to know, and what is no reason to run it again, into a file.

    Returns:
        The file's path, which is the same for every update. A preview writes nothing.
    """
    file = folder_of(deployment) / name
    if not pulumi.runtime.is_dry_run():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return file.as_posix()


def after(opts: pulumi.ResourceOptions | None) -> Sequence[pulumi.Resource] | Any:
    """What a component's children wait for: they don't inherit that from the component."""
    return opts.depends_on if opts else None

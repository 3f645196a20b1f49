"""What to do about a resource of the Docker provider that failed because of the host.

A command says that by itself (`components/host/client.py`): the program is asked too late when
an update is interrupted, and then Pulumi would show that in place of the command's own error.
"""

from collections.abc import Callable
from contextlib import suppress

import pulumi

from ..errors import for_stack
from ..remedies import host_remedies

_RESOURCES = "docker:"


def offer_remedies(
    answers: Callable[[], bool],
    *,
    name: str = "remedies",
    register: Callable[
        [pulumi.ResourceTransformation], None
    ] = pulumi.runtime.register_stack_transformation,
) -> None:
    """Have the resources that the program makes from now on say what to do, if the host failed.

    Args:
        answers: whether the Docker daemon answers now.
        name: the hook's name, which only this site has in the program.
        register: has a transformation applied to everything of the site.
    """
    said: set[str] = set()

    def say(args: pulumi.ErrorHookArgs) -> bool:
        # What went wrong in here would take the place of the resource's own error.
        with suppress(Exception):
            for text in host_remedies("\n".join(args.errors), answers):
                if text not in said:
                    said.add(text)
                    pulumi.log.error(for_stack(text))
        return False

    hook = pulumi.ErrorHook(name, say)

    def hooked(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(_RESOURCES):
            return None
        added = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))
        return pulumi.ResourceTransformationResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, added)
        )

    register(hooked)

"""What the Docker host did to an update, and what to do: said once, whatever failed because of it.

A daemon that is killed ends what talks to it with whichever error that meets first, be it the
provider, a build or a command. So the daemon is asked whether it is still there; its own words
tell only of one that is back already.
"""

import re
from collections.abc import Callable

import pulumi

_RESOURCES = ("docker:", "command:")
_DAEMON = (
    "the Docker daemon does not answer any more, or did not for a while. Nothing is lost: start it "
    "(`systemctl start docker`), and run `pulumi up` again"
)
_DISK = (
    "the Docker host's disk is full. What was serving goes on serving. Make room (`docker system "
    "df` shows what takes it, `docker builder prune` frees what builds left), and run `pulumi up` "
    "again"
)
_WORDS = {
    _DAEMON: r"(?i)cannot connect to the docker daemon|failed to connect to the docker api|"
    r"error during connect|error reading from server|code = unavailable|"
    r"unavailable: connection error|docker daemon does not answer",
    _DISK: r"(?i)no space left on device",
}


def offer_remedies(answers: Callable[[], bool]) -> None:
    """Have the resources that the program makes from now on say what to do, if the host failed.

    Args:
        answers: whether the Docker daemon answers now.
    """
    said: set[str] = set()

    def say(args: pulumi.ErrorHookArgs) -> bool:
        for text in remedies("\n".join(args.errors), answers):
            if text not in said:
                said.add(text)
                pulumi.log.error(text)
        return False

    hook = pulumi.ErrorHook("remedies", say)

    def hooked(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(_RESOURCES):
            return None
        added = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))
        return pulumi.ResourceTransformationResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, added)
        )

    pulumi.runtime.register_stack_transformation(hooked)


def remedies(errors: str, answers: Callable[[], bool]) -> list[str]:
    """What to do about a resource's errors, where they don't say it themselves.

    Args:
        errors: what the provider said.
        answers: whether the Docker daemon answers now; asked only if the errors don't tell.
    """
    found = [text for text, words in _WORDS.items() if re.search(words, errors)]
    return found or ([] if answers() else [_DAEMON])

"""How a step runs: a module whose name ends in `_step`, by Pulumi's command plugin."""

SAY_AGAIN = 'printf "%s\\n" "$PULUMI_COMMAND_STDOUT"'
"""The `update` of a step that only its triggers run again: its result stays what it is.

An update of a command takes what `update` prints for its output. Whatever of its inputs changed, be
it a property that another build of the plugin writes, the result must not be lost by that. The
plugin hands the output as it was over in this variable.
"""


def command(module: str, *words: str) -> str:
    """The text that runs a step, as its first process.

    That is the one that the plugin ends when an update is interrupted. A shell in front of it would
    end alone: the step would run on, with the pipes that the plugin waits for.

    Args:
        module: its full name, which begins with the package that it is installed in.
        words: what it is called with, which no shell needs to be kept from.
    """
    return " ".join(["exec python3 -m", module, *words])

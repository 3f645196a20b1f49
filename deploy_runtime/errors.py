"""Errors that are meant to be read by the person who deploys."""

from collections.abc import Mapping

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"", "0", "false", "no", "off"})


class DeployError(Exception):
    """A mistake in configuration or in the project: what is wrong, where, and what to do.

    Its text is shown without a stack trace and holds no secret.
    """


def boolean(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    """The truth value of an environment variable.

    Args:
        environ: the environment.
        name: the variable's name.
        default: its value where it isn't set at all.

    Raises:
        DeployError: the variable is neither a yes nor a no.
    """
    text = environ.get(name)
    if text is None:
        return default
    if text.strip().lower() in TRUE:
        return True
    if text.strip().lower() in FALSE:
        return False
    raise DeployError(
        f"the environment variable {name} is {text!r}: "
        "use 1, true, yes or on; 0, false, no, off or nothing"
    )


def seconds(environ: Mapping[str, str], name: str, *, default: float) -> float:
    """A number of seconds from an environment variable.

    Args:
        environ: the environment.
        name: the variable's name.
        default: its value where it isn't set, or empty.

    Raises:
        DeployError: it is no number, negative or endless.
    """
    text = environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise DeployError(f"{name} is {text!r}: use a number of seconds")
    return value

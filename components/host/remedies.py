"""What the Docker host did to a step or a resource, and what to do.

A daemon that is killed ends what talks to it with whichever error that meets first, be it the
provider, a build or a command. So the daemon is asked whether it is still there; its own words
tell only of one that is back already.
"""

import re
from collections.abc import Callable

_GONE = (
    "the Docker daemon does not answer any more, or did not for a while. Nothing is lost: start it "
    "(`systemctl start docker`), and run `pulumi up` again"
)
_ENDED = (
    "the Docker daemon, or a plugin of Pulumi's, ended while this was done. Nothing is lost: run "
    "`pulumi up` again"
)
# The error may come from a server elsewhere, and what serves is said by who knows it.
_FULL = (
    "a disk is full: the Docker host's, unless the error is another machine's. Make room (`docker "
    "system df` shows what Docker takes, `docker builder prune` frees what builds left), and run "
    "`pulumi up` again; if a backend was not let through for it, `make recover STACK=NAME` first"
)
_WORDS = {
    _GONE: r"(?i)cannot connect to the docker daemon|failed to connect to the docker api|"
    r"error during connect|docker daemon does not answer",
    _FULL: r"(?i)no space left on device|database or disk is full",
}
# The words of a connection between two processes, of which the daemon need not be one.
_BROKEN_OFF = r"(?i)error reading from server|code = unavailable|unavailable: connection error"


def remedies(errors: str, answers: Callable[[], bool]) -> list[str]:
    """What to do about a resource's errors, where they don't say it themselves.

    Args:
        errors: what the provider said.
        answers: whether the Docker daemon answers now; asked only if the errors don't tell.
    """
    found = [text for text, words in _WORDS.items() if re.search(words, errors)]
    if found:
        return found
    if not answers():
        return [_GONE]
    return [_ENDED] if re.search(_BROKEN_OFF, errors) else []

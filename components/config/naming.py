"""What a deployment is called where its stack's config does not say."""

import re

LONGEST = 40
"""Characters of a deployment's name: what is named after it has to stay a name, too."""


def default_deployment(stack: str) -> str:
    """The deployment of a stack whose key `deployment` is empty: its name, as names go on a host.

    It may be longer than a deployment's name can be: cut, two stacks' could be the same. Commands
    ask for it, too, and run where no Pulumi is.
    """
    return re.sub(r"[^a-z0-9-]+", "-", stack.lower()).strip("-")

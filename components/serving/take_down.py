"""The end: `pulumi destroy` begins here, and nothing is removed that somebody is at or needs."""

import shlex
from typing import TypedDict

import pulumi
import pulumi_command as command

from .. import PACKAGE, step
from ..place import DEPLOYMENT, ONE_OFF, Place, filters

# Kept in the state, and run without this program: by then another version of it may be there, or
# none.
_REFUSE = r"""at_work=$(docker ps --format '{{{{.Names}}}}' {mine}) || exit 1
test -z "$at_work" && exit 0
names=$(echo $at_work)
echo "commands by hand are at work in $names: nothing of {deployment} was removed." >&2
echo "What to do: wait for their end, or \`docker stop $names\`; then run the same again" >&2
exit 1
"""


_REFUSE_SHARED = r"""behind=$(docker ps --all --filter network={network} \
  --format '{{{{.Label "{mark}"}}}}') || exit 1
sites=$(echo "$behind" | sort -u | grep -vx -e {deployment} -e '')
test -z "$sites" && exit 0
echo "sites are reached through it: $(echo $sites). Nothing of {deployment} was removed." >&2
echo "What to do: \`pulumi destroy\` of each one's stack, or \`pulumi up\` of it once" >&2
echo "site.sharedEdge is out of its config; then run the same again" >&2
exit 1
"""


class TakeDownArgs(TypedDict):
    """What is taken down one day."""

    deployment: str
    """The deployment's name."""


class TakeDown(pulumi.ComponentResource):
    """Refuses to take a site down while commands by hand are at work.

    It waits for all that serves, so that it is removed first, and does nothing until then. A
    command by hand is on the site's network, which could not be removed, and without the database
    it would end in the middle of something.
    """

    def __init__(
        self, name: str, args: TakeDownArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:TakeDown", name, None, opts)
        deployment = args["deployment"]
        mine = shlex.join(filters(Place(deployment).labels(ONE_OFF)))
        command.local.Command(
            f"{name}-take-down",
            create="true",
            delete=_REFUSE.format(mine=mine, deployment=deployment),
            opts=pulumi.ResourceOptions(parent=self, depends_on=step.after(opts)),
        )
        self.register_outputs({})


class SharedTakeDown(pulumi.ComponentResource):
    """Refuses to take a shared edge down while sites are reached through it, and names them.

    Like `TakeDown` it waits for all the rest, so that it is removed first.
    """

    def __init__(
        self, name: str, args: TakeDownArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:SharedTakeDown", name, None, opts)
        deployment = args["deployment"]
        refuse = _REFUSE_SHARED.format(
            network=Place(deployment).shared,
            mark=DEPLOYMENT,
            deployment=deployment,
        )
        command.local.Command(
            f"{name}-take-down",
            create="true",
            delete=refuse,
            opts=pulumi.ResourceOptions(parent=self, depends_on=step.after(opts)),
        )
        self.register_outputs({})

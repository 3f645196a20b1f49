"""What of a Pulumi program is a site's: all of it, or what is below one component."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi

from .. import PACKAGE
from ..stack_state import StackState

TYPE = f"{PACKAGE}:index:DjangoSite"
"""The type of the component that is a site in somebody's own program."""

Register = Callable[[pulumi.ResourceTransformation], None]


@dataclass(frozen=True)
class Scope:
    """It.

    Attributes:
        name: the component's name; "" where the whole program is one site.
        parent: the component, of which everything of the site is a part.
        register: has a transformation applied to everything of the site.
    """

    name: str = ""
    parent: pulumi.Resource | None = None
    register: Register = pulumi.runtime.register_stack_transformation

    def after(self, resources: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        """Options of a part of the site that waits for others."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(resources))

    def named(self, what: str) -> str:
        """A name that only this site has in the program, for what is none of its containers."""
        return f"{self.name}-{what}" if self.name else what

    def of(self, state: StackState) -> StackState:
        """What of a stack's state is this site's."""
        return state.below(TYPE, self.name) if self.name else state


def full_name() -> str:
    """The full name of the stack that is being deployed, the mark of what it owns."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"

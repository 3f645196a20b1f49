"""What a stack's state says is there: read once, and asked by the names of its resources."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from .step_output import parsed


@dataclass(frozen=True)
class Resource:
    """A resource as the state has it; one that it doesn't have is false, and empty.

    Attributes:
        entry: what `pulumi stack export` shows of it.
    """

    entry: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.entry)

    @property
    def name(self) -> str:
        """The name that the program gave it."""
        return str(self.entry.get("urn", "")).rpartition("::")[2]

    @property
    def type(self) -> str:
        """The token of its type."""
        return str(self.entry.get("type", ""))

    @property
    def id(self) -> str:
        """The id that its provider gave it; "" for a component, which has none."""
        return str(self.entry.get("id", ""))

    @property
    def is_replaced(self) -> bool:
        """Another one has taken its place, and it is removed at the end of an update."""
        return bool(self.entry.get("delete"))

    @property
    def replacements(self) -> int:
        """How often it was replaced because it was not on the host any more."""
        return int(self.entry.get("replacementTrigger") or 0)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program asked for."""
        return dict(self.entry.get("inputs") or {})

    def secret(self, name: str) -> str:
        """One of its inputs that is a secret, and a text; "" if it is not there, or neither."""
        value = self.inputs.get(name)
        found = json.loads(value.get_secret_value()) if isinstance(value, SecretStr) else ""
        return found if isinstance(found, str) else ""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What its provider made of that."""
        return dict(self.entry.get("outputs") or {})

    @property
    def result(self) -> Any:
        """What a step found out; None for what is no step, or has found out nothing."""
        said = self.outputs.get("stdout")
        # Of a step that is told a secret, the engine takes all for one.
        return parsed(json.loads(said.get_secret_value()) if isinstance(said, SecretStr) else said)

    @property
    def triggers(self) -> Mapping[str, Any]:
        """What a step ran for, by name."""
        found = self.inputs.get("triggers") or [{}]
        return found[0] if isinstance(found[0], dict) else {}


@dataclass(frozen=True)
class StackState:
    """The resources of a stack, before anything is changed.

    Attributes:
        resources: all of them, in the order of the state.
    """

    resources: Sequence[Resource] = ()

    @classmethod
    def of(cls, entries: Sequence[Mapping[str, Any]]) -> "StackState":
        """The state with these resources, as `pulumi stack export` shows them."""
        return cls(tuple(map(Resource, entries)))

    def __getitem__(self, name: str) -> Resource:
        """The resource of this name that is not replaced; an empty one if there is none."""
        return next((r for r in self.there if r.name == name), Resource())

    def below(self, type_: str, name: str) -> "StackState":
        """What is part of a component, directly or as a part of its parts.

        Args:
            type_: the token of the component's type.
            name: the name that the program gave it.
        """
        roots = (r for r in self.resources if (r.type, r.name) == (type_, name))
        within = {str(r.entry.get("urn", "")) for r in roots}
        found: list[Resource] = []
        # A state has parents before their children.
        for resource in self.resources:
            if resource.entry.get("parent") in within:
                within.add(str(resource.entry.get("urn", "")))
                found.append(resource)
        return StackState(tuple(found))

    @property
    def there(self) -> Sequence[Resource]:
        """What providers have made, but for what has been replaced."""
        return [r for r in self.resources if r.id and not r.is_replaced]

    @property
    def stack_outputs(self) -> Mapping[str, Any]:
        """What the last update said of the stack as a whole."""
        stacks = (r for r in self.resources if r.type == "pulumi:pulumi:Stack")
        return next(stacks, Resource()).outputs

    @property
    def ids(self) -> frozenset[str]:
        """The ids of what providers have made, also of what has been replaced."""
        return frozenset(r.id for r in self.resources if r.id)

    def times(self, step: str, trigger: str, *, again: bool) -> int:
        """How often a step had to run for a reason that nothing else shows, now included.

        Args:
            step: its name.
            trigger: the trigger that counts.
            again: there is such a reason, as a retired container that runs.
        """
        return int(self[step].triggers.get(trigger, 0)) + again

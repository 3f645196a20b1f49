"""Config as tests write it: each key by its path, and what Pulumi hands over made of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.config import keys


def key_of(name: str) -> str:
    """The key that a name stands for: `site__port` is ``site.port``."""
    return name.replace("__", ".")


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by key, each in the objects that its key names; `site__port` is ``site.port``."""
    return keys.nested({key_of(name): value for name, value in values.items()})


def flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The other way round: each value by its key; what is an object of names stays one."""
    for key, value in config.items():
        if isinstance(value, dict) and f"{prefix}{key}" not in keys.all_keys():
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def handed_over(config: Mapping[str, Any]) -> dict[str, str]:
    """Config as Pulumi hands it over: texts as they are, everything else as JSON."""
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}


def raw(values: Mapping[str, Any]) -> dict[str, str]:
    """Values by key as Pulumi hands them over; JSON as text stands for its list or object."""
    return handed_over(nested({key: _decoded(value) for key, value in values.items()}))


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value

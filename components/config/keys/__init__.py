"""Every config key, declared once: its type, its limits, its default, and what it does.

`make config` writes the section `config` of `Pulumi.yaml`, `docs/configuration.md` and the table
in the README from these declarations, and `make check` fails where they say something else.
"""

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from .base import Keys
from .data import DataKeys
from .operations import OperationKeys
from .project import ProjectKeys
from .server import ServerKeys
from .site import SiteKeys
from .start import StartKeys

ADMIN_PASSWORD = "adminPassword"
DATABASE_PASSWORD = "databasePassword"
DATABASE_URL = "databaseUrl"
SECRET_KEY = "secretKey"


# Python reads bases from the last to the first, so the errors of what a start needs come first.
class AllKeys(ServerKeys, SiteKeys, OperationKeys, DataKeys, ProjectKeys, StartKeys):
    """All groups of keys together; `Settings` adds what they may say together."""


def groups() -> tuple[type[Keys], ...]:
    """The groups of keys, in the order in which people read them."""
    return tuple(base for base in reversed(AllKeys.__bases__) if issubclass(base, Keys))


def keys_of(group: type[Keys]) -> dict[str, FieldInfo]:
    """Every config key of a group, with the field that declares it."""
    return {to_camel(name): field for name, field in group.model_fields.items()}

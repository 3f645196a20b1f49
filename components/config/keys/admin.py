"""The first administrator, for a seed step that creates one."""

from typing import Annotated

from pydantic import Field, SecretStr

from ..value_types import ManyLines
from .base import Keys


class AdminKeys(Keys):
    """The first administrator."""

    user: str = Field(default="admin", min_length=1)
    """User name that a seed step may create an administrator with."""

    email: str = "admin@example.org"
    """E-mail address of that administrator."""

    password: Annotated[SecretStr | None, ManyLines] = Field(default=None, min_length=8)
    """First password of that administrator; generated once and kept in the stack's state,
    encrypted. At least 8 characters.
    """

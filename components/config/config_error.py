"""The error by which wrong config is refused, a stack's or a program's."""

from ..errors import UserError


class ConfigError(UserError):
    """One or more config keys are missing, unknown, of the wrong type or inconsistent."""

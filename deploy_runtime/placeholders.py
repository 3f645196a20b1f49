"""Placeholders in seed steps, such as {adminPassword}: their names, and what they stand for.

They are replaced in the seeding job, after the step was split into words: a value may hold quotes
and blanks. Everywhere else, in config, state and output, a step is shown as it is written.
"""

import re
from collections.abc import Iterator, Mapping

from .errors import DeployError

VARIABLES = {
    "adminEmail": "DJANGO_SUPERUSER_EMAIL",
    "adminPassword": "DJANGO_SUPERUSER_PASSWORD",
    "adminUser": "DJANGO_SUPERUSER_USERNAME",
    "deployment": "DEPLOY_DEPLOYMENT",
    "host": "ALLOWED_HOSTS",
    "origin": "CSRF_TRUSTED_ORIGINS",
}
"""Placeholder to the variable of the job that has its value, which is the first of several; any
other placeholder is the name of a variable itself."""

_FIRST_ONLY = ("host", "origin")
_BRACES = re.compile(r"\{\{|\}\}|\{(\w+)\}|[{}]")
ESCAPE = "a brace that stands for itself is written twice: {{ or }}"


def used(step: str) -> Iterator[str]:
    """The placeholders of a step, in order.

    Raises:
        ValueError: a brace is neither part of a placeholder nor written twice.
    """
    for found in _BRACES.finditer(step):
        if found[1]:
            yield found[1]
        elif len(found[0]) == 1:
            raise ValueError(f"{found[0]} at character {found.start() + 1} is no placeholder")


def resolve(word: str, environ: Mapping[str, str]) -> str:
    """A word of a step with the values of its placeholders.

    Args:
        word: the word as it is written.
        environ: the job's environment, secrets included.

    Raises:
        DeployError: a placeholder has no value.
    """

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        if not name:
            return found[0][0]
        value = environ.get(VARIABLES.get(name, name))
        if value is None:
            raise DeployError(f"the placeholder {{{name}}} of a seed step has no value; {ESCAPE}")
        return value.split(",")[0].strip() if name in _FIRST_ONLY else value

    return _BRACES.sub(replaced, word)

"""What is wrong, said to whoever writes a program: arguments of `DjangoSite` in place of config."""

import json
import re
import shlex
from collections.abc import Sequence

from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo

from .keys import all_keys
from .keys.base import is_list, is_object, is_secret
from .messages import field_at

# What a key of the name that config gives it is called in a program, where that is another one.
_NAMES = {key: ".".join(map(to_snake, key.split("."))) for key in all_keys()}
_OTHER = sorted((key for key, name in _NAMES.items() if key != name), key=len, reverse=True)
_SAID = re.compile(rf"`pulumi config [^`]*`|(?<![\w.])(?:{'|'.join(map(re.escape, _OTHER))})(?!\w)")
_PLACEHOLDER = re.compile(r"[A-Z]+")


def in_program(text: str, site: str) -> str:
    """A text that names keys, and commands that set them, as the program's author has to read it.

    Args:
        text: it.
        site: the component's name, below which the stack's config may have what is secret.
    """

    def told(found: re.Match[str]) -> str:
        said = found.group()
        return _argument(said, site) if said.startswith("`") else _NAMES[said]

    return _SAID.sub(told, text)


def below(text: str, site: str) -> str:
    """A text about the stack's config, where that is below a component's name.

    Args:
        text: it, beginning with the key's path.
        site: the component's name.
    """
    return re.sub(
        r"`pulumi config (set|rm)((?: --(?!path)\w+)*)(?: --path)? ('?)",
        rf"`pulumi config \1\2 --path \3{site}.",
        f"{site}.{text}",
    )


def _argument(command: str, site: str) -> str:
    try:
        _, _, verb, *words = shlex.split(command.strip("`"))
        plain = [word for word in words[: words.index("-s")] if not word.startswith("--")]
    except ValueError:
        return command
    where, value = plain[0], " ".join(plain[1:])
    path = where.partition("[")[0].split(".")
    field = field_at(path)
    if field is None or verb not in ("set", "rm"):
        return command
    if where == "database.url" and verb == "set":
        return "the argument `database_url`"
    if is_secret(field) and verb == "set":
        # Not in the program's text.
        return below(command, site).removeprefix(f"{site}.")
    if verb == "rm":
        kind = _class_of(path[:-1]) if path[:-1] else "DjangoSiteArgs"
        return f"`{kind}(…)` without `{to_snake(path[-1])}`"
    said = f"{to_snake(path[-1])}={_literal(field, where, value)}"
    for depth in range(len(path) - 1, 0, -1):
        said = f"{to_snake(path[depth - 1])}={_class_of(path[:depth])}({said})"
    return f"`{said}`"


def _class_of(path: Sequence[str]) -> str:
    field = field_at(path)
    return getattr(field.annotation, "__name__", "") if field else ""


def _literal(field: FieldInfo, where: str, value: str) -> str:
    entry = where.partition("[")[2].rstrip("]").strip("'\"")
    text = json.dumps(value or "VALUE", ensure_ascii=False)
    if is_object(field):
        return f"{{{json.dumps(entry or 'NAME')}: {text}}}"
    if is_list(field):
        return f"[{text}]"
    if field.annotation is str or not value:
        return text
    if value in ("true", "false"):
        return value.title()
    return "…" if _PLACEHOLDER.fullmatch(value) else value if value.isdigit() else text

"""What every group of keys is made from, and what is asked of a key's declaration."""

import re
import sys
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic._internal._model_construction import ModelMetaclass
from pydantic.alias_generators import to_camel, to_snake
from pydantic.fields import FieldInfo

from ..config_error import ConfigError
from ..paths import is_printable
from ..value_types import ManyLines

if TYPE_CHECKING:
    # With a call of its own, a class would take any arguments.
    _Called = ModelMetaclass
else:

    class _Called(ModelMetaclass):
        """Has what is wrong in a program named with its line, and without a stack trace."""

        def __call__(self, *args: Any, **said: Any) -> Any:
            try:
                return super().__call__(*args, **said)
            except ValidationError as error:
                problems = [_problem(self, each) for each in error.errors()]
                at = sys._getframe(1)
                where = f"{at.f_code.co_filename}, line {at.f_lineno}"
                wrong = f"{self.__name__} is called with what it can't take ({where})"
                raise ConfigError(wrong, problems) from None


class Keys(BaseModel, metaclass=_Called):
    """A group of config keys: its docstring is their heading, a field's says what the key does.

    A key is its field's name in camel case. Durations are in seconds, ports are TCP ports.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        coerce_numbers_to_str=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # In a program a key is spelled like its field; in a stack's file it has the one spelling.
        validate_by_alias=True,
        validate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        # YAML's null and an empty text are what a key says that was emptied: its default holds.
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields
        known = {*fields, *(field.alias for field in fields.values())}
        return {k: said for k, said in value.items() if said not in (None, "") or k not in known}

    @field_validator("*", mode="after")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        # What has several lines, or a null character, is something else in files of other
        # languages. Variables, secrets and commands are handed over as data.
        values = value.values() if isinstance(value, dict) else ()
        texts = value if isinstance(value, tuple) else (value,)
        lines = ManyLines in cls.model_fields[info.field_name or ""].metadata
        if any(re.search("[\0\ud800-\udfff]", _text_of(text)) for text in (*texts, *values)):
            raise ValueError("must be text in UTF-8, without null characters")
        if not lines and not all(is_printable(_text_of(text)) for text in texts):
            raise ValueError("must be without line breaks and other control characters")
        return value


def _text_of(value: object) -> str:
    secret = value.get_secret_value() if isinstance(value, SecretStr) else value
    return secret if isinstance(secret, str) else ""


def _problem(group: Any, error: Any) -> str:
    names: list[str] = []
    field: FieldInfo | None = None
    inner: Any = group
    for part in map(str, error["loc"]):
        # What follows a key that is no group is the user's own: an entry's name, or its number.
        key = to_camel(part) if inner else part
        names.append(to_snake(part) if inner else part)
        group, field = inner or group, fields_of(inner).get(key) if inner else field
        inner = keys_in(field) if field else None
    where = ".".join(names)
    if error["type"] == "extra_forbidden":
        takes = ", ".join(group.model_fields)
        return f"{where} is no argument of {group.__name__}, which takes {takes}"
    if error["type"] == "missing":
        return f"{where} is missing"
    if hasattr(error["input"], "apply") and hasattr(error["input"], "future"):
        return (
            f"{where} is an output of another resource: what a site is made from has to be known "
            "when the program runs. DjangoSite takes outputs as `database_url` and in `secrets`"
        )
    is_shown = field is not None and not is_secret(field)
    # Of anything else a part may be secret.
    plain = isinstance(error["input"], str | int | float)
    shown = repr(error["input"]) if plain and is_shown else f"a {type(error['input']).__name__}"
    return f"{where} is {shown}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def fields_of(group: type[Keys]) -> dict[str, FieldInfo]:
    """A group's keys as config spells them, with the fields that declare them."""
    return {to_camel(name): field for name, field in group.model_fields.items()}


def section() -> Any:
    """The default of a key whose value is an object of keys: what these have as their defaults."""
    return Field(default={}, validate_default=True)


def keys_in(field: FieldInfo) -> type[Keys] | None:
    """The keys in a key's value, where that is an object of keys."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Keys) else None


def is_list(field: FieldInfo) -> bool:
    """A key's value is a list of texts."""
    return get_origin(field.annotation) is tuple


def is_object(field: FieldInfo) -> bool:
    """A key's value is an object of names and texts, which the user chooses."""
    return get_origin(field.annotation) is dict


def is_secret(field: FieldInfo) -> bool:
    """A key's value, or what is in it, has to be encrypted and is never shown."""
    return _has_secret(field.annotation)


def _has_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_has_secret, get_args(annotation)))

"""Where a database is: its URL, whether that is a secret, and what tells it from another."""

from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from ..inside import DATA
from ..place import Place
from . import database_tls, database_url
from .login_turns import Login


class DatabaseChoices(Protocol):
    """What is said of the database itself."""

    @property
    def engine(self) -> str: ...
    @property
    def volume(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def url(self) -> SecretStr | None: ...
    @property
    def ca(self) -> str: ...


class Choices(Protocol):
    """The settings that a database follows from."""

    @property
    def deployment(self) -> str: ...
    @property
    def data(self) -> str: ...
    @property
    def database(self) -> DatabaseChoices: ...


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a database is.

    Attributes:
        url: the value of DATABASE_URL.
        is_secret: the URL holds a password.
        identity: what tells this database from another: a job that ran on one has to run on the
            other. It holds no secret.
        family: the kind of driver that it needs.
    """

    url: str = field(repr=False)
    is_secret: bool
    identity: str
    family: str


def of_file(settings: Choices, volume: str, _login: Login) -> Address:
    """The address of a SQLite file in a volume."""
    file = settings.database.file
    return Address(
        url=f"sqlite:///{DATA}/{file}",
        is_secret=False,
        identity=f"sqlite:{volume}/{file}",
        family="sqlite",
    )


def of_server(settings: Choices, volume: str, login: Login) -> Address:
    """The address of a server in the deployment's own container."""
    url = database_url.build(
        user=login.user or settings.database.user,
        password=login.password,
        host=Place(settings.deployment).postgres,
        name=settings.database.name,
    )
    identity = f"postgres:{volume}/{settings.database.name}"
    return Address(url=url, is_secret=True, identity=identity, family="postgres")


def of_elsewhere(settings: Choices, _volume: str, _login: Login) -> Address:
    """The address of a server that is configured."""
    url = settings.database.url.get_secret_value() if settings.database.url else ""
    identity, family = database_url.identity(url), database_url.family(url)
    url = database_tls.verified(url, ca=bool(settings.database.ca))
    return Address(url=url, is_secret=True, identity=identity, family=family)

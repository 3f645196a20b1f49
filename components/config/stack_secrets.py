"""The secrets of a stack: what config says, else what was generated once, and never over data.

Where generated ones are kept is `serving/kept_secrets.py`'s. Nothing is written into config.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from deploy_runtime.environment import EARLIER_SECRET_KEY

from ..data.database import ENGINES, address
from ..data.login_turns import Login, next_login
from ..errors import UserError
from ..place import Place
from ..serving.kept_secrets import Kept
from . import earlier_keys
from .keys import ADMIN_PASSWORD, DATABASE_PASSWORD, DATABASE_URL, SECRET_KEY
from .settings import Settings

_NEW_KEY = (
    "app.secretKey is not set, so a new one is generated: people who are logged in to the existing "
    "site have to log in again. To keep them, set the key that the site used until now: "
    "`pulumi config set --secret --path app.secretKey -s {stack}`"
)

_ROTATED = (
    "app.secretKey of stack {stack} is another than until now: what the earlier one signed {goes} "
    "(app.secretKeyFallbacks is {number})"
)

_IF_LOST = {
    SECRET_KEY: "if app.secretKey is lost for good, any other will do: people have to log in again",
    DATABASE_PASSWORD: (
        "if database.password is lost for good, choose another, set it, and give it to the server: "
        "`docker exec -it CONTAINER psql -U USER -d NAME -c '\\password USER'`"
    ),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class StackSecrets:
    """What the deployment keeps secret; `repr` shows none of it.

    Attributes:
        secret_key: Django's SECRET_KEY.
        secret_key_fallbacks: earlier ones, the last first, that are accepted.
        admin_password: the first administrator's; "" if there is none.
        database_login: the application's, where the server is this deployment's.
        database_url: the value of DATABASE_URL where that is a secret, else "".
        kept: what was generated, by config key, also where config has another value now.
    """

    secret_key: str
    admin_password: str
    database_login: Login = field(default_factory=Login)
    database_url: str = ""
    secret_key_fallbacks: Sequence[str] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

    def as_environment(self) -> dict[str, str]:
        """The variables that the application reads them from; unset ones are left out."""
        values = {
            "SECRET_KEY": self.secret_key,
            "DJANGO_SUPERUSER_PASSWORD": self.admin_password,
            "DATABASE_URL": self.database_url,
        }
        earlier = enumerate(self.secret_key_fallbacks, 1)
        values |= {f"{EARLIER_SECRET_KEY}{number}": key for number, key in earlier}
        return {name: value for name, value in values.items() if value}

    def fingerprint(self, values: Mapping[str, str]) -> str:
        """Changes when a secret does, and tells nothing of it: it is keyed with the secret key.

        Args:
            values: all secrets that the application gets.
        """
        text = json.dumps(dict(values), sort_keys=True)
        return hmac.new(self.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def find_secrets(
    settings: Settings,
    *,
    stack: str,
    in_state: Mapping[str, str],
    on_host: Callable[[], Kept],
    told: Mapping[str, str],
    has_data: bool,
) -> StackSecrets:
    """The stack's secrets: config's, else those that were generated, else new ones.

    Args:
        settings: the stack's settings.
        stack: the stack's name.
        in_state: what was generated, by config key, as far as the stack's state has it.
        on_host: tells the same of the host; asked only for what is in neither config nor state.
        told: the secrets that the application was told until now, by variable.
        has_data: the deployment's data exists already: nothing is generated anew over it.

    Raises:
        UserError: if a secret is lost although there is data.
    """
    wanted = _wanted(settings)
    missing = [key for key, value in wanted.items() if value is None]
    kept, problem = _kept(missing, in_state, on_host)
    lost = [key for key in missing if key not in kept]
    # A password only matters to a seed step that creates its user: none is lost by a new one. A
    # database's is in the data; of existing data, only sessions hang on the secret key.
    vital = {DATABASE_PASSWORD} if settings.data == "existing" else {SECRET_KEY, DATABASE_PASSWORD}
    if (has_data or settings.data == "existing") and vital.intersection(lost):
        raise _lost([key for key in lost if key in vital], stack, problem)
    if SECRET_KEY in lost and settings.data == "existing":
        pulumi.log.warn(_NEW_KEY.format(stack=stack))
    kept = {**kept, **{key: _generate(key) for key in lost}}
    known = {key: value or kept[key] for key, value in wanted.items()}
    login = _login(settings, told, known.get(DATABASE_PASSWORD, ""))
    where = address(settings, login)
    return StackSecrets(
        secret_key=known[SECRET_KEY],
        secret_key_fallbacks=_earlier(
            told, known[SECRET_KEY], settings.app.secret_key_fallbacks, stack
        ),
        # A site that was seeded with one keeps it: without it, its containers would be replaced.
        admin_password=known.get(ADMIN_PASSWORD) or kept.get(ADMIN_PASSWORD, ""),
        database_login=login,
        database_url=where.url if where.is_secret else "",
        kept=kept,
    )


def _login(settings: Settings, told: Mapping[str, str], password: str) -> Login:
    if not password:
        return Login()
    host = Place(settings.deployment).postgres
    return next_login(told, owner=settings.database.user, host=host, password=password)


def _earlier(told: Mapping[str, str], in_use: str, limit: int, stack: str) -> Sequence[str]:
    if earlier_keys.keys(told)[:1] not in ([], [in_use]):
        goes = "goes on being accepted, so that nobody is logged out" if limit else "is void"
        pulumi.log.warn(_ROTATED.format(stack=stack, goes=goes, number=limit))
    return earlier_keys.earlier(told, in_use, limit)


def _kept(
    missing: Sequence[str], in_state: Mapping[str, str], on_host: Callable[[], Kept]
) -> tuple[dict[str, str], str]:
    if all(key in in_state for key in missing):
        return dict(in_state), ""
    found = on_host()
    return {**found.values, **in_state}, found.problem


def _wanted(settings: Settings) -> dict[str, str | None]:
    given = {
        SECRET_KEY: settings.app.secret_key,
        ADMIN_PASSWORD: settings.admin.password,
        DATABASE_PASSWORD: settings.database.password,
        DATABASE_URL: settings.database.url,
    }
    wanted = {SECRET_KEY, ENGINES[settings.database.engine].secret}
    if settings.seeding or settings.admin.password:
        wanted.add(ADMIN_PASSWORD)
    values = {key: value.get_secret_value() if value else None for key, value in given.items()}
    return {key: value for key, value in values.items() if key in wanted}


def _generate(key: str) -> str:
    return secrets.token_urlsafe(50 if key == SECRET_KEY else 18)


def _lost(keys: list[str], stack: str, problem: str) -> UserError:
    return UserError(
        f"{' and '.join(keys)} of stack {stack} can't be found, but its data exists",
        [
            *([problem] if problem else []),
            "neither the stack's state nor the host's volume DEPLOYMENT-kept-secrets has it, and "
            "nothing is generated anew over existing data: set what is in use (docs/recovery.md)",
            *(f"`pulumi config set --secret --path {key} -s {stack}`" for key in keys),
            *(_IF_LOST[key] for key in keys if key in _IF_LOST),
        ],
    )

"""The secrets of a stack: generated once, kept in its config, with a copy beside the state.

The copy is the stack's config file as it is, secrets encrypted, in the user's state folder. So
neither a deleted clone nor a `stack rm` loses the key that sessions and passwords hang on.
"""

import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

from .. import PACKAGE
from ..data.database import ENGINES, address
from ..errors import UserError
from ..pulumi_cli import run_pulumi
from .keys import ADMIN_PASSWORD, DATABASE_PASSWORD, DATABASE_URL, SECRET_KEY
from .settings import Settings
from .stack_file import value_at

_NEW_KEY = (
    "app.secretKey is not set, so a new one is generated: people who are logged in to the existing "
    "site have to log in again. To keep them, set the key that the site used until now: "
    "`pulumi config set --secret --path app.secretKey -s {stack}`"
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
        admin_password: the first administrator's; "" if there is none.
        database_password: the database user's, where the server is this deployment's; else "".
        database_url: the value of DATABASE_URL where that is a secret, else "".
    """

    secret_key: str
    admin_password: str
    database_password: str = ""
    database_url: str = ""

    def as_environment(self) -> dict[str, str]:
        """The variables that the application reads them from; unset ones are left out."""
        values = {
            "SECRET_KEY": self.secret_key,
            "DJANGO_SUPERUSER_PASSWORD": self.admin_password,
            "DATABASE_URL": self.database_url,
        }
        return {name: value for name, value in values.items() if value}

    def fingerprint(self, values: Mapping[str, str]) -> str:
        """Changes when a secret does, and tells nothing of it: it is keyed with the secret key.

        Args:
            values: all secrets that the application gets.
        """
        text = json.dumps(dict(values), sort_keys=True)
        return hmac.new(self.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def ensure_secrets(
    settings: Settings, *, stack: str, project: str, config_file: Path, has_data: bool, write: bool
) -> StackSecrets:
    """The stack's secrets, generated and put into its config if there are none yet.

    Args:
        settings: the stack's settings.
        stack: the stack's name.
        project: the Pulumi project's name.
        config_file: the stack's config file.
        has_data: the deployment's data exists already: nothing is generated anew over it.
        write: this is an update, not a preview: what was found or generated is kept.

    Raises:
        UserError: if a secret is lost although there is data, or can't be kept.
    """
    wanted = _wanted(settings)
    missing = [key for key, value in wanted.items() if value is None]
    copy = _state_folder() / "config" / f"{project}.{stack}.yaml"
    recovered, problem = _recover(copy, missing, stack)
    lost = [key for key in missing if key not in recovered]
    # A password only matters to a seed step that creates its user: none is lost by a new one. A
    # database's is in the data; of existing data, only sessions hang on the secret key.
    kept = {DATABASE_PASSWORD} if settings.data == "existing" else {SECRET_KEY, DATABASE_PASSWORD}
    if (has_data or settings.data == "existing") and kept.intersection(lost):
        raise _lost([key for key in lost if key in kept], stack, problem)
    found = {key: recovered.get(key) or _generate(key) for key in missing}
    if SECRET_KEY in lost and settings.data == "existing":
        pulumi.log.warn(_NEW_KEY.format(stack=stack))
    if write:
        _keep(found, stack, config_file, copy)
    known = {key: value or found[key] for key, value in wanted.items()}
    database_password = known.get(DATABASE_PASSWORD, "")
    where = address(settings, database_password)
    return StackSecrets(
        secret_key=known[SECRET_KEY],
        admin_password=known.get(ADMIN_PASSWORD, ""),
        database_password=database_password,
        database_url=where.url if where.is_secret else "",
    )


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
            "nothing is generated anew over existing data: put back the stack's config file if "
            "you have it, or set what is in use",
            *(f"`pulumi config set --secret --path {key} -s {stack}`" for key in keys),
            *(_IF_LOST[key] for key in keys if key in _IF_LOST),
        ],
    )


def _recover(copy: Path, keys: list[str], stack: str) -> tuple[dict[str, str], str]:
    if not keys or not copy.is_file():
        return {}, ""
    words = ["config", "--show-secrets", "--json", "--config-file", str(copy), "-s", stack]
    done = run_pulumi(words)
    if done.returncode != 0:
        return {}, f"there is a copy, {copy}, but it can't be read: {done.stderr.strip()}"
    said = {
        name.split(":")[-1]: entry.get("objectValue", entry.get("value"))
        for name, entry in json.loads(done.stdout).items()
    }
    found = {key: value_at(said, key) for key in keys}
    return {key: value for key, value in found.items() if value}, ""


def _keep(found: Mapping[str, str], stack: str, config_file: Path, copy: Path) -> None:
    for key, value in found.items():
        done = run_pulumi(["config", "set", "--secret", "--path", key, "-s", stack], stdin=value)
        if done.returncode != 0:
            raise UserError(
                f"{key} was generated, but can't be kept in the stack's config",
                [
                    f"pulumi said: {done.stderr.strip()}",
                    f"set one yourself: `pulumi config set --secret --path {key} -s {stack}`",
                ],
            )
    if config_file.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Whole or not at all, whenever this is cut off: it is what is left if the clone is lost.
        draft = copy.with_name(f".{copy.name}.new")
        shutil.copyfile(config_file, draft)
        draft.chmod(0o600)
        draft.replace(copy)


def _state_folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / PACKAGE

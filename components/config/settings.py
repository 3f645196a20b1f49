"""The one place that reads configuration.

`Settings` is a stack's config, checked: the keys that `keys` declares, and what they say together.
`load` turns the raw values of a stack into it, or raises `ConfigError` with one line for every key
that is wrong.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pulumi
from pydantic import model_validator

from deploy_runtime.environment import DIRECT_URL

from ..data import database_tls
from . import contradictions, registry_keys
from .host_settings import HostSettings, is_hosts, load_host
from .keys import AllKeys
from .messages import Place
from .stack_file import encrypted_places, stack_file
from .validated import validated


class Settings(AllKeys):
    """A stack's configuration, validated. Secrets are None until they have been generated."""

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        for problem in contradictions.problems(self):
            raise problem
        return self

    @property
    def public_origin(self) -> str:
        """The origin that visitors type: `site.origin`, else the first domain's by https.

        Without a domain, the published port on the loopback.
        """
        if self.site.origin:
            return self.site.origin
        if self.site.domains:
            return self._origin_of(self.site.domains[0])
        return f"http://127.0.0.1:{self.site.port}"

    @property
    def ends_tls(self) -> bool:
        """The edge speaks https itself, on ports that the world reaches."""
        return self.tls_mode != "off"

    @property
    def published(self) -> dict[str, int]:
        """The ports that the edge takes on the host, by key; none where others have them."""
        if not self.site.edge or self.site.shared_edge:
            return {}
        if self.ends_tls:
            return {"tls.httpPort": self.tls.http_port, "tls.httpsPort": self.tls.https_port}
        return {"site.port": self.site.port}

    @property
    def port(self) -> int | None:
        """The port that visitors come by to the edge, be it another's; None without an edge."""
        if not self.site.edge:
            return None
        return self.tls.https_port if self.ends_tls else self.site.port

    @property
    def redirects(self) -> dict[str, str]:
        """The origins that visitors of further domains are sent to, by domain."""
        first, *others = self.site.domains or ("",)
        targets = {name: self.site.redirects.get(name, first) for name in others}
        return {
            name: self.public_origin if target == first else self._origin_of(target)
            for name, target in targets.items()
            if target != name
        }

    def _origin_of(self, domain: str) -> str:
        usual = not self.ends_tls or self.tls.https_port == 443
        return f"https://{domain}" if usual else f"https://{domain}:{self.tls.https_port}"

    @property
    def seeding(self) -> bool:
        """There is a seeding job: there are steps for it."""
        return bool(self.seed)

    @property
    def scheme(self) -> str:
        """The scheme of the public origin, ``http`` or ``https``."""
        return urlsplit(self.public_origin).scheme

    @property
    def gate_terms(self) -> dict[str, str]:
        """What the gate is told that is no part of a container: another value is another try."""
        return {
            "processes.web.gateTimeout": str(self.processes.web.gate_timeout),
            "processes.web.smoke": json.dumps(list(self.processes.web.smoke)),
        }

    @property
    def processors(self) -> dict[str, float]:
        """How many processors containers may take, by config key; 0 is no limit."""
        return {
            "processes.cpus": self.processes.cpus,
            "database.cpus": self.database.cpus,
            "site.edgeCpus": self.site.edge_cpus,
        }

    @property
    def further_secrets(self) -> dict[str, str]:
        """What config alone makes secret, in plain text, for the secrets' volume and nowhere else.

        `secrets`, and the URLs in `databases`: the one of the first alias by name is
        DEPLOY_DATABASE_URL_1, since an alias need not be the name of a variable.
        """
        given = {name: value.get_secret_value() for name, value in self.secrets.items()}
        urls = enumerate(self.further_databases.values(), 1)
        numbered = {f"DEPLOY_DATABASE_URL_{number}": url for number, url in urls}
        if self.database.direct_url:
            direct = self.database.direct_url.get_secret_value()
            numbered[DIRECT_URL] = database_tls.verified(direct, ca=bool(self.database.ca))
        # No secret, but wanted as a file.
        ca = {database_tls.CA_VARIABLE: self.database.ca} if self.database.ca else {}
        return {**given, **numbered, **ca}

    @property
    def further_databases(self) -> dict[str, str]:
        """`databases` in plain text, by alias, in the order of the aliases' names."""
        ca = bool(self.database.ca)
        return {
            alias: database_tls.verified(url.get_secret_value(), ca=ca)
            for alias, url in sorted(self.databases.items())
        }

    @property
    def secret_file_texts(self) -> dict[str, str]:
        """`secretFiles` in plain text, for the secrets' volume and the image's build alone."""
        return {path: text.get_secret_value() for path, text in self.secret_files.items()}

    @property
    def access_users(self) -> dict[str, str]:
        """`site.access.users` in plain text: a password's hash by name, for the edge alone."""
        return {name: text.get_secret_value() for name, text in self.site.access.users.items()}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values for ALLOWED_HOSTS: the public origin's host first, then the configured."""
        host = urlsplit(self.public_origin).hostname or "127.0.0.1"
        host = f"[{host}]" if ":" in host else host
        served = [name for name in self.site.domains if name not in self.redirects]
        known = (host, "localhost", "127.0.0.1", *served, *self.site.allowed_hosts)
        return tuple(dict.fromkeys(known))


def load(
    raw: Mapping[str, str], *, stack: str, file: str, encrypted: Collection[Place] = ()
) -> Settings:
    """Validate the raw config of a stack.

    Args:
        raw: config values as Pulumi hands them over: every value is text, and lists and objects
            are JSON; keys have no namespace.
        stack: the stack's name, the default of `deployment`.
        file: the stack's config file, for the error messages.
        encrypted: the places of what is encrypted in that file, which may be whole objects.

    Raises:
        ConfigError: naming every key that is wrong, its value, what is allowed and the remedy.
    """
    return validated(
        Settings, raw, stack=stack, file=file, encrypted=encrypted, missing=registry_keys.missing
    )


def load_stack() -> Settings | HostSettings:
    """Read and validate the config of the stack that is being deployed: a site's, or its host's.

    Raises:
        ConfigError: see `load`.
    """
    told: Mapping[str, str] = pulumi.runtime.config.CONFIG.get()
    secret = [name for name in told if pulumi.runtime.is_config_secret(name)]
    return load_told(told, secret, stack=pulumi.get_stack(), project=pulumi.get_project())


def load_told(
    told: Mapping[str, str],
    secret: Collection[str],
    *,
    stack: str,
    project: str,
    folder: Path = Path(),
) -> Settings | HostSettings:
    """Validate the config of a stack as Pulumi tells it.

    Args:
        told: each key, with its namespace, and its value as text.
        secret: the keys in which Pulumi knows of something encrypted.
        stack: the stack's name.
        project: the Pulumi project's name, the namespace of the keys that are read.
        folder: the folder of Pulumi.yaml.

    Raises:
        ConfigError: see `load`.
    """
    prefix = f"{project}:"
    raw = {k.removeprefix(prefix): v for k, v in told.items() if k.startswith(prefix)}
    file = stack_file(stack, folder)
    encrypted = encrypted_places(file, project)
    # What is not in that file comes from elsewhere (--config-file, an environment of Pulumi ESC),
    # where Pulumi knows of whole keys.
    encrypted |= {
        (key,)
        for key in raw
        if prefix + key in secret and not any(place[0] == key for place in encrypted)
    }
    loaded = load_host if is_hosts(raw) else load
    return loaded(raw, stack=stack, file=str(file), encrypted=encrypted)

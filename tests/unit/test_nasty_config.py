"""Whatever a config key's value is: it is refused, or it is data in every file that it reaches.

Each key gets a table of nasty texts and random ones, always the same. What is accepted is put into
the files of other languages, which have to keep the shape that they have with a harmless value.
"""

import csv
import json
import random
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, get_origin
from urllib.parse import urlsplit

import pytest

from components.config.keys import all_keys
from components.config.keys.base import is_secret
from components.config.paths import mount_words
from components.config.settings import Settings, load
from components.data import database
from components.data.login_turns import Login
from components.data.mounts import Mount
from components.errors import UserError
from components.image.build_context import _texts
from components.parts import container_options
from components.serving import start_command
from components.serving.haproxy_config import EdgeConfig, render
from components.serving.haproxy_visitors import Access
from tests.config_keys import raw

SECRETS = [tuple(key.split(".")) for key, field in all_keys().items() if is_secret(field)]
GOOD = {"app.path": "example", "app.settings": "site.settings", "data": "create"}
NASTY = (
    *("a\nb", "a\r\n  acl x", "/\n  http-request return status 200", "a\0b", "\x1b[2J", "\u2028x"),
    *("'", '"', "\\", "'; id; '", '"; id; "', "`id`", "$(id)", "${IFS}id", "$HOME", "a b", " a "),
    *(
        "; id",
        "| id",
        "& id",
        "> /tmp/x",
        "< /etc/passwd",
        "*",
        "?",
        "[a]",
        "{a,b}",
        "~",
        "!",
        "#x",
    ),
    *("--privileged", "-v/:/host", "-oProxyCommand=id", "a,b", "a=b", "a:b", "a,readonly", "a\tb"),
    *(
        "..",
        "../x",
        "a/../../x",
        "./a",
        "a/.",
        "a//b",
        ".",
        "/",
        "//",
        "/etc",
        "/a b",
        "/a'b",
        "/%0a",
    ),
    *("%s", "{0}", "{health_path}", "{{", "}}", "%[src]", "%00", "%", "a%", "${ENV}", "'a'='a'"),
    *('a"; DROP TABLE x; --', "a'; DROP ROLE x; --", "a\\'; --", "/*", "pg_x", "template1"),
    *(
        "http://x:abc",
        "https://a b.example",
        "http://a@b",
        "http://[::zz]",
        "https://x/\n",
        "http://",
    ),
    *(
        "FROM scratch",
        "a\nUSER root",
        "\\\n",
        "\u202e",
        "\u00fc",
        "\ud800",
        "\U0001f600",
        "\ufeffa",
    ),
    *("x" * 5000, "0", "-1", "1e9", "true", "null", "[]", "{}", '["a', '{"a":', "\t", "\n", "\x7f"),
)
_PARTS = "abc019_-./:;,=@%+~!?*'\"\\`$(){}[]<>|&# \t\n\r\0\u00e9"


def random_texts(key: str) -> Iterator[str]:
    chance = random.Random(f"10 {key}")
    for _ in range(20):
        yield "".join(chance.choice(_PARTS) for _ in range(chance.randint(1, 12)))


def shaped(key: str, text: str) -> list[str]:
    """The raw values of a key that have a text in them, in each place where there may be one."""
    origin = get_origin(all_keys()[key].annotation)
    if origin is tuple:
        return [json.dumps([text]), json.dumps(["a", text]), text]
    if origin is dict:
        return [json.dumps({text: "/srv/x"}), json.dumps({"NAME": text}), text]
    return [text]


def accepted(key: str) -> Iterator[Settings]:
    """The settings of all values that are not refused, as a user's mistake is."""
    # Numbers and switches have no text to keep.
    few = get_origin(all_keys()[key].annotation) is None and all_keys()[key].annotation in (
        int,
        bool,
    )
    for text in NASTY[:9] if few else (*NASTY, *random_texts(key)):
        for value in shaped(key, text):
            for more in variants(key):
                with suppress(UserError):
                    yield load(raw({**more, key: value}), stack="shop", file="x", encrypted=SECRETS)


def variants(key: str) -> list[dict[str, str]]:
    """The rest of the config, with which a key has its effect."""
    needs: Mapping[str, dict[str, str]] = {
        "database.volume": {"data": "existing"},
        "media.volume": {"data": "existing"},
        "database.name": {"database.engine": "postgres"},
        "database.user": {"database.engine": "postgres"},
        "database.extensions": {"database.engine": "postgres"},
        "database.url": {"database.engine": "external"},
        "database.directUrl": {"database.engine": "external", "database.url": "postgres://p/a"},
        "site.redirects": {"site.domains": '["www.example.org", "name", "a", "0"]'},
    }
    return [{**GOOD, **needs.get(key, {})}]


def edge(settings: Settings) -> list[list[str]]:
    """HAProxy's configuration as words: quotes, escapes and comments are its own."""
    text = render(
        EdgeConfig(
            origin=settings.public_origin,
            max_body=settings.site.max_body_size,
            workers=settings.processes.web.workers,
            threads=settings.processes.web.threads,
            health_path=settings.processes.web.health,
            host=settings.hosts[0],
            redirects=settings.redirects,
            trusted=settings.site.trusted_proxies,
            access=Access(addresses=settings.site.access.addresses, users=settings.access_users),
        ),
        ["backend-1"],
        8000,
    )
    return [re.findall(r"\S+", line) for line in text.splitlines()]


def plain(**more: str) -> list[list[str]]:
    settings = load(raw({**GOOD, **more}), stack="shop", file="x")
    return [line for line in edge(settings) if line]


PLAIN = load(raw(GOOD), stack="shop", file="x")
USUAL = {
    "http": plain(),
    "https": plain(**{"site.origin": "https://a.example"}),
}
REDIRECT = re.compile(
    r"http-request redirect prefix https://[a-z0-9.-]+ code 308 "
    r"if \{ req\.hdr\(Host\),host_only,lower -m str [a-z0-9.-]+ \}"
)
STARTUP = start_command.startup_command(
    migrate_flags=[], workers=1, threads=1, grace=1, reload=False
)


def check_edge(settings: Settings) -> None:
    every = [line for line in edge(settings) if line]
    found = [line for line in every if not REDIRECT.fullmatch(" ".join(line))]
    assert len(every) == len(found) + len(settings.redirects)
    expected = USUAL[settings.scheme]
    assert [(line[0], len(line)) for line in found] == [(line[0], len(line)) for line in expected]
    # Nothing but the words that are values has another text, and none has HAProxy's own signs.
    for line, other in zip(found, expected, strict=True):
        for word, usual in zip(line, other, strict=True):
            assert word == usual or not {*"'\"\\#{}"} & {*word}, line


def check_words(settings: Settings) -> None:
    """What becomes a word of a command line or a list without quotes."""
    for word in settings.image.apt_packages:
        assert re.fullmatch(r"[a-z0-9][a-zA-Z0-9.+~:=/-]*", word)
    for word in (settings.image.base, settings.database.image, *settings.retire):
        assert re.fullmatch(r"([A-Za-z0-9][\w.:/@-]*)?", word, re.ASCII)
    for word in (settings.database.name, settings.database.user, *settings.database.extensions):
        assert re.fullmatch(r"[a-z_][a-z0-9_-]{0,62}", word)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", settings.deployment)
    for path in (settings.app.python_path, settings.app.requirements, settings.image.dockerfile):
        assert not path.startswith(("-", "/"))
        assert ".." not in path.split("/")
        assert path.isprintable() or not re.search(r"[\x00-\x1f\x7f]", path)


def check_environment(settings: Settings) -> None:
    url = SimpleNamespace(
        url=database.address(settings, Login(password="pass")).url, is_secret=False
    )
    found: Any = container_options.environment(settings, database=url, release="1")  # type: ignore[arg-type]
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in found)
    assert not any("\0" in value for value in found.values())
    assert found["ALLOWED_HOSTS"].split(",") == list(settings.hosts)
    assert json.loads(found["DEPLOY_PRIVATE_MEDIA"]) == list(settings.media.private)
    parts = urlsplit(found["CSRF_TRUSTED_ORIGINS"])
    assert (parts.path, parts.query, parts.username) == ("", "", None)
    assert parts.port is None or 0 < parts.port < 65536
    if settings.database.engine == "sqlite":
        parts = urlsplit(found["DATABASE_URL"])
        assert (parts.path, parts.query, parts.fragment) == (
            f"//srv/data/{settings.database.file}",
            "",
            "",
        )


def check_mounts(settings: Settings) -> None:
    given = {settings.database.volume: "/srv/data", settings.media.volume: "/srv/media"}
    for source, target in {**given, **settings.volumes}.items():
        if source:
            mount = Mount.of(source, target)
            (fields,) = csv.reader([mount_words(mount.type, source, target)])
            assert fields == [f"type={mount.type}", f"source={source}", f"target={target}"]


def check_shell(settings: Settings) -> None:
    script = start_command.startup_command(
        migrate_flags=settings.migrations.flags, workers=1, threads=1, grace=1, reload=False
    )
    words = ["python", "-m", "deploy_runtime.manage", "migrate", *settings.migrations.flags]
    before, after = STARTUP.split(start_command.manage("migrate"))
    line = script.removeprefix(before).removesuffix(after)
    assert shlex.split(line) == words


@pytest.mark.parametrize("key", sorted(all_keys()))
def test_what_is_accepted_is_data_wherever_it_goes(key: str) -> None:
    environments: list[dict[str, str]] = []
    for settings in accepted(key):
        check_edge(settings)
        check_words(settings)
        check_environment(settings)
        check_mounts(settings)
        check_shell(settings)
        if settings.env:
            environments.append(settings.env)
    if environments:
        check_build_environment(environments)


def check_build_environment(environments: list[dict[str, str]]) -> None:
    """In a real shell, which reads the file as the build does."""
    script, wanted = [], []
    for environment in environments:
        script.append(_texts("", environment)["scripts/build.env"])
        for name, value in environment.items():
            script.append(f"printf '%s\\0' \"${name}\"")
            wanted.append(value.encode())
    done = subprocess.run(
        ["sh", "-eu", "-s"], input="\n".join(script).encode(), capture_output=True, check=True
    )
    assert done.stdout.split(b"\0")[:-1] == wanted


@pytest.mark.parametrize(
    "key", ["processes.web.health", "migrations.flags", "env", "database.file"]
)
def test_the_texts_are_not_all_refused_nor_all_accepted(key: str) -> None:
    tried = sum(len(shaped(key, text)) for text in (*NASTY, *random_texts(key)))
    assert 0 < len(list(accepted(key))) < tried


def with_health(path: str) -> Settings:
    """The plain settings with a path that was not checked."""
    processes = PLAIN.processes
    web = processes.web.model_copy(update={"health": path})
    return PLAIN.model_copy(update={"processes": processes.model_copy(update={"web": web})})


def test_the_skeleton_would_notice_a_directive() -> None:
    # As it was before: a path with a line break in it.
    broken = with_health("/\n  http-request return status 200")
    with pytest.raises(AssertionError):
        check_edge(broken)
    quoted = with_health("/a#b")
    with pytest.raises(AssertionError):
        check_edge(quoted)

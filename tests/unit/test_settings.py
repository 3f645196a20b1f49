"""Configuration: every wrong key is an error that names key, value and remedy."""

import json
from pathlib import Path

import pytest

from components.config.host_settings import is_hosts, load_host
from components.config.keys import AllKeys, all_keys
from components.config.keys.base import fields_of
from components.config.messages import ConfigError
from components.config.settings import Settings, load
from components.config.stack_file import read_stack_file
from tests.config_keys import handed_over, key_of, raw

ENCRYPTED = (
    ("app", "secretKey"),
    ("admin", "password"),
    ("database", "password"),
    ("database", "url"),
    ("databases",),
    ("secretFiles",),
)
GOOD = {"app.path": "example", "app.settings": "site.settings", "data": "create"}


def parse(**changes: str | None) -> Settings:
    given = {key_of(key): value for key, value in changes.items()}
    values = {key: value for key, value in {**GOOD, **given}.items() if value is not None}
    return load(raw(values), stack="shop", file="stacks/Pulumi.shop.yaml", encrypted=ENCRYPTED)


def refusal(**changes: str | None) -> str:
    """What is said of a configuration that is refused."""
    with pytest.raises(ConfigError) as error:
        parse(**changes)
    return str(error.value)


def test_all_keys_that_are_missing_are_named_at_once() -> None:
    said = refusal(**{"app.path": None, "app.settings": None})
    assert "app.path is missing: set it with `pulumi config set --path app.path VALUE" in said
    assert "app.settings is missing: set it with" in said
    assert "has 2 problems" in said
    said = refusal(**{"app.path": None, "app.settings": None, "site.port": "http"})
    assert "has 3 problems" in said


def test_the_least_configuration_is_enough() -> None:
    settings = parse()
    assert settings.deployment == "shop"
    assert settings.public_origin == "http://127.0.0.1:8080"
    assert settings.hosts == ("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"app.path": None},
            "app.path is missing: set it with `pulumi config set --path app.path VALUE",
        ),
        ({"data": None}, "data is missing"),
        ({"app.settings": None}, "app.settings is missing"),
        ({"app.settings": "site/settings.py"}, "app.settings is 'site/settings.py': must be"),
        ({"setingsModule": "x"}, "did you mean app.settings?"),
        ({"zebra": ""}, "zebra is no config key of this program: remove it"),
        ({"zebra": "{}"}, "zebra is no config key of this program: remove it"),
        ({"site.prot": ""}, "site.prot is no config key of this program: did you mean site.port?"),
        ({"zebra": "x"}, "zebra is no config key of this program: remove it"),
        ({"site.port": "http"}, "site.port is 'http': must be a whole number"),
        (
            {"site.port": "70000"},
            "site.port is '70000': input should be less than or equal to 65535",
        ),
        ({"site.port": "0"}, "site.port is '0'"),
        ({"processes.web.replicas": "0"}, "processes.web.replicas is '0'"),
        (
            {"processes.web.replicas": "17"},
            "processes.web.replicas is '17': input should be less than or equal to 16",
        ),
        ({"site.maxBodySize": "0"}, "site.maxBodySize is '0'"),
        ({"processes.memory": "32"}, "processes.memory is '32': must be at least 64 megabytes"),
        ({"processes.memory": "1g"}, "processes.memory is '1g': must be a whole number"),
        ({"database.cpus": "two"}, "database.cpus is 'two': must be a number"),
        ({"site.edgeCpus": "0.01"}, "site.edgeCpus is '0.01': must be at least 0.1 processors"),
        ({"processes.writableRoot": "maybe"}, "processes.writableRoot is 'maybe': must be true or"),
        (
            {"processes.capabilities": '["RAW"]'},
            "must be a Linux capability, one of AUDIT_CONTROL, AUDIT_READ",
        ),
        ({"data": "new"}, "data is 'new': input should be 'create' or 'existing'"),
        ({"strategy": "bold"}, "must be one of recommended, conservative"),
        (
            {"database.engine": "oracle"},
            "database.engine is 'oracle': must be one of sqlite, postgres, external",
        ),
        (
            {"database.engine": "postgres", "database.name": "a-b"},
            "must be lower-case letters, digits and",
        ),
        ({"database.engine": "postgres", "database.user": 'a"; DROP'}, "database.user is"),
        ({"database.timeout": "0"}, "database.timeout is '0'"),
        (
            {"database.engine": "postgres", "database.extensions": '["a b"]'},
            "of a PostgreSQL extension",
        ),
        ({"migrations.timeout": "0"}, "migrations.timeout is '0'"),
        ({"migrations.window": "refuse"}, "migrations.window is 'refuse': must be true or false"),
        (
            {"migrations.allow": '["shop.0001_a", "drop_name"]'},
            "migrations.allow[1] is 'drop_name': must be a migration as app_label.migration_name, "
            "such as shop.0007_drop_name; change it with `pulumi config set --path "
            "'migrations.allow[1]' VALUE -s shop`",
        ),
        ({"migrations.allow": '["shop.migrations.0001_a"]'}, "as app_label.migration_name"),
        ({"migrations.allow": '["a-b.0001_a"]'}, "as app_label.migration_name"),
        ({"migrations.allow": '[""]'}, "migrations.allow[0] is ''"),
        ({"migrations.allow": "allow"}, "migrations.allow is 'allow': must be a list of texts"),
        ({"migrations.allowAhead": '["0007"]'}, "migrations.allowAhead[0] is '0007'"),
        ({"unsafeMigrations": "allow"}, "holds the names of the migrations that are allowed"),
        ({"databaseAhead": "allow"}, "databaseAhead is called migrations.allowAhead now: it holds"),
        ({"database.backups": "-1"}, "database.backups is '-1'"),
        (
            {"database.engine": "external", "database.url": "postgres://ada:hush@localhost/a"},
            "database.url is '[secret]': names the machine itself",
        ),
        ({"image.aptPackages": '["libpq5; reboot"]'}, "must be the name of a Debian package"),
        ({"image.buildAptPackages": '["-o"]'}, "must be the name of a Debian package"),
        ({"image.buildSteps": '["npm run \'build"]'}, "its quotes don't match"),
        ({"image.buildSteps": '["  "]'}, "must be a management command or a shell command"),
        ({"secretFiles": '{"/etc/passwd": "a"}'}, "must be a file's path inside app.path"),
        ({"secretFiles": '{"a/../../b": "a"}'}, "must be a file's path inside app.path"),
        ({"secretFiles": '{"a b": "a"}'}, "must be a file's path inside app.path"),
        ({"secretFiles": '{"a/": "a"}'}, "must be a file's path inside app.path"),
        ({"seed": "seed_roles"}, "seed is 'seed_roles': must be a list of texts"),
        (
            {"seed": "[[1]]"},
            "seed[0] is a list: must be a text; change it with `pulumi config set --path "
            "'seed[0]' VALUE",
        ),
        ({"env": '{"A B": "1"}'}, "must be the name of an environment variable"),
        ({"site.allowedHosts": '["a", [1]]'}, "set --path 'site.allowedHosts[1]' VALUE -s shop`"),
        ({"env": '{"PATH": "/bin"}'}, "config rm --path 'env[\"PATH\"]' -s shop`"),
        ({"env": '{"A": [1]}'}, "set --path 'env[\"A\"]' VALUE -s shop`"),
        (
            {"app.silencedSystemChecks": '["W004"]'},
            "app.silencedSystemChecks[0] is 'W004': must be the id",
        ),
        ({"seed": '["a {b}"]'}, "no placeholder is called b: there are {adminEmail}, {admin"),
        ({"seed": '["a", "b {"]'}, "seed[1] is 'b {', but { at character 3 is no placeh"),
        ({"seed": '["a {b"]'}, "a brace that stands for itself is written twice: {{ or }}"),
        (
            {"env": '{"DEBUG": "on"}'},
            "config set --path app.debug true -s shop`; or remove it: `pul",
        ),
        ({"env": '{"DEBUG": 1}'}, "is '1', but app.debug is false, which decides: the varia"),
        ({"env": '{"DEBUG": "oui"}'}, "is 'oui', which is neither a yes nor a no, but app.de"),
        ({"site.origin": "www.example.org"}, "must be an origin such as https://"),
        ({"site.origin": "https://example.org/shop"}, "without a path"),
        ({"site.origin": "http://x:abc"}, "must be an origin such as https://"),
        ({"site.origin": "http://x:0"}, "must be an origin such as https://"),
        ({"site.origin": "http://x:70000"}, "must be an origin such as https://"),
        ({"site.origin": "https://a b.example"}, "must be an origin such as https://"),
        ({"site.origin": "https://ada@example.org"}, "without a user"),
        ({"site.origin": "https://example.org?a"}, "must be an origin such as https://"),
        ({"site.origin": "https://exa_mple.org"}, "must be an origin such as https://"),
        ({"site.origin": "https://b\u00fccher.example"}, "as it is in the DNS (xn--"),
        ({"site.origin": "http://[::zz]"}, "must be an origin such as https://"),
        ({"site.origin": "https://example.org\n"}, "must be an origin such as https://"),
        ({"processes.web.health": "health"}, "must be a path that begins with /"),
        ({"processes.web.health": "/\n  acl x"}, "of the characters of a URL"),
        ({"processes.web.health": "/a b"}, "of the characters of a URL"),
        ({"processes.web.health": "/'"}, "of the characters of a URL"),
        ({"processes.web.health": "/%2"}, "of the characters of a URL"),
        ({"site.allowedHosts": '["a,b"]'}, "must be a host name such as"),
        ({"site.allowedHosts": '[""]'}, "at least 1 character"),
        ({"image.aptPackages": '["libpq5; id"]'}, "must be the name of a Debian package"),
        (
            {"image.aptPackages": '["-oDpkg::Pre-Invoke=id"]'},
            "must be the name of a Debian package",
        ),
        ({"image.base": "--privileged"}, "must be the name of an image"),
        ({"database.image": "postgres 17"}, "must be the name of an image"),
        ({"image.base": f"debian:trixie@sha256:{'4f' * 31}"}, "debian:trixie@sha256:… and 64 of"),
        ({"database.image": "postgres:17@latest"}, "debian:trixie@sha256:… and 64 of"),
        ({"retire": '["--all"]'}, "must be a container's name"),
        ({"admin.user": "a\nb"}, "must be without line breaks"),
        ({"database.file": "db.sqlite3?mode=ro"}, "without ?, # and %"),
        ({"database.file": "../db"}, "must be a path inside the volume that holds the database"),
        ({"media.private": '["."]'}, "must be a folder below MEDIA_ROOT"),
        ({"media.private": '["/private"]'}, "without a leading /"),
        ({"media.private": '["a/../b"]'}, "without .."),
        ({"app.requirements": "-x/requirements.txt"}, "with no - first"),
        ({"app.pythonPath": "../elsewhere"}, "must be a path inside app.path"),
        ({"deployment": "My Shop"}, "must be lower-case letters"),
        ({"app.wsgi": "site.wsgi"}, "must look like package.wsgi:application"),
        ({"releases.redeploy": "-1"}, "releases.redeploy is '-1'"),
        ({"releases.keep": "0"}, "releases.keep is '0'"),
        ({"releases.pin": "latest"}, "releases.pin is 'latest': must be a kept release's tag"),
        ({"releases.pin": "abcde"}, "at least its first 6 characters"),
    ],
)
def test_a_wrong_key_is_named_with_its_value(changes: dict[str, str | None], says: str) -> None:
    said = refusal(**changes)
    assert says in said
    assert "stacks/Pulumi.shop.yaml has 1 problem" in said
    assert "-s shop`" in said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"strategy": "aggressive", "app.collectStaticOnStartup": "true"},
            "app.collectStaticOnStartup is",
        ),
        (
            {"site.edge": "false"},
            "site.origin is empty, but site.edge is false: the program does not know where",
        ),
        ({"database.volume": "old"}, "database.volume names a volume that exists already"),
        (
            {"database.engine": "external"},
            "database.url is missing, but database.engine is external: `pulumi",
        ),
        (
            {"database.url": "postgres://db/a"},
            "database.url is set, but database.engine is sqlite: if the",
        ),
        (
            {
                "database.engine": "external",
                "database.url": "mysql://db/a",
                "database.volume": "old",
            },
            "database.volume names a volume, but database.engine is external",
        ),
        (
            {"database.directUrl": "postgres://db/a"},
            "database.directUrl is set, but database.engine is sqlite: there is no pooler",
        ),
        (
            {
                "database.engine": "external",
                "database.url": "mysql://db/a",
                "database.directUrl": "postgres://db/a",
            },
            "database.directUrl is set, but not both it and database.url name a PostgreSQL",
        ),
        (
            {
                "database.engine": "external",
                "database.url": "postgres://ada@db/a",
                "database.directUrl": "postgres://db:5432/a?sslmode=disable",
            },
            "database.directUrl is set, and names what database.url does",
        ),
        (
            {"database.extensions": '["hstore"]'},
            "database.extensions names extensions, but database",
        ),
        ({"database.engine": "postgres", "database.user": "postgres"}, "the server's own"),
        ({"database.engine": "postgres", "database.user": "pg_monitor"}, "the server's own"),
        ({"database.engine": "postgres", "database.name": "template1"}, "the server's own"),
        (
            {"app.mountSource": "true", "image.dockerfile": "Dockerfile"},
            "app.mountSource is true, but",
        ),
        (
            {"app.mountSource": "true", "releases.pin": "abcdef"},
            "releases.pin is set, but app.mountSource is true: the mounted source would run",
        ),
        ({"secretFiles": '{"a": "a", "a/b": "b"}'}, "names 'a' both as a file and as a folder"),
        ({"secretFiles": json.dumps({"a": "x" * 500_000})}, "more than 400 kB"),
        (
            {"secretFiles": '{"a.json": "a"}', "app.mountSource": "true"},
            "secretFiles is set, but app.mountSource is true",
        ),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: dict[str, str], says: str) -> None:
    said = refusal(**changes)
    assert says in said


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse(app__path=None, site__port="x", nonsense="1")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    "key", ["app.secretKey", "admin.password", "database.password", "database.url"]
)
def test_a_secret_is_never_shown(key: str) -> None:
    said = refusal(**{key: "hush"})
    assert "hush" not in said
    assert "[secret]" in said
    # Typed at the prompt, it doesn't enter the shell's history either.
    assert f"`pulumi config set --secret --path {key} -s shop`" in said


def test_a_secret_in_plain_text_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        load(raw({**GOOD, "app.secretKey": "k" * 40}), stack="shop", file="f")
    assert "use `pulumi config set --secret --path app.secretKey -s shop`" in str(error.value)
    assert "kkk" not in str(error.value)


def test_a_secret_is_masked_in_the_representation() -> None:
    url = "postgres://ada:hunter2@db/shop"
    settings = parse(app__secretKey="h" * 40, database__engine="external", database__url=url)
    assert "h" * 40 not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_lists_and_objects_arrive_as_json() -> None:
    settings = parse(seed='["a", "b --flag"]', env='{"LANG": "de"}')
    assert settings.seed == ("a", "b --flag")
    assert settings.env == {"LANG": "de"}


def test_the_origin_decides_the_first_host() -> None:
    settings = parse(site__origin="https://www.example.org", site__allowedHosts='["example.org"]')
    assert settings.hosts == ("www.example.org", "localhost", "127.0.0.1", "example.org")


@pytest.mark.parametrize("file", sorted(Path("stacks").glob("Pulumi.*.yaml")), ids=str)
def test_committed_stacks_are_valid(file: Path) -> None:
    raw = handed_over(read_stack_file(file))
    loaded = load_host if is_hosts(raw) else load
    loaded(raw, stack="s", file=str(file))


def test_the_quick_start_needs_at_most_eight_keys() -> None:
    config = read_stack_file(Path("stacks/Pulumi.clean-server.yaml"))
    assert len(config) <= 8


def test_there_are_about_twenty_keys_at_the_top_and_a_site_needs_three() -> None:
    assert len(fields_of(AllKeys)) <= 22
    needed = [key for key, field in all_keys().items() if field.is_required()]
    assert needed == ["data", "deployment"]
    assert refusal(**{"app.path": None, "app.settings": None}).count("is missing") == 2
    # The stack's name is the deployment's, where no other is given.
    assert parse().deployment == "shop"


def test_values_of_variables_are_text_however_yaml_reads_them() -> None:
    settings = parse(env='{"COUNT": 1, "FLAG": true, "RATE": 0.5}')
    assert settings.env == {"COUNT": "1", "FLAG": "true", "RATE": "0.5"}


@pytest.mark.parametrize(
    ("debug", "spelling"), [("false", "0"), ("false", "off"), ("false", ""), ("true", "YES")]
)
def test_debug_may_be_spelled_as_the_project_reads_it(debug: str, spelling: str) -> None:
    settings = parse(app__debug=debug, env=json.dumps({"DEBUG": spelling}))
    assert settings.env == {"DEBUG": spelling}


@pytest.mark.parametrize("variable", ["SECRET_KEY", "DATABASE_URL", "DEPLOY_DATABASES"])
def test_variables_of_this_program_are_refused(variable: str) -> None:
    with pytest.raises(ConfigError, match="is set by this program"):
        parse(env=json.dumps({variable: "x"}))


@pytest.mark.parametrize(
    "path", ["/srv/static", "/srv/static/admin", "/srv", "/", "/app", "/run/secrets/", "/srv/data"]
)
def test_no_volume_covers_what_the_program_keeps_there(path: str) -> None:
    with pytest.raises(ConfigError, match="covers /"):
        parse(volumes=json.dumps({"files": path}))


@pytest.mark.parametrize("path", ["/srv//static", "/srv/./data", "srv/x", "/srv/a/../data", "/a\n"])
def test_a_volumes_place_is_a_plain_path(path: str) -> None:
    with pytest.raises(ConfigError, match="must be a plain absolute path"):
        parse(volumes=json.dumps({"files": path}))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("/", "is shared with others"),
        ("/home", "is shared with others"),
        ("/home/ada", "is shared with others"),
        ("/var/lib", "is shared with others"),
        ("/etc", "is the host's own, below /etc"),
        ("/etc/letsencrypt", "is the host's own, below /etc"),
        ("/usr/share/x", "is the host's own, below /usr"),
        ("/var/run/docker.sock", "is the host's own, below /var/run"),
        ("/srv/docker.sock", "is a socket: who may use the daemon's is root"),
        ("/var/lib/docker/volumes/x/_data", "is the host's own, below /var/lib/docker"),
        ("/home/ada/.ssh", "holds a user's own settings or keys"),
        ("/root/.config/x", "holds a user's own settings or keys"),
        ("/srv/a/../../etc", "must be a plain absolute path"),
        ("/srv//a", "must be a plain absolute path"),
        ("./media", "must be a volume's name"),
        ("a,b", "must be a volume's name"),
    ],
)
def test_what_is_not_the_sites_is_given_to_no_application(source: str, says: str) -> None:
    for changes in (
        {"volumes": json.dumps({source: "/srv/exports"})},
        {"data": "existing", "database.volume": source},
        {"data": "existing", "media.volume": source},
    ):
        said = refusal(**changes)
        assert says in said


@pytest.mark.parametrize("source", ["/srv/shop", "/home/ada/shop/media", "/var/lib/shop", "shop_1"])
def test_a_folder_of_the_sites_own_is_given(source: str) -> None:
    settings = parse(data="existing", media__volume=f"{source}", volumes=json.dumps({source: "/x"}))
    assert (settings.media.volume, settings.volumes) == (source, {source: "/x"})


@pytest.mark.parametrize(
    ("given", "folder"),
    [("./private", "private"), ("private/.", "private"), ("a//b", "a/b"), ("a,b", "a,b")],
)
def test_private_folders_have_one_spelling(given: str, folder: str) -> None:
    assert parse(media__private=json.dumps([given])).media.private == (folder,)


@pytest.mark.parametrize(
    ("given", "origin", "host"),
    [
        ("HTTPS://Www.Example.org", "https://www.example.org", "www.example.org"),
        ("https://example.org:443", "https://example.org", "example.org"),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080", "192.0.2.1"),
        ("http://[2001:db8::1]:80", "http://[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_an_origin_is_what_browsers_say(given: str, origin: str, host: str) -> None:
    settings = parse(site__origin=given)
    assert (settings.public_origin, settings.hosts[0]) == (origin, host)


@pytest.mark.parametrize("path", ["/app/uploads", "/srv/exports", "/var/cache/site"])
def test_other_volumes_are_mounted(path: str) -> None:
    assert parse(volumes=json.dumps({"files": path})).volumes == {"files": path}


def test_static_files_are_not_hidden_and_the_reason_is_said() -> None:
    with pytest.raises(ConfigError, match="it would hide the files of every later release"):
        parse(volumes='{"files": "/srv/static"}')


def test_further_secrets_are_masked_and_have_to_be_encrypted() -> None:
    settings = load(
        raw({**GOOD, "secrets": '{"SMTP_PASSWORD": "hush-hush"}'}),
        stack="shop",
        file="f",
        encrypted=[("secrets", "SMTP_PASSWORD")],
    )
    assert settings.further_secrets == {"SMTP_PASSWORD": "hush-hush"}
    assert "hush-hush" not in repr(settings)
    with pytest.raises(ConfigError) as error:
        load(raw({**GOOD, "secrets": '{"A B": "hush-hush"}'}), stack="shop", file="f")
    assert "hush-hush" not in str(error.value)
    assert 'secrets["A B"] is in plain text' in str(error.value)


@pytest.mark.parametrize("key", ["image.aptPackages", "site.allowedHosts", "media.private"])
def test_the_order_of_what_has_none_is_no_change(key: str) -> None:
    assert parse(**{key: '["b", "a", "b"]'}) == parse(**{key: '["a", "b"]'})


@pytest.mark.parametrize(
    ("alias", "url", "says"),
    [
        ("default", "postgres://db/a", 'databases["default"] is the site\'s own database: the'),
        ("a b", "postgres://db/a", "must be an alias of DATABASES"),
        (
            "a",
            "oracle://db/hush",
            "databases[\"a\"] is '[secret]': must begin with one of",
        ),
        ("a", "postgres://hush@localhost/a", "--secret --path 'databases[\"a\"]' -s shop`"),
        ("a", "sqlite:///hush", "must have an absolute path, with four slashes"),
        ("a", "sqlite:////app/a", 'databases["a"] is a SQLite file that no volume keeps, /app/a'),
    ],
)
def test_a_further_database_is_named_without_its_url(alias: str, url: str, says: str) -> None:
    said = refusal(databases=json.dumps({alias: url}))
    assert says in said
    assert "hush" not in said
    assert "-s shop`" in said


def test_further_databases_are_handed_over_as_secrets() -> None:
    urls = {"trac": "mysql://db/trac", "old-one": "sqlite:////srv/data/old.sqlite3"}
    settings = parse(databases=json.dumps(urls))
    assert settings.further_secrets == {
        "DEPLOY_DATABASE_URL_1": urls["old-one"],
        "DEPLOY_DATABASE_URL_2": urls["trac"],
    }
    assert "mysql" not in repr(settings)
    with pytest.raises(ConfigError, match=r"databases\[\"old-one\"\] is in plain text"):
        load(raw({**GOOD, "databases": json.dumps(urls)}), stack="shop", file="f")


def test_a_further_file_may_lie_in_any_volume() -> None:
    urls = json.dumps({"old": "sqlite:////srv/old/x.sqlite3"})
    volumes = json.dumps({"files": "/srv/old"})
    assert parse(databases=urls, volumes=volumes, database__engine="postgres").databases
    with pytest.raises(ConfigError, match="name a volume for it in volumes"):
        parse(databases=urls, database__engine="postgres")


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("seed", json.dumps(["seed " + "x" * 70_000] * 2), "seed has 140,0"),
        ("env", json.dumps({"LONG": "x" * 130_000}), "LONG"),
    ],
)
def test_what_no_variable_can_hold_is_refused(key: str, value: str, where: str) -> None:
    said = refusal(**{key: value})
    assert where in said
    assert "Linux takes no more than 120,000" in said
    assert "xxx" not in said


def test_placeholders_are_named_after_what_there_is() -> None:
    steps = ["a {adminPassword} {origin} {LANG} {TOKEN}", """load '{{"a": 1}}'"""]
    settings = load(
        raw({**GOOD, "seed": steps, "env": {"LANG": "de"}, "secrets": {"TOKEN": "hush"}}),
        stack="shop",
        file="f",
        encrypted=[("secrets",)],
    )
    assert settings.seed == tuple(steps)


def test_secret_files_have_to_be_encrypted_and_are_never_shown() -> None:
    values = {**GOOD, "secretFiles": '{"conf/secrets.json": "hush-hush"}'}
    with pytest.raises(ConfigError, match=r"secretFiles\[\"conf/secrets.json\"\] is in plain text"):
        load(raw(values), stack="shop", file="f")
    found = parse(secretFiles=values["secretFiles"])
    assert found.secret_file_texts == {"conf/secrets.json": "hush-hush"}
    assert "hush-hush" not in repr(found)
    said = refusal(secretFiles='{"../x": "hush-hush"}')
    assert "hush-hush" not in said


@pytest.mark.parametrize("path", [".env", "conf/secrets.json", "a/.b/c-d_e@f+g.pem"])
def test_where_secret_files_may_be(path: str) -> None:
    assert parse(secretFiles=json.dumps({path: "a"})).secret_file_texts == {path: "a"}


def test_capabilities_are_spelled_as_linux_or_docker_does() -> None:
    given = ["cap_net_raw", "NET_RAW", "SYS_NICE"]
    found = load(raw({**GOOD, "processes.capabilities": given}), stack="live", file="f")
    assert found.processes.capabilities == ("NET_RAW", "SYS_NICE")


ELSEWHERE = f"registry.example.org/shop@sha256:{'4f' * 32}"


def test_a_release_from_elsewhere_needs_no_project() -> None:
    settings = parse(**{"releases.image": ELSEWHERE, "app.path": None, "app.settings": None})
    assert settings.releases.image == ELSEWHERE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"releases.image": ELSEWHERE, "app.mountSource": "true"},
            "releases.image is set, but app.mountSource is true",
        ),
        (
            {"registry.image": "registry.example.org/shop", "registry.user": "ada"},
            "registry.password is missing, but registry.user is set: `pulumi config set --secret",
        ),
        (
            {"registry.user": "ada", "registry.password": "s3cret-s3cret"},
            "registry.user is set, but no release goes to a registry",
        ),
        (
            {
                "releases.image": ELSEWHERE,
                "registry.image": "other.example.org/shop",
                "registry.user": "ada",
                "registry.password": "s3cret-s3cret",
            },
            "registry.image is at other.example.org, but releases.image is at registry.example.org",
        ),
        ({"registry.image": "shop"}, "registry.image is 'shop': must be HOST[:PORT]/NAME"),
        (
            {"releases.image": "registry.example.org/shop:latest"},
            "must be a release in a registry by its digest",
        ),
    ],
)
def test_keys_about_registries(changes: dict[str, str], says: str) -> None:
    said = refusal(**changes)
    assert says in said
    assert "s3cret" not in said

"""Configuration: every wrong key is an error that names key, value and remedy."""

import json
from pathlib import Path

import pytest
import yaml

from components.config.messages import ConfigError
from components.config.settings import Settings, keys, load

GOOD = {"appPath": "example", "settingsModule": "site.settings", "data": "create"}


def parse(**changes: str | None) -> Settings:
    raw = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    secret = (
        "secretKey",
        "adminPassword",
        "databasePassword",
        "databaseUrl",
        "databases",
        "secretFiles",
    )
    return load(raw, stack="shop", file="stacks/Pulumi.shop.yaml", encrypted=secret)


def refusal(**changes: str | None) -> str:
    """What is said of a configuration that is refused."""
    with pytest.raises(ConfigError) as error:
        parse(**changes)
    return str(error.value)


def test_the_least_configuration_is_enough() -> None:
    settings = parse()
    assert settings.deployment == "shop"
    assert settings.public_origin == "http://127.0.0.1:8080"
    assert settings.hosts == ("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"appPath": None}, "appPath is missing: set it with `pulumi config set appPath VALUE"),
        ({"data": None}, "data is missing"),
        ({"settingsModule": None}, "settingsModule is missing"),
        ({"settingsModule": "site/settings.py"}, "settingsModule is 'site/settings.py': must be"),
        ({"setingsModule": "x"}, "did you mean settingsModule?"),
        ({"zebra": "x"}, "zebra is no config key of this program: remove it"),
        ({"port": "http"}, "port is 'http': input should be a valid integer"),
        ({"port": "70000"}, "port is '70000': input should be less than or equal to 65535"),
        ({"port": "0"}, "port is '0'"),
        ({"seeding": "maybe"}, "seeding is 'maybe': input should be a valid boolean"),
        ({"replicas": "0"}, "replicas is '0'"),
        ({"replicas": "17"}, "replicas is '17': input should be less than or equal to 16"),
        ({"maxBodySize": "0"}, "maxBodySize is '0'"),
        ({"data": "new"}, "data is 'new': input should be 'create' or 'existing'"),
        ({"strategy": "bold"}, "must be one of recommended, conservative"),
        ({"database": "oracle"}, "database is 'oracle': must be one of sqlite, postgres, external"),
        ({"database": "postgres", "databaseName": "a-b"}, "must be lower-case letters, digits and"),
        ({"database": "postgres", "databaseUser": 'a"; DROP'}, "databaseUser is"),
        ({"databaseTimeout": "0"}, "databaseTimeout is '0'"),
        ({"database": "postgres", "databaseExtensions": '["a b"]'}, "of a PostgreSQL extension"),
        ({"migrateTimeout": "0"}, "migrateTimeout is '0'"),
        ({"unsafeMigrations": "yes"}, "'yes': must be one of refuse, allow, window"),
        ({"databaseAhead": "window"}, "'window': must be one of refuse, allow"),
        ({"backups": "-1"}, "backups is '-1'"),
        (
            {"database": "external", "databaseUrl": "postgres://ada:hush@localhost/a"},
            "databaseUrl is '[secret]': names the machine itself",
        ),
        ({"aptPackages": '["libpq5; reboot"]'}, "must be the name of a Debian package"),
        ({"buildAptPackages": '["-o"]'}, "must be the name of a Debian package"),
        ({"buildSteps": '["npm run \'build"]'}, "its quotes don't match"),
        ({"buildSteps": '["  "]'}, "must be a management command or a shell command"),
        ({"secretFiles": '{"/etc/passwd": "a"}'}, "must be a file's path inside appPath"),
        ({"secretFiles": '{"a/../../b": "a"}'}, "must be a file's path inside appPath"),
        ({"secretFiles": '{"a b": "a"}'}, "must be a file's path inside appPath"),
        ({"secretFiles": '{"a/": "a"}'}, "must be a file's path inside appPath"),
        ({"seedSteps": "seed_roles"}, "seedSteps is 'seed_roles': input should be a valid tuple"),
        (
            {"seedSteps": "[1]"},
            "seedSteps[0] is 1: input should be a valid string; change it with `pulumi config set ",
        ),
        ({"environment": '{"A B": "1"}'}, "must be the name of an environment variable"),
        ({"allowedHosts": '["a", 1]'}, "set --path 'allowedHosts[1]' VALUE -s shop`"),
        ({"environment": '{"PATH": "/bin"}'}, "config rm --path 'environment[\"PATH\"]' -s shop`"),
        ({"environment": '{"A": [1]}'}, "set --path 'environment[\"A\"]' VALUE -s shop`"),
        ({"silencedSystemChecks": '["W004"]'}, "silencedSystemChecks[0] is 'W004': must be the id"),
        ({"seedSteps": '["a {b}"]'}, "no placeholder is called b: there are {adminEmail}, {admin"),
        ({"seedSteps": '["a", "b {"]'}, "seedSteps[1] is 'b {', but { at character 3 is no placeh"),
        ({"seedSteps": '["a {b"]'}, "a brace that stands for itself is written twice: {{ or }}"),
        ({"environment": '{"DEBUG": "on"}'}, "config set debug true -s shop`; or remove it: `pul"),
        ({"environment": '{"DEBUG": 1}'}, "is '1', but debug is false, which decides: the varia"),
        ({"environment": '{"DEBUG": "oui"}'}, "is 'oui', which is neither a yes nor a no, but de"),
        ({"origin": "www.example.org"}, "must be an origin such as https://"),
        ({"origin": "https://example.org/shop"}, "without a path"),
        ({"origin": "http://x:abc"}, "must be an origin such as https://"),
        ({"origin": "http://x:0"}, "must be an origin such as https://"),
        ({"origin": "http://x:70000"}, "must be an origin such as https://"),
        ({"origin": "https://a b.example"}, "must be an origin such as https://"),
        ({"origin": "https://ada@example.org"}, "without a user"),
        ({"origin": "https://example.org?a"}, "must be an origin such as https://"),
        ({"origin": "https://exa_mple.org"}, "must be an origin such as https://"),
        ({"origin": "https://b\u00fccher.example"}, "as it is in the DNS (xn--"),
        ({"origin": "http://[::zz]"}, "must be an origin such as https://"),
        ({"origin": "https://example.org\n"}, "must be an origin such as https://"),
        ({"healthPath": "health"}, "must be a path that begins with /"),
        ({"healthPath": "/\n  acl x"}, "of the characters of a URL"),
        ({"healthPath": "/a b"}, "of the characters of a URL"),
        ({"healthPath": "/'"}, "of the characters of a URL"),
        ({"healthPath": "/%2"}, "of the characters of a URL"),
        ({"allowedHosts": '["a,b"]'}, "must be a host name such as"),
        ({"allowedHosts": '[""]'}, "at least 1 character"),
        ({"aptPackages": '["libpq5; id"]'}, "must be the name of a Debian package"),
        ({"aptPackages": '["-oDpkg::Pre-Invoke=id"]'}, "must be the name of a Debian package"),
        ({"baseImage": "--privileged"}, "must be the name of an image"),
        ({"postgresImage": "postgres 17"}, "must be the name of an image"),
        ({"retire": '["--all"]'}, "must be a container's name"),
        ({"adminUser": "a\nb"}, "must be without line breaks"),
        ({"dataFile": "db.sqlite3?mode=ro"}, "without ?, # and %"),
        ({"dataFile": "../db"}, "must be a path inside the volume that holds the database"),
        ({"privateMedia": '["."]'}, "must be a folder below MEDIA_ROOT"),
        ({"privateMedia": '["/private"]'}, "without a leading /"),
        ({"privateMedia": '["a/../b"]'}, "without .."),
        ({"requirements": "-x/requirements.txt"}, "with no - first"),
        ({"pythonPath": "../elsewhere"}, "must be a path inside appPath"),
        ({"deployment": "My Shop"}, "must be lower-case letters"),
        ({"wsgi": "site.wsgi"}, "must look like package.wsgi:application"),
        ({"redeploy": "-1"}, "redeploy is '-1'"),
        ({"keepReleases": "0"}, "keepReleases is '0'"),
        ({"rollback": "latest"}, "rollback is 'latest': must be a kept release's tag"),
        ({"rollback": "abcde"}, "at least its first 6 characters"),
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
        ({"strategy": "aggressive", "collectStaticOnStartup": "true"}, "collectStaticOnStartup is"),
        ({"seeding": "true"}, "seedSteps is empty, but seeding is on"),
        ({"edge": "false"}, "origin is empty, but edge is false: the program does not know where"),
        ({"dataVolume": "old"}, "dataVolume names a volume that exists already"),
        ({"database": "external"}, "databaseUrl is missing, but database is external: `pulumi"),
        ({"databaseUrl": "postgres://db/a"}, "databaseUrl is set, but database is sqlite: if the"),
        (
            {"database": "external", "databaseUrl": "mysql://db/a", "dataVolume": "old"},
            "dataVolume names a volume, but database is external",
        ),
        ({"databaseExtensions": '["hstore"]'}, "databaseExtensions names extensions, but database"),
        ({"database": "postgres", "databaseUser": "postgres"}, "the server's own"),
        ({"database": "postgres", "databaseUser": "pg_monitor"}, "the server's own"),
        ({"database": "postgres", "databaseName": "template1"}, "the server's own"),
        ({"mountSource": "true", "dockerfile": "Dockerfile"}, "mountSource is true, but"),
        (
            {"mountSource": "true", "rollback": "abcdef"},
            "rollback is set, but mountSource is true: the mounted source would run",
        ),
        ({"secretFiles": '{"a": "a", "a/b": "b"}'}, "names 'a' both as a file and as a folder"),
        ({"secretFiles": json.dumps({"a": "x" * 500_000})}, "more than 400 kB"),
        (
            {"secretFiles": '{"a.json": "a"}', "mountSource": "true"},
            "secretFiles is set, but mountSource is true",
        ),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: dict[str, str], says: str) -> None:
    said = refusal(**changes)
    assert says in said


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse(appPath=None, port="x", nonsense="1")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("key", ["secretKey", "adminPassword", "databasePassword", "databaseUrl"])
def test_a_secret_is_never_shown(key: str) -> None:
    said = refusal(**{key: "hush"})
    assert "hush" not in said
    assert "[secret]" in said
    # Typed at the prompt, it doesn't enter the shell's history either.
    assert f"`pulumi config set --secret {key} -s shop`" in said


def test_a_secret_in_plain_text_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        load({**GOOD, "secretKey": "k" * 40}, stack="shop", file="f")
    assert "use `pulumi config set --secret secretKey -s shop`" in str(error.value)
    assert "kkk" not in str(error.value)


def test_a_secret_is_masked_in_the_representation() -> None:
    url = "postgres://ada:hunter2@db/shop"
    settings = parse(secretKey="h" * 40, database="external", databaseUrl=url)
    assert "h" * 40 not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_lists_and_objects_arrive_as_json() -> None:
    settings = parse(seedSteps='["a", "b --flag"]', environment='{"LANG": "de"}')
    assert settings.seed_steps == ("a", "b --flag")
    assert settings.environment == {"LANG": "de"}


def test_the_origin_decides_the_first_host() -> None:
    settings = parse(origin="https://www.example.org", allowedHosts='["example.org"]')
    assert settings.hosts == ("www.example.org", "localhost", "127.0.0.1", "example.org")


def declared() -> dict[str, dict[str, object]]:
    config = yaml.safe_load(Path("Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert isinstance(config, dict)
    return config


def test_pulumi_yaml_declares_exactly_these_keys() -> None:
    assert sorted(declared()) == sorted(keys())


def test_every_key_has_a_type_and_a_description() -> None:
    for key, entry in declared().items():
        assert entry["type"], key
        assert str(entry["description"]).endswith("."), key


@pytest.mark.parametrize("key", sorted(keys()))
def test_defaults_agree_with_pulumi_yaml(key: str) -> None:
    field, entry = keys()[key], declared()[key]
    if field.is_required() or field.default is None:
        # Empty means missing, so that the program can say more than Pulumi does.
        assert entry["default"] == ""
        return
    assert json.loads(json.dumps(field.default)) == entry["default"]


@pytest.mark.parametrize("file", sorted(Path("stacks").glob("Pulumi.*.yaml")), ids=str)
def test_committed_stacks_are_valid(file: Path) -> None:
    config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    raw = {key.split(":")[1]: value for key, value in config.items()}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in raw.items() if k in keys()}
    load({k: v for k, v in texts.items() if "secure" not in v}, stack="s", file=str(file))


def test_the_quick_start_needs_at_most_eight_keys() -> None:
    text = Path("stacks/Pulumi.clean-server.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)["config"]
    assert len([value for value in config.values() if "secure" not in str(value)]) <= 8


def test_values_of_variables_are_text_however_yaml_reads_them() -> None:
    settings = parse(environment='{"COUNT": 1, "FLAG": true, "RATE": 0.5}')
    assert settings.environment == {"COUNT": "1", "FLAG": "true", "RATE": "0.5"}


@pytest.mark.parametrize(
    ("debug", "spelling"), [("false", "0"), ("false", "off"), ("false", ""), ("true", "YES")]
)
def test_debug_may_be_spelled_as_the_project_reads_it(debug: str, spelling: str) -> None:
    settings = parse(debug=debug, environment=json.dumps({"DEBUG": spelling}))
    assert settings.environment == {"DEBUG": spelling}


@pytest.mark.parametrize("variable", ["SECRET_KEY", "DATABASE_URL", "DEPLOY_DATABASES"])
def test_variables_of_this_program_are_refused(variable: str) -> None:
    with pytest.raises(ConfigError, match="is set by this program"):
        parse(environment=json.dumps({variable: "x"}))


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
        {"data": "existing", "dataVolume": source},
        {"data": "existing", "mediaVolume": source},
    ):
        said = refusal(**changes)
        assert says in said


@pytest.mark.parametrize("source", ["/srv/shop", "/home/ada/shop/media", "/var/lib/shop", "shop_1"])
def test_a_folder_of_the_sites_own_is_given(source: str) -> None:
    settings = parse(data="existing", mediaVolume=f"{source}", volumes=json.dumps({source: "/x"}))
    assert (settings.media_volume, settings.volumes) == (source, {source: "/x"})


@pytest.mark.parametrize(
    ("given", "folder"),
    [("./private", "private"), ("private/.", "private"), ("a//b", "a/b"), ("a,b", "a,b")],
)
def test_private_folders_have_one_spelling(given: str, folder: str) -> None:
    assert parse(privateMedia=json.dumps([given])).private_media == (folder,)


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
    settings = parse(origin=given)
    assert (settings.public_origin, settings.hosts[0]) == (origin, host)


@pytest.mark.parametrize("path", ["/app/uploads", "/srv/exports", "/var/cache/site"])
def test_other_volumes_are_mounted(path: str) -> None:
    assert parse(volumes=json.dumps({"files": path})).volumes == {"files": path}


def test_static_files_are_not_hidden_and_the_reason_is_said() -> None:
    with pytest.raises(ConfigError, match="it would hide the files of every later release"):
        parse(volumes='{"files": "/srv/static"}')


def test_further_secrets_are_masked_and_have_to_be_encrypted() -> None:
    settings = load(
        {**GOOD, "secretEnvironment": '{"SMTP_PASSWORD": "hush-hush"}'},
        stack="shop",
        file="f",
        encrypted=["secretEnvironment"],
    )
    assert settings.further_secrets == {"SMTP_PASSWORD": "hush-hush"}
    assert "hush-hush" not in repr(settings)
    with pytest.raises(ConfigError) as error:
        load({**GOOD, "secretEnvironment": '{"A B": "hush-hush"}'}, stack="shop", file="f")
    assert "hush-hush" not in str(error.value)
    assert "secretEnvironment is in plain text" in str(error.value)


@pytest.mark.parametrize("key", ["aptPackages", "allowedHosts", "privateMedia"])
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
    with pytest.raises(ConfigError, match="databases is in plain text"):
        load({**GOOD, "databases": json.dumps(urls)}, stack="shop", file="f")


def test_a_further_file_may_lie_in_any_volume() -> None:
    urls = json.dumps({"old": "sqlite:////srv/old/x.sqlite3"})
    volumes = json.dumps({"files": "/srv/old"})
    assert parse(databases=urls, volumes=volumes, database="postgres").databases
    with pytest.raises(ConfigError, match="name a volume for it in volumes"):
        parse(databases=urls, database="postgres")


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("seedSteps", json.dumps(["seed " + "x" * 70_000] * 2), "seedSteps has 140,0"),
        ("environment", json.dumps({"LONG": "x" * 130_000}), "LONG"),
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
        {
            **GOOD,
            "seedSteps": json.dumps(steps),
            "environment": '{"LANG": "de"}',
            "secretEnvironment": '{"TOKEN": "hush"}',
        },
        stack="shop",
        file="f",
        encrypted=["secretEnvironment"],
    )
    assert settings.seed_steps == tuple(steps)


def test_secret_files_have_to_be_encrypted_and_are_never_shown() -> None:
    values = {**GOOD, "secretFiles": '{"conf/secrets.json": "hush-hush"}'}
    with pytest.raises(ConfigError, match="secretFiles is in plain text"):
        load(values, stack="shop", file="f")
    found = parse(secretFiles=values["secretFiles"])
    assert found.secret_file_texts == {"conf/secrets.json": "hush-hush"}
    assert "hush-hush" not in repr(found)
    said = refusal(secretFiles='{"../x": "hush-hush"}')
    assert "hush-hush" not in said


@pytest.mark.parametrize("path", [".env", "conf/secrets.json", "a/.b/c-d_e@f+g.pem"])
def test_where_secret_files_may_be(path: str) -> None:
    assert parse(secretFiles=json.dumps({path: "a"})).secret_file_texts == {path: "a"}

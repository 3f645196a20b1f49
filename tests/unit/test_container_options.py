"""What every container of the application gets: variables without secrets, and mounts."""

from pathlib import Path
from typing import Any

import pytest

from components.config.reserved_variables import RESERVED
from components.config.settings import Settings
from components.data.database import address
from components.data.login_turns import Login
from components.data.mounts import Mount
from components.parts import container_options
from tests.config_keys import nested
from tests.unit.recorder import deploy

KEY, PASSWORD = "k" * 40, "open-sesame"


def settings(**changes: Any) -> Settings:
    values = {"app.path": "example", "app.settings": "b", "data": "create", "deployment": "shop"}
    return Settings.model_validate(nested({**values, **changes}))


def environment(**changes: Any) -> dict[str, str]:
    found = settings(**changes)
    return container_options.environment(
        found, database=address(found, Login(password="hush")), release="abc"
    )


def test_the_variables_of_every_container() -> None:
    assert environment() == {
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CSRF_TRUSTED_ORIGINS": "http://127.0.0.1:8080",
        "DATABASE_URL": "sqlite:////srv/data/db.sqlite3",
        "DEBUG": "False",
        "DEPLOY_DATABASES": "",
        "DEPLOY_DATABASE_TIMEOUT": "60",
        "DEPLOY_MIGRATE_TIMEOUT": "600",
        "DEPLOY_DEPLOYMENT": "shop",
        "DEPLOY_PRIVATE_MEDIA": "[]",
        "DEPLOY_SERVE_MEDIA": "true",
        "DEPLOY_SILENCED_CHECKS": "",
        "RELEASE": "abc",
    }


@pytest.mark.parametrize(
    ("changes", "variable", "value"),
    [
        ({"app.debug": True}, "DEBUG", "True"),
        ({"env": {"DEBUG": "off"}}, "DEBUG", "off"),
        ({"app.debug": True, "env": {"DEBUG": "1"}}, "DEBUG", "1"),
        ({"app.silencedSystemChecks": ["b.W1", "a.W1"]}, "DEPLOY_SILENCED_CHECKS", "a.W1,b.W1"),
        ({"databases": {"b": "mysql://x/b", "a": "mysql://x/a"}}, "DEPLOY_DATABASES", "a,b"),
        ({"site.origin": "https://a.example"}, "CSRF_TRUSTED_ORIGINS", "https://a.example"),
        ({"site.origin": "https://a.example"}, "ALLOWED_HOSTS", "a.example,localhost,127.0.0.1"),
        ({"site.allowedHosts": ["b"]}, "ALLOWED_HOSTS", "127.0.0.1,localhost,b"),
        ({"site.port": 8090}, "CSRF_TRUSTED_ORIGINS", "http://127.0.0.1:8090"),
        ({"env": {"LANG": "de"}}, "LANG", "de"),
        ({"database.timeout": 5}, "DEPLOY_DATABASE_TIMEOUT", "5"),
        ({"media.serve": False}, "DEPLOY_SERVE_MEDIA", "false"),
        ({"media.private": ["documents", "b"]}, "DEPLOY_PRIVATE_MEDIA", '["b", "documents"]'),
    ],
)
def test_what_config_makes_of_them(changes: dict[str, Any], variable: str, value: str) -> None:
    assert environment(**changes)[variable] == value


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, None), ({"app.overlay": True}, None), ({"app.overlay": False}, "false")],
)
def test_whether_settings_are_left_alone_is_told_in_builds_and_containers(
    changes: dict[str, Any], said: str | None
) -> None:
    assert environment(**changes).get("DEPLOY_OVERLAY") == said
    assert container_options.build_environment(settings(**changes)).get("DEPLOY_OVERLAY") == said


def test_no_variable_holds_a_secret() -> None:
    secret = settings(app__secretKey=KEY, admin__password=PASSWORD, database__engine="postgres")
    found = environment(app__secretKey=KEY, admin__password=PASSWORD, database__engine="postgres")
    assert "DATABASE_URL" not in found
    assert not {KEY, PASSWORD} & {*found.values(), *container_options.superuser(secret).values()}


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, "False"),
        ({"app.debug": True}, "False"),
        ({"env": {"DEBUG": ""}}, ""),
        ({"app.debug": True, "env": {"DEBUG": "1"}}, "0"),
        ({"app.debug": True, "env": {"DEBUG": "Yes"}}, "No"),
        ({"app.debug": True, "env": {"DEBUG": "TRUE"}}, "FALSE"),
    ],
)
def test_an_image_is_built_without_debug_as_the_project_spells_it(
    changes: dict[str, Any], value: str
) -> None:
    assert container_options.build_environment(settings(**changes))["DEBUG"] == value


def test_an_image_is_built_without_real_secrets() -> None:
    urls = {"b": "sqlite:////srv/data/hush", "a": "mysql://ada:hush@db.example/hush"}
    found = container_options.build_environment(settings(secrets={"TOKEN": "hush"}, databases=urls))
    assert "hush" not in str(found)
    assert found["DEPLOY_DATABASES"] == "a,b"
    assert found["DEPLOY_DATABASE_URL_1"].startswith("mysql://build:")
    assert found["DEPLOY_DATABASE_URL_2"].startswith("sqlite:////srv/data/build")
    assert found["TOKEN"].startswith("placeholder")


def test_a_seed_step_learns_whom_to_create() -> None:
    assert container_options.superuser(
        settings(admin__user="ada", admin__email="ada@example.org")
    ) == {
        "DJANGO_SUPERUSER_EMAIL": "ada@example.org",
        "DJANGO_SUPERUSER_USERNAME": "ada",
    }


@pytest.mark.parametrize(("collect", "value"), [(True, "true"), (False, "false")])
def test_start_up_commands_differ_in_one_variable(collect: bool, value: str) -> None:
    assert container_options.serving(settings(), collect=collect) == {
        "COLLECT_STATIC_ON_STARTUP": value,
        "DEPLOY_TEMPORARY_MB": "1024",
        "DEPLOY_RESTRICTIONS": "cap-drop ALL security-opt no-new-privileges:true pids-limit 532 "
        "read-only tmpfs /tmp:size=1024m,mode=1777,exec",
    }


@pytest.mark.parametrize(("megabytes", "size"), [(1, 1024), (512, 1024), (600, 1200)])
def test_uploads_on_their_way_take_no_more_than_a_stated_size(megabytes: int, size: int) -> None:
    found = settings(site__maxBodySize=megabytes)
    assert container_options.temporary(found) == {"/tmp": f"size={size}m,mode=1777,exec"}
    # Another size is another container, and the environment tells so beforehand.
    assert container_options.serving(found, collect=False)["DEPLOY_TEMPORARY_MB"] == str(size)


def test_a_volume_of_ones_own_holds_them_instead() -> None:
    assert container_options.temporary(settings(volumes={"spare": "/tmp"})) == {}


def test_what_this_program_sets_config_cannot() -> None:
    serving = container_options.serving(settings(), collect=True)
    others = {**container_options.superuser(settings()), **serving}
    ours = {n for n in {*environment(), *others} if not n.startswith("DEPLOY_")}
    assert ours <= set(RESERVED)


def mounts(*more: Mount, **changes: Any) -> list[str]:
    def program() -> dict[str, Any]:
        found = container_options.mounts(
            settings(**changes),
            data=[Mount(source="shop-data", target="/srv/data")],
            files=[Mount(source="shop-media", target="/srv/media"), *more],
            secret_files="shop-secrets",
        )
        return {str(number): mount.for_client() for number, mount in enumerate(found)}

    return list(deploy(program).outputs.values())


DATA, MEDIA, SECRETS = (
    "type=volume,source=shop-data,target=/srv/data",
    "type=volume,source=shop-media,target=/srv/media",
    "type=volume,source=shop-secrets,target=/run/secrets,readonly",
)


def test_the_mounts_of_every_container() -> None:
    assert mounts() == [DATA, MEDIA, SECRETS]


def test_static_files_that_are_collected_again_are_the_releases_own() -> None:
    static = "type=volume,source=static-abc,target=/srv/static"
    assert mounts(Mount(source="static-abc", target="/srv/static")) == [
        *(DATA, MEDIA, static, SECRETS)
    ]


def test_volumes_of_the_users_come_in_a_stable_order() -> None:
    assert mounts(volumes={"bb": "/srv/b", "/home/ada/a": "/srv/a"})[3:] == [
        "type=bind,source=/home/ada/a,target=/srv/a",
        "type=volume,source=bb,target=/srv/b",
    ]


def test_a_folder_with_a_comma_is_one_field_for_the_client() -> None:
    assert mounts(volumes={'/srv/a,readonly"b': "/srv/b,c"})[3:] == [
        'type=bind,"source=/srv/a,readonly""b","target=/srv/b,c"'
    ]


def test_mounted_source_cannot_be_written_to() -> None:
    source = Path("example").resolve()
    assert mounts(app__mountSource=True)[3:] == [f"type=bind,source={source},target=/app,readonly"]

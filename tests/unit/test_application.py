"""What every container of the application gets: variables without secrets, and mounts."""

from pathlib import Path
from typing import Any

import pytest

from components import application
from components.database import Database
from components.settings import RESERVED, Settings
from tests.unit.recorder import deploy

KEY, PASSWORD = "k" * 40, "open-sesame"


def settings(**changes: Any) -> Settings:
    values = {"appPath": "example", "settingsModule": "b", "data": "create", "deployment": "shop"}
    return Settings.model_validate({**values, **changes})


def environment(**changes: Any) -> dict[str, str]:
    return application.environment(settings(**changes), database_url="sqlite:///x", release="abc")


def test_the_variables_of_every_container() -> None:
    assert environment() == {
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CSRF_TRUSTED_ORIGINS": "http://127.0.0.1:8080",
        "DATABASE_URL": "sqlite:///x",
        "DEBUG": "false",
        "RELEASE": "abc",
    }


@pytest.mark.parametrize(
    ("changes", "variable", "value"),
    [
        ({"debug": True}, "DEBUG", "true"),
        ({"origin": "https://a.example"}, "CSRF_TRUSTED_ORIGINS", "https://a.example"),
        ({"origin": "https://a.example"}, "ALLOWED_HOSTS", "a.example,localhost,127.0.0.1"),
        ({"allowedHosts": ["b"]}, "ALLOWED_HOSTS", "127.0.0.1,localhost,b"),
        ({"port": 8090}, "CSRF_TRUSTED_ORIGINS", "http://127.0.0.1:8090"),
        ({"environment": {"LANG": "de"}}, "LANG", "de"),
    ],
)
def test_what_config_makes_of_them(changes: dict[str, Any], variable: str, value: str) -> None:
    assert environment(**changes)[variable] == value


def test_no_variable_holds_a_secret() -> None:
    secret = settings(secretKey=KEY, adminPassword=PASSWORD)
    found = application.environment(secret, database_url="", release="")
    assert not {KEY, PASSWORD} & {*found.values(), *application.superuser(secret).values()}


def test_a_seed_step_learns_whom_to_create() -> None:
    assert application.superuser(settings(adminUser="ada", adminEmail="ada@example.org")) == {
        "DJANGO_SUPERUSER_EMAIL": "ada@example.org",
        "DJANGO_SUPERUSER_USERNAME": "ada",
    }


@pytest.mark.parametrize(("collect", "value"), [(True, "true"), (False, "false")])
def test_start_up_commands_differ_in_one_variable(collect: bool, value: str) -> None:
    assert application.startup_switch(collect) == {"COLLECT_STATIC_ON_STARTUP": value}


def test_what_this_program_sets_config_cannot() -> None:
    others = {**application.superuser(settings()), **application.startup_switch(True)}
    assert {*environment(), *others} <= set(RESERVED)


def mounts(static: str | None = None, **changes: Any) -> list[str]:
    def program() -> dict[str, Any]:
        database = Database("shop", {"deployment": "shop", "stack": "s", "existing_volume": None})
        found = application.mounts(
            settings(**changes),
            database=database,
            media="shop-media",
            secret_files="shop-secrets",
            static=static,
        )
        return {str(number): mount.for_client() for number, mount in enumerate(found)}

    return list(deploy(program).outputs.values())


ALWAYS = [
    "type=volume,source=shop-data,target=/srv/data",
    "type=volume,source=shop-media,target=/srv/media",
    "type=volume,source=shop-secrets,target=/run/secrets,readonly",
]


def test_the_mounts_of_every_container() -> None:
    assert mounts() == ALWAYS


def test_static_files_that_are_collected_again_are_the_releases_own() -> None:
    assert mounts(static="static-abc")[3:] == ["type=volume,source=static-abc,target=/srv/static"]


def test_mounted_source_cannot_be_written_to() -> None:
    source = Path("example").resolve()
    assert mounts(mountSource=True)[3:] == [f"type=bind,source={source},target=/app,readonly"]

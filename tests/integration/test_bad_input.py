"""Bad input is an error before anything is changed, naming key, value and remedy."""

import re
from typing import Any

import docker
import pytest

from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.faults import first_error
from tests.integration.harness import Run, Site


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    return make_site("bad-input")


@pytest.fixture(autouse=True)
def config(site: Site) -> Any:
    """Each test starts from the good config, and none leaves anything on the host."""
    file = site.folder / "stacks/Pulumi.clean-server.yaml"
    good = file.read_text()
    yield
    file.write_text(good)
    label = site.labelled()
    client = docker.from_env()
    assert site.containers() == []
    assert client.volumes.list(filters=label) == []
    assert client.networks.list(filters=label) == []
    assert client.images.list(filters=label) == []


def first_problem(run: Run) -> str:
    """What is wrong: the error, or where that only counts, the first line of its list."""
    error = first_error(run.output)
    listed = re.search(r"^ +- (.*)", run.output, flags=re.MULTILINE)
    counts = error.endswith("problem") or "is not ready for" in error
    return listed.group(1) if listed and counts else error


def refused(site: Site) -> Run:
    """Deploy, and be told why not: no stack trace, nothing changed."""
    run = site.up(check=False)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    assert "KeyboardInterrupt" not in run.output
    return run


WRONG_VALUES = [
    (
        {"site.port": "70000"},
        ["site.port is 70000", "less than or equal to 65535", "config set --path site.port"],
    ),
    ({"strategy": "bold"}, ["strategy is 'bold'", "must be one of recommended"]),
    ({"data": "new"}, ["data is 'new'", "'create' or 'existing'"]),
    ({"app.path": "stacks"}, ["no such module in", "is app.path a Django project?"]),
    ({"app.path": "nowhere"}, ["app.path is 'nowhere'", "no such folder"]),
    ({"app.settings": "lanterna.production"}, ["manage.py names lanterna.settings"]),
    ({"app.requirements": "prod.txt"}, ["app.requirements is 'prod.txt'", "no such file"]),
    ({"retire": ["nobody"]}, ["retire names 'nobody'", "docker ps --all"]),
    ({"data": "existing"}, ["there is no volume", "docker volume ls", "database.volume"]),
    ({"env": {"DEBUG": "1"}}, ['env["DEBUG"] is', "app.debug is false, which decides"]),
    ({"env": {"PORT": "1"}}, ['env["PORT"]', "is set by this program"]),
    (
        {"data": "existing", "database.volume": "/nowhere", "media.volume": "/nowhere"},
        ["there is no folder /nowhere"],
    ),
    (
        {"strategy": "aggressive", "app.collectStaticOnStartup": True},
        [
            "app.collectStaticOnStartup is true",
            "config set --path app.collectStaticOnStartup false",
        ],
    ),
]


@pytest.mark.parametrize(("changes", "says"), WRONG_VALUES, ids=str)
def test_a_wrong_value(
    site: Site, changes: dict[str, Any], says: list[str], fault: BeginFault
) -> None:
    site.configure(**changes)
    run = refused(site)
    fault("wrong value").saw(changes, f"exit code {run.code}", first_problem(run))
    for words in says:
        assert words in run.output


@pytest.mark.essential("wrong config")
def test_a_misspelt_key(site: Site, fault: BeginFault) -> None:
    site.configure(setingsModule="x")
    run = refused(site)
    fault("key misspelt").saw(f"exit code {run.code}", first_problem(run))
    assert "setingsModule is no config key of this program: did you mean app.settings" in (
        run.output
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"site.port": "abc"}, "site.port is 'abc': must be a whole number"),
        ({"seed": "maybe"}, "seed is 'maybe': must be a list of texts"),
        ({"database": "postgres"}, "database is 'postgres': must be an object of engine, volume"),
    ],
    ids=str,
)
def test_a_wrong_type(site: Site, changes: dict[str, Any], says: str, fault: BeginFault) -> None:
    for key in changes:
        site.unset(key)
    site.configure(**changes)
    run = refused(site)
    fault("wrong type").saw(changes, f"exit code {run.code}", first_problem(run))
    assert says in run.output


def test_a_volume_over_static_files(site: Site, fault: BeginFault) -> None:
    site.configure(volumes={"files": "/srv/static"})
    run = site.preview()
    fault("over STATIC_ROOT").saw(f"preview: exit code {run.code}", first_problem(run))
    assert run.code != 0
    hidden = "hide the files of every later release"
    for words in ('volumes["files"]', "covers /srv/static", hidden):
        assert words in run.output


@pytest.mark.essential("wrong config")
def test_a_missing_key(site: Site, fault: BeginFault) -> None:
    for key in ("app.path", "app.settings"):
        site.unset(key)
    run = refused(site)
    fault("key missing").saw(f"exit code {run.code}", first_problem(run))
    assert "app.path is missing: set it with `pulumi config set --path app.path" in run.output
    assert "app.settings is missing" in run.output


def test_data_of_somebody_else(site: Site) -> None:
    client = docker.from_env()
    volume = client.volumes.create(f"{site.deployment}-data")
    try:
        output = refused(site).output
    finally:
        volume.remove()
    assert f"volume {site.deployment}-data exists and has no mark of this program" in output
    assert "`pulumi config set data existing -s " in output

"""Releases that are built once: pushed by one stack, and served by another from a registry.

The tests build on each other, in order: `staging` builds on this machine's daemon, and `production`
serves the same on a second host, which has no source.
"""

import base64
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from components.image_reference import Reference
from components.operate.images import NEWER
from tests import sentinels
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.harness import Browser, Run, Site, run, running, visitors
from tests.integration.registry import PASSWORD, USER, Registry
from tests.integration.second_host import SecondHost
from tests.secret_leaks import leaks
from tests.unit.tar import tar_of

STYLES = "example/lanterna/static/css/site.css"
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = Registry(tmp_path_factory.mktemp("registry"))
    try:
        made.trust()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def since(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is older than all that the tests do."""
    made = tmp_path_factory.mktemp("since") / "now"
    made.touch()
    return made


@pytest.fixture(scope="module")
def staging(make_site: MakeSite, registry: Registry, since: Path) -> Site:
    site = make_site("staging")
    site.configure(registry__image=f"{registry.host}/team/shop", registry__user=USER)
    site.configure_secret(registry__password=PASSWORD)
    return site


def timed(site: Site, **options: bool) -> tuple[Run, float]:
    begin = time.monotonic()
    return site.up(**options), time.monotonic() - begin


@pytest.fixture(scope="module")
def first(staging: Site) -> tuple[Reference, float]:
    """The first release in the registry, and the seconds that it took; with all that was said."""
    commands: set[str] = set()
    with running(commands):
        run, seconds = timed(staging, preview=True)
    assert leaks(PASSWORD, run.output + "\n".join(commands)) == []
    return Reference.of(staging.outputs()["releaseImage"]), seconds


@pytest.fixture(scope="module")
def production(make_site: MakeSite, registry: Registry, second_host: SecondHost) -> Site:
    """A stack on another host, which has neither the project nor what builds it."""
    registry.trusted_in(second_host.daemon.box)
    site = make_site("production")
    second_host.takes(site)
    site.unset("app")
    shutil.rmtree(site.folder / "example")
    site.configure(registry__user=USER)
    site.configure_secret(registry__password=PASSWORD)
    return site


def there(second_host: SecondHost) -> docker.DockerClient:
    return docker.DockerClient(base_url=second_host.daemon.address)


def refused(run: Run, *says: str) -> None:
    assert run.code != 0, run.output
    for text in says:
        assert text in run.output
    assert "Traceback" not in run.output
    assert leaks(PASSWORD, run.output) == []


def test_what_is_wrong_with_a_registry_is_said_before_anything_is_made(
    staging: Site, registry: Registry
) -> None:
    with registry.unknown():
        refused(staging.preview(), "unknown authority", f"as {registry.trusted_by}/ca.crt")
    staging.configure_secret(registry__password="not the one")
    refused(staging.preview(), "registry.user is deploy", "--secret --path registry.password")
    staging.configure_secret(registry__password=PASSWORD)
    assert docker.from_env().networks.list(filters=staging.labelled()) == []


def test_a_release_is_pushed_once_it_is_built(
    staging: Site, registry: Registry, first: tuple[Reference, float]
) -> None:
    reference, _ = first
    assert (reference.name, reference.tag) == (
        f"{registry.host}/team/shop",
        staging.outputs()["release"],
    )
    manifest = registry.manifest(reference)
    assert manifest["config"]["digest"] == staging.outputs()["imageId"]  # type: ignore[index]
    assert Browser(staging.url).get("/")[0] == 200
    assert set(staging.up().changes()) == {"unchanged"}


def test_the_credentials_are_nowhere_in_plain_text(
    staging: Site, first: tuple[Reference, float], since: Path
) -> None:
    shown = staging.folder / "shown.json"
    containers = docker.from_env().containers.list(all=True, filters=staging.labelled())
    shown.write_text(json.dumps([container.attrs for container in containers]))
    hits = sentinels.search(sentinels.places(), {"registry.password": PASSWORD}, since=since)
    assert hits == [], "the state and the stack's file have it encrypted"


@pytest.fixture(scope="module")
def promoted(production: Site, first: tuple[Reference, float]) -> float:
    """What staging serves, served in production by one value; the seconds that it took."""
    production.configure(releases__image=str(first[0]))
    said = production.preview()
    assert said.code == 0, said.output
    assert f"which is pulled from {first[0].host}" in said.output
    return timed(production)[1]


def test_it_is_served_elsewhere_byte_for_byte_and_without_the_source(
    staging: Site, production: Site, promoted: float, second_host: SecondHost
) -> None:
    theirs, ours = production.outputs(), staging.outputs()
    for name in ("release", "imageId", "releaseImage"):
        assert theirs[name] == ours[name]
    [backend] = there(second_host).containers.list(filters=production.labelled("backend"))
    assert backend.attrs["Image"] == ours["imageId"]
    assert Browser(production.url).get("/")[0] == 200
    assert theirs["ledger"]["agrees"]
    assert set(production.up().changes()) == {"unchanged"}


@pytest.fixture(scope="module")
def login(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a docker client that has logged in at the registry."""
    folder = tmp_path_factory.mktemp("login")
    key = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": key}}}))
    return folder


def asked_for_newer_images(site: Site, base: str, login: Path) -> Run:
    words = ("-m", "components.operate.images", site.deployment, f"--base={base}")
    env = {**site.env, "DOCKER_CONFIG": str(login)}
    return run((sys.executable, *words), cwd=site.folder, env=env, timeout=120)


def test_a_host_behind_ssh_asks_the_registry_whether_there_is_a_newer_one(
    production: Site, promoted: float, first: tuple[Reference, float], login: Path
) -> None:
    # Any name in the registry will do.
    newest = first[0]
    said = asked_for_newer_images(production, str(newest), login)
    assert said.code == 0, said.output
    earlier = f"{newest.name}:{newest.tag}@sha256:{'4f' * 32}"
    said = asked_for_newer_images(production, earlier, login)
    assert said.code == NEWER, said.output
    assert f"--path image.base {newest} -s STACK" in said.output


def test_an_update_by_digest_builds_nothing(
    staging: Site, production: Site, promoted: float, record_property: Record
) -> None:
    with (staging.folder / STYLES).open("a") as file:
        file.write("\n.tide { color: teal }\n")
    _, built = timed(staging)
    production.configure(releases__image=staging.outputs()["releaseImage"])
    with visitors(production.url) as statuses:
        _, pulled = timed(production)
    assert set(statuses) == {200}
    assert production.outputs()["imageId"] == staging.outputs()["imageId"]
    record_property(LOAD, f"an update: {built:.1f} s that builds, {pulled:.1f} s by digest")
    print(f"an update: {built:.1f} s that builds and pushes, {pulled:.1f} s by digest")


def test_a_release_that_is_gone_from_the_host_is_pulled_to_go_back(
    production: Site, first: tuple[Reference, float], second_host: SecondHost
) -> None:
    tag = first[0].tag
    client = there(second_host)
    for name in (f"{production.deployment}:{tag}", first[0].by_digest):
        client.images.remove(name)
    production.configure(releases__pin=tag[:8])
    production.up()
    assert production.outputs()["release"] == tag
    assert client.images.get(f"{production.deployment}:{tag}").id
    assert Browser(production.url).get("/")[0] == 200
    assert set(production.up().changes()) == {"unchanged"}
    production.unset("releases.pin")


def test_a_registry_that_fails_is_named_while_the_site_serves(
    staging: Site, production: Site, registry: Registry, first: tuple[Reference, float]
) -> None:
    lost = Reference.of(staging.outputs()["releaseImage"])
    production.up()
    with (staging.folder / STYLES).open("a") as file:
        file.write("\n.tide { color: maroon }\n")
    with visitors(staging.url) as here, visitors(production.url) as elsewhere:
        with registry.down():
            refused(staging.preview(), f"the registry at {registry.host} is down")
        with registry.limits():
            refused(staging.preview(), "takes no more requests for now")
        with registry.silent():
            refused(staging.preview(), "registry.timeout")
        staging.up()
        newest = Reference.of(staging.outputs()["releaseImage"])
        registry.lose(newest)
        production.configure(releases__image=str(newest))
        refused(production.preview(), f"has no {newest}", "raise releases.redeploy there")
        staging.configure(releases__redeploy=1)
        staging.up()
        assert staging.outputs()["releaseImage"] == str(newest)
        assert production.preview().code == 0, "it is there again"
        production.configure(registry__user="nobody")
        refused(production.up(check=False), "registry.user is nobody")
    assert set(here) == {200}
    assert set(elsewhere) == {200}
    assert production.outputs()["releaseImage"] == str(lost)


def made_anew(name: str, base: str) -> tuple[str, list[str]]:
    """Have the registry have another base image by a name; its digest and its layers."""
    client = docker.from_env()
    container = client.containers.create(base, "true")
    try:
        container.put_archive("/etc", tar_of(str(time.time_ns()).encode(), "made"))
        container.commit(name)
    finally:
        container.remove()
    client.images.push(name, auth_config={"username": USER, "password": PASSWORD})
    made = client.images.get(name).attrs
    (digest,) = (one.partition("@")[2] for one in made["RepoDigests"])
    return digest, made["RootFS"]["Layers"]


def test_a_release_is_built_on_the_digest_that_is_named_and_a_newer_one_is_said(
    staging: Site, registry: Registry, first: tuple[Reference, float], login: Path
) -> None:
    base = staging.outputs()["baseImage"].partition(",")[0]
    name = f"{registry.host}/others/base:trixie"
    try:
        digest, layers = made_anew(name, base)
        staging.configure(image__base=f"{name}@{digest[:-4]}0000")
        refused(staging.up(check=False), f"can't get {name}@{digest[:-4]}0000", "image.base")
        pinned = f"{name}@{digest}"
        staging.configure(image__base=pinned)
        staging.up()
        assert staging.outputs()["baseImage"] == f"{pinned}, configured as image.base"
        release = docker.from_env().images.get(staging.outputs()["imageId"])
        assert release.attrs["RootFS"]["Layers"][: len(layers)] == layers
        said = asked_for_newer_images(staging, pinned, login)
        assert said.code == 0, said.output
        newest, _ = made_anew(name, base)
        said = asked_for_newer_images(staging, pinned, login)
        assert said.code == NEWER, said.output
        assert f"pulumi config set --path image.base {name}@{newest} -s STACK" in said.output
        assert set(staging.up().changes()) == {"unchanged"}
        with registry.down():
            said = asked_for_newer_images(staging, pinned, login)
        assert "release: its registry does not say: " in said.output
        assert leaks(PASSWORD, said.output) == []
    finally:
        for image in docker.from_env().images.list(name.rpartition(":")[0]):
            docker.from_env().images.remove(str(image.id), force=True)

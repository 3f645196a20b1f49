"""The update and the development stack: the same program, other config."""

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.harness import Browser, Run, Site
from tests.integration.interruption import Boundary, Cut, cut_off


@pytest.fixture(scope="module")
def original(make_site: MakeSite) -> Site:
    """A site that was deployed before, by whatever means; here by the program itself."""
    site = make_site("original")
    site.up()
    return site


@pytest.fixture(scope="module")
def plain_volumes(original: Site) -> Iterator[dict[str, str]]:
    """Its data in volumes that carry no mark of the program, and a container that serves it."""
    client = docker.from_env()
    backend = client.containers.get(original.outputs()["containers"]["backend"])
    image = str(backend.attrs["Image"])
    names = {part: f"{original.deployment}-plain-{part}" for part in ("data", "media")}
    for part, name in names.items():
        client.volumes.create(name)
        copied = {f"{original.deployment}-{part}": {"bind": "/from"}, name: {"bind": "/to"}}
        command = ["sh", "-c", "cp -a /from/. /to/ && chown -R 0:0 /to"]
        client.containers.run(image, command, volumes=copied, user="0", remove=True)
    yield names
    for name in names.values():
        client.volumes.get(name).remove(force=True)


@pytest.mark.essential("takeover")
def test_update_serves_existing_data_and_retires_what_served_it(
    make_site: MakeSite, original: Site, plain_volumes: dict[str, str], fault: BeginFault
) -> None:
    site = make_site("takeover", stack="update")
    client = docker.from_env()
    old = client.containers.run(
        original.outputs()["imageId"],
        ["python", "-m", "http.server", str(site.port)],
        name=f"{site.deployment}-old",
        detach=True,
        init=True,
        restart_policy={"Name": "always"},
        ports={f"{site.port}/tcp": ("127.0.0.1", site.port)},
        volumes={
            plain_volumes["data"]: {"bind": "/data"},
            plain_volumes["media"]: {"bind": "/media"},
        },
        user="0",
    )
    try:
        site.configure(database__volume=plain_volumes["data"], media__volume=plain_volumes["media"])
        refused = site.preview()
        named = f"container {old.name} runs and can write to {plain_volumes['data']}, at /data"
        fault("data of a stranger").saw(
            f"one that nobody named: exit code {refused.code} at preview, named: "
            f"{named in refused.output}"
        )
        assert named in refused.output
        said = re.search(r"`pulumi (config set --path 'retire\[0\]' [^`]+)`", refused.output)
        assert said
        site.pulumi(*shlex.split(said[1]), check=True)
        old.exec_run(["sh", "-c", "mkdir /uploads && echo by hand > /uploads/note.txt"])
        failed = _failed(site, old)
        copying = re.search(r"`(docker cp [^`]*)`", failed.output)
        assert copying
        subprocess.run(copying[1], shell=True, check=True)
        given = re.search(rf"{plain_volumes['data']}: (given to .*)", failed.output)
        _killed(site, old)
        run = site.up()
        assert "Skarn Tooth" in Browser(site.url).get("/")[1]
        fault("uploads in a layer").saw(
            f"warned with {copying[1][:30]}…, and not again: {'own layer' not in run.output}",
            f"the file is served: {Browser(site.url).get('/media/note.txt')}",
        )
        assert "own layer" not in run.output
        assert Browser(site.url).get("/media/note.txt")[0] == 200
        fault("owned by root").saw(
            f"existing data: exit code {run.code}",
            given.group() if given else "nothing was given",
            f"the site answers {Browser(site.url).get('/')[0]}",
        )
        assert given
        assert site.outputs()["seeding"] == "no step ran"
        old.reload()
        assert old.status == "exited"
        assert old.attrs["HostConfig"]["RestartPolicy"]["Name"] == "no"
        visitor = Browser(site.url)
        assert visitor.log_in("admin", original.secret("admin.password"))
        assert set(site.up().changes()) == {"unchanged"}
        _gone_back_and_taken_over_again(site, old, fault)
        site.destroy()
    finally:
        old.remove(force=True)
        site.remove_everything()
    for name in plain_volumes.values():
        assert not client.volumes.get(name).attrs["Labels"], "referenced, never relabelled"


def _gone_back_and_taken_over_again(site: Site, old: Container, fault: BeginFault) -> None:
    """The way that the output says leads back, and what was written there is put right after it."""
    subprocess.run(site.outputs()["wayBack"], shell=True, check=True, capture_output=True)
    old.reload()
    assert old.status == "running"
    policy = old.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert old.exec_run(["mkdir", "/media/by-root"]).exit_code == 0
    again = site.up()
    old.reload()
    backend = docker.from_env().containers.get(site.outputs()["containers"]["backend"])
    written = backend.exec_run(["touch", "/srv/media/by-root/upload"]).exit_code
    fault("taken over again").saw(
        f"back by the output wayBack: running, restart policy {policy}",
        f"forward: exit code {again.code}, the old one {old.status}",
        f"its folder can be written: {written == 0}",
    )
    assert policy == "always"
    assert old.status == "exited"
    assert written == 0


def _failed(site: Site, old: Container) -> Run:
    """An update whose edge can't be made: what has its port serves on."""
    blocker = docker.from_env().containers.create(
        old.attrs["Image"], name=f"{site.deployment}-edge"
    )
    old.reload()
    began = old.attrs["State"]["StartedAt"]
    try:
        run = site.up(check=False)
        assert run.code != 0
        old.reload()
        assert (old.status, old.attrs["State"]["StartedAt"]) == ("running", began)
        assert old.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"
        return run
    finally:
        blocker.remove()


def _killed(site: Site, old: Container) -> None:
    """An update that ends while its edge is tried: what has the port serves on."""

    def is_tried() -> bool:
        found = docker.from_env().containers.list(filters=site.labelled("edge"))
        return any(f"{site.deployment}-ingress" not in _networks(edge) for edge in found)

    old.reload()
    began = old.attrs["State"]["StartedAt"]
    begun = Boundary(side="before", operation="create", resource="traffic")
    killed = cut_off(site, Cut(at=begun, once=is_tried))
    assert killed.code < 0, killed.output
    old.reload()
    assert (old.status, old.attrs["State"]["StartedAt"]) == ("running", began)
    (edge,) = docker.from_env().containers.list(filters=site.labelled("edge"))
    assert edge.attrs["NetworkSettings"]["Ports"] == {}, "it runs, and has no port"
    said = site.recover()
    assert said.code == 0, said.output


def _networks(container: Container) -> set[str]:
    return set(container.attrs["NetworkSettings"]["Networks"])


@pytest.mark.essential("development")
def test_development_follows_the_source(make_site: MakeSite) -> None:
    site = make_site("develop", stack="development")
    site.up()
    backend = site.outputs()["containers"]["backend"]
    container = docker.from_env().containers.get(backend)
    assert re.search(r"collectstatic … \d+ files", container.logs().decode())
    assert "COLLECT_STATIC_ON_STARTUP=true" in container.attrs["Config"]["Env"]
    assert Browser(site.url).get("/")[0] == 200
    time.sleep(2)  # the reloader looks at every file once a second
    views = site.folder / "example/lanterna/urls.py"
    views.write_text(
        views.read_text() + "\nfrom django.http import HttpResponse\nurlpatterns.insert("
        "0, path('fresh/', lambda request: HttpResponse('fresh from the source')))\n"
    )
    _eventually(site, "/fresh/", "fresh from the source")
    template = site.folder / "example/catalogue/templates/catalogue/home.html"
    template.write_text(template.read_text().replace("</h1>", " (edited)</h1>", 1))
    _eventually(site, "/", "(edited)")
    assert site.outputs()["containers"]["backend"] == backend


def _eventually(site: Site, path: str, text: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if text in Browser(site.url).get(path)[1]:
            return
        time.sleep(0.3)
    raise AssertionError(f"{path} did not show {text!r} within {seconds:.0f} s")


def test_an_empty_volume_is_no_existing_data(make_site: MakeSite) -> None:
    site = make_site("empty", stack="update")
    client = docker.from_env()
    volumes = [client.volumes.create(f"{site.deployment}-{part}") for part in ("data", "media")]
    try:
        site.configure(database__volume=volumes[0].name, media__volume=volumes[1].name)
        run = site.up(check=False)
        assert run.code != 0
        assert f"there is no file db.sqlite3 in {volumes[0].name}" in run.output
        assert site.containers() == []
    finally:
        for volume in volumes:
            volume.remove()


def test_update_serves_data_in_folders_of_the_host(
    make_site: MakeSite, original: Site, tmp_path: Path
) -> None:
    client = docker.from_env()
    folders = {part: tmp_path / part for part in ("data", "media")}
    image = str(client.containers.get(original.outputs()["containers"]["backend"]).attrs["Image"])
    for part, folder in folders.items():
        folder.mkdir()
        copied = {f"{original.deployment}-{part}": {"bind": "/from"}, str(folder): {"bind": "/to"}}
        command = ["sh", "-c", "cp -a /from/. /to/ && chown -R 0:0 /to"]
        client.containers.run(image, command, volumes=copied, user="0", remove=True)
    (folders["data"] / "db.sqlite3").rename(folders["data"] / "site.db")
    site = make_site("folders", stack="update")
    old = client.containers.run(
        image, ["sleep", "600"], name=f"{site.deployment}-old", detach=True, init=True
    )
    site.configure(
        database__volume=folders["data"],
        media__volume=folders["media"],
        database__file="site.db",
        retire=[old.name],
    )
    try:
        site.up()
        old.reload()
        assert old.status == "exited"
        edge = client.containers.get(site.outputs()["containers"]["edge"])
        # Docker's times have more digits than Python's, but compare as text.
        assert old.attrs["State"]["FinishedAt"] > edge.attrs["State"]["StartedAt"], "not in its way"
    finally:
        old.remove(force=True)
    browser = Browser(site.url)
    assert "Skarn Tooth" in browser.get("/")[1]
    assert browser.log_in("admin", original.secret("admin.password")), "the data can be written"
    site.destroy()
    assert (folders["data"] / "site.db").is_file()

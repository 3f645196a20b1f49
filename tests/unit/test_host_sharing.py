"""Who else has the data that is taken over, by its volume or by a folder of the host."""

from typing import Any

import pytest

from components.data.database_claim import DatabaseClaim
from components.host.data_mounts import users
from components.host.docker_host import Host
from components.host.inspected import Container
from tests.unit.fake_daemon import FakeDaemon, claim, problems

BLOG = {"django-on-docker.deployment": "blog", "django-on-docker.role": "backend"}
OURS = {"django-on-docker.deployment": "shop", "django-on-docker.role": "backend"}
BY_HAND = {"django-on-docker.deployment": "shop", "django-on-docker.role": "release"}
VOLUMES: dict[str, dict[str, Any]] = {
    "data": {"Mountpoint": "/var/lib/docker/volumes/data/_data"},
    "bound": {
        "Mountpoint": "/var/lib/docker/volumes/bound/_data",
        "Options": {"type": "none", "o": "bind", "device": "/srv/shop/data"},
    },
}


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack that commands are said for, whatever program was run before on mocks."""
    monkeypatch.setattr("pulumi.get_stack", lambda: "stack")


def volume(name: str, *, writes: bool = True, at: str = "/data") -> dict[str, Any]:
    return {"Type": "volume", "Name": name, "Source": "", "Destination": at, "RW": writes}


def folder(path: str, *, writes: bool = True, at: str = "/data") -> dict[str, Any]:
    return {"Type": "bind", "Source": path, "Destination": at, "RW": writes}


@pytest.mark.parametrize(
    ("source", "mount", "related"),
    [
        ("data", volume("data"), "same"),
        ("data", volume("data2"), ""),
        ("data", {"Type": "tmpfs", "Source": "", "Destination": "/tmp", "RW": True}, ""),
        ("data", folder("/var/lib/docker/volumes/data/_data"), "same"),
        ("data", folder("/var/lib/docker/volumes/data/_data/sub"), "same"),
        ("data", folder("/var/lib/docker/volumes/data/_data2"), ""),
        ("data", folder("/var/lib/docker/volumes"), "around"),
        ("data", folder("/"), "around"),
        ("data", folder("/srv/shop"), ""),
        ("/srv/shop/data", folder("/srv/shop/data"), "same"),
        ("/srv/shop/data", folder("/srv/shop"), "same"),
        ("/srv/shop/data", folder("/srv/shop/data/media"), "same"),
        ("/srv/shop/data", folder("/srv/shop/data-old"), ""),
        ("/srv/shop/data", folder("/"), "around"),
        ("/srv/shop/data", volume("bound"), "same"),
        ("bound", folder("/srv/shop"), "same"),
        ("bound", folder("/srv/shop/data/x"), "same"),
        ("bound", folder("/srv/other"), ""),
        ("gone", volume("data"), ""),
    ],
)
def test_what_has_something_of_the_data(source: str, mount: dict[str, Any], related: str) -> None:
    described = {"Id": "1", "Name": "/web", "Image": "", "Config": {"Labels": {}}}
    container = Container({**described, "Mounts": [mount]})
    found = list(users(source, [container], VOLUMES))
    assert [u.name for u in found] == (["web"] if related else [])
    assert [u.around for u in found] == ([related == "around"] if related else [])


def warnings(**changes: Any) -> list[str]:
    return list(claim(**changes).warnings(Host()))


@pytest.fixture
def existing(daemon: FakeDaemon) -> FakeDaemon:
    """Data without a mark, and a container that can write to it."""
    daemon.found = {"old_data": None, "old_media": None}
    daemon.running = {"web": {}}
    daemon.mounts = {"web": [volume("old_data", at="/app/data")]}
    return daemon


TAKEN = {
    "data": "existing",
    "volumes": {"database.volume": "old_data", "media.volume": "old_media"},
}


def test_who_can_write_to_the_data_is_refused(existing: FakeDaemon) -> None:
    (said,) = problems(**TAKEN, retire=("other",), owned=(), port=None)[:1]
    assert said.startswith(
        "database.volume: container web runs and can write to old_data, at /app/data"
    )
    assert "`pulumi config set --path 'retire[1]' web -s stack`" in said
    assert "`docker update --restart=no web && docker stop web`" in said
    assert not warnings(**TAKEN)


def test_each_is_named_once_and_has_a_place_of_its_own(existing: FakeDaemon) -> None:
    existing.running = {"web": {}, "worker": {}}
    existing.mounts = {
        "web": [volume("old_data"), volume("old_media")],
        "worker": [volume("old_media", at="/m")],
    }
    first, second = problems(**TAKEN)
    assert "'retire[0]' web" in first
    assert second.startswith(
        "media.volume: container worker runs and can write to old_media, at /m"
    )
    assert "'retire[1]' worker" in second


@pytest.mark.parametrize(
    ("labels", "changes"),
    [
        ({}, {"retire": ("web",)}),
        (OURS, {"owned": ("web-id",)}),
        ({**OURS, "django-on-docker.role": "seeding"}, {}),
    ],
)
def test_who_is_retired_and_what_is_ones_own_is_not(
    existing: FakeDaemon, labels: dict[str, str], changes: dict[str, Any]
) -> None:
    existing.running = {"web": labels}
    assert problems(**TAKEN, **changes) == ()
    assert warnings(**TAKEN, **changes) == []


def test_what_does_not_run_serves_from_nothing(existing: FakeDaemon) -> None:
    existing.running, existing.stopped = {}, {"web": {}}
    assert problems(**TAKEN) == ()


def test_one_that_a_person_started_from_a_release_is_a_stranger(existing: FakeDaemon) -> None:
    existing.running = {"web": BY_HAND}
    (said,) = problems(**TAKEN)
    assert "'retire[0]' web" in said


def test_another_deployments_is_handed_over_by_its_stack(existing: FakeDaemon) -> None:
    existing.running = {"web": BLOG}
    existing.nets = {"blog": {**BLOG, "django-on-docker.stack": "organization/p/blog-prod"}}
    (said,) = problems(**TAKEN)
    assert "container web of deployment blog runs and can write to old_data" in said
    assert "Its stack organization/p/blog-prod can hand all of it over with" in said
    assert "`pulumi state move`" in said
    assert "`pulumi destroy -s blog-prod`" in said
    existing.nets = {}
    (said,) = problems(**TAKEN)
    assert "Its stack can hand" in said


@pytest.mark.parametrize(
    ("mount", "says"),
    [
        (
            volume("old_media", writes=False, at="/m"),
            "container web reads old_media (media.volume)",
        ),
        (folder("/volumes"), "mounts a folder of the host in which old_data (database.volume) is"),
    ],
)
def test_who_cannot_do_harm_or_may_be_a_tool_is_said(
    existing: FakeDaemon, mount: dict[str, Any], says: str
) -> None:
    existing.mounts = {"web": [mount]}
    assert problems(**TAKEN) == ()
    assert says in warnings(**TAKEN)[0]


def test_files_may_come_to_a_site_that_serves_from_elsewhere(existing: FakeDaemon) -> None:
    existing.running = {"ftp": {}, "ours": OURS}
    existing.mounts = {"ftp": [volume("old_media")]}
    taken = {**TAKEN, "owned": ("ours-id",)}
    assert problems(**taken) == ()
    assert warnings(**taken)[0].startswith("container ftp can write to old_media (media.volume)")
    existing.mounts = {"ftp": [volume("old_data")]}
    assert "container ftp runs and can write to old_data" in problems(**taken)[0]


@pytest.mark.parametrize(("writes", "said"), [(True, 1), (False, 0)])
def test_ones_own_data_in_anothers_hands_is_said(
    daemon: FakeDaemon, writes: bool, said: int
) -> None:
    daemon.found = {name: {"django-on-docker.deployment": "shop"} for name in ("shop-data",)}
    daemon.running = {"web": BLOG}
    daemon.mounts = {"web": [volume("shop-data", writes=writes)]}
    assert problems() == ()
    assert len(warnings()) == said


def test_to_create_over_data_leads_to_who_serves_from_it(existing: FakeDaemon) -> None:
    volumes = {"database.volume": "old_data"}
    (said,) = problems(volumes=volumes)
    assert (
        "`pulumi config set --path database.volume old_data -s stack`, and name web in retire"
        in said
    )
    existing.found = {"old_data": {"django-on-docker.deployment": "blog"}}
    (said,) = problems(volumes=volumes)
    assert "web serves from it: hand that deployment over with `pulumi state move`" in said
    assert "config set data existing" not in said


def test_a_servers_data_is_asked_for_once(existing: FakeDaemon) -> None:
    server = DatabaseClaim(
        engine="postgres", deployment="shop", existing=True, source="old_data", server="shop-pg"
    )
    (said,) = problems(**TAKEN, database=server)
    assert "old_data is in use by container web: two servers" in said
    existing.mounts = {"web": [volume("old_data", writes=False)]}
    assert problems(**TAKEN, database=server) == ()

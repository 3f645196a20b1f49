"""Static files of other releases, asked for through Django's handlers, sync and async."""

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.runtime_project import SETTINGS, Project, ask

WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
STORAGES = {
    "django": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    "whitenoise": "whitenoise.storage.CompressedManifestStaticFilesStorage",
}
OLD = "body { color: green; " + "margin: 0; " * 40 + "}"


@pytest.fixture
def project(project: Project, tmp_path: Path) -> Project:
    """A project, and a volume for files of its releases."""
    project.environ["DEPLOY_ASSETS"] = str(tmp_path / "assets")
    (tmp_path / "assets").mkdir()
    return project


def release(project: Project, name: str, style: str) -> str:
    """Build and publish a release whose style sheet is this; return that one's address."""
    project.write("shop/static/shop.css", style)
    root = Path(project.environ["STATIC_ROOT"])
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    project.succeeds("build", DATABASE_URL="sqlite:////tmp/none.sqlite3")
    done = project.module("assets", "publish", RELEASE=name)
    assert done.stderr == ""
    manifest = json.loads((root / "staticfiles.json").read_text())["paths"]
    return f"/static/{manifest['shop.css']}"


def own(project: Project, storage: str, middleware: str = repr([WHITENOISE])) -> None:
    """Have the project choose its own storage and its own server."""
    storages = {"staticfiles": {"BACKEND": storage}}
    project.configure(f"STORAGES = {storages}\nMIDDLEWARE = {middleware}")


@pytest.mark.parametrize("storage", ["supplied", *STORAGES])
def test_an_old_releases_file_is_served_as_it_served_it(project: Project, storage: str) -> None:
    if storage in STORAGES:
        own(project, STORAGES[storage])
    old = release(project, "one", OLD)
    [before] = ask(project, old)
    new = release(project, "two", "body { color: blue }")
    assert new != old
    answer, current = ask(project, old, new)
    assert (answer["status"], answer["body"]) == (200, OLD)
    assert current["body"] == "body { color: blue }"
    assert answer["headers"] == before["headers"]
    assert "immutable" in answer["headers"]["Cache-Control"]
    assert answer["headers"]["Content-Type"] == 'text/css; charset="utf-8"'
    assert {"ETag", "Last-Modified"} <= answer["headers"].keys()


def test_the_compressed_variant_is_served_to_who_takes_it(project: Project) -> None:
    own(project, STORAGES["whitenoise"])
    old = release(project, "one", OLD)
    release(project, "two", "body { color: blue }")
    code = f"""
from django.test import Client
answers = [
    Client().get({old!r}, headers={{"host": "shop.example", "accept-encoding": encoding}})
    for encoding in ("gzip", "identity")
]
import gzip
bodies = [b"".join(answer.streaming_content) for answer in answers]
result = [
    [answer.headers.get("Content-Encoding") for answer in answers],
    gzip.decompress(bodies[0]).decode(),
    bodies[1].decode(),
]
"""
    assert project.value(code) == [["gzip", None], OLD, OLD]


def test_what_is_cached_is_not_sent_again(project: Project) -> None:
    old = release(project, "one", OLD)
    release(project, "two", "body { color: blue }")
    tag = ask(project, old)[0]["headers"]["ETag"]
    [answer] = ask(project, old, **{"If-None-Match": tag})
    assert (answer["status"], answer["body"]) == (304, "")
    [head] = ask(project, old, method="HEAD")
    assert (head["status"], head["body"]) == (200, "")
    assert head["headers"]["Content-Length"] == str(len(OLD))


def test_a_release_that_comes_later_is_known_while_traffic_is_switched(project: Project) -> None:
    release(project, "one", OLD)
    folder = Path(project.environ["DEPLOY_ASSETS"], "two")
    code = f"""
from pathlib import Path
from django.test import Client
client = Client(headers={{"host": "shop.example"}})
before = client.get("/static/later.abc.css").status_code
Path({str(folder)!r}).mkdir()
Path({str(folder)!r}, "later.abc.css").write_text("later")
result = [before, client.get("/static/later.abc.css").status_code]
"""
    assert project.value(code) == [404, 200]


def test_nothing_else_is_served(project: Project) -> None:
    old = release(project, "one", OLD)
    release(project, "two", "body { color: blue }")
    assets = Path(project.environ["DEPLOY_ASSETS"])
    (assets / "secret.txt").write_text("hush")
    (assets / ".half").mkdir()
    (assets / ".half/shop.000.css").write_text("half")
    (assets / "one/x.css.gz").write_text("zipped")
    (assets / "one/x.css").write_text("plain")
    paths = [
        *("/static/", "/static/one/", "/static/../secret.txt", "/static/%2e%2e/secret.txt"),
        *("/static//etc/passwd", f"/static/{assets}/secret.txt", "/static/a%00b"),
        *("/static/shop.000.css", "/static/x.css.gz", "/static/" + "a" * 999),
        *(f"/one{old.removeprefix('/static')}", "/static/..%5csecret.txt"),
    ]
    assert [answer["status"] for answer in ask(project, *paths)] == [404] * len(paths)
    assert ask(project, old, method="POST")[0]["status"] == 404


def test_what_guards_the_projects_pages_does_not_guard_its_styles(project: Project) -> None:
    project.write(
        "site_/guard.py",
        "from django.http import HttpResponseRedirect\n"
        "def guard(get_response):\n"
        "    return lambda request: HttpResponseRedirect('/login/')",
    )
    own(project, STORAGES["django"], repr([WHITENOISE, "site_.guard.guard"]))
    old = release(project, "one", OLD)
    release(project, "two", "body { color: blue }")
    code = f"""
from django.test import Client
client = Client(headers={{"host": "shop.example"}})
result = [client.get(path).status_code for path in ({old!r}, "/static/none.css", "/")]
"""
    assert project.value(code) == [200, 302, 302]


def test_without_the_volume_a_missing_file_is_missing(project: Project) -> None:
    old = release(project, "one", OLD)
    release(project, "two", "body { color: blue }")
    shutil.rmtree(project.environ["DEPLOY_ASSETS"])
    assert ask(project, old)[0]["status"] == 404


def test_the_projects_own_rules_for_its_files_hold(project: Project) -> None:
    text = f"{SETTINGS}WHITENOISE_ALLOW_ALL_ORIGINS = False\nSTATIC_URL = '/a/b/'"
    project.write("site_/settings.py", text)
    old = release(project, "one", OLD).replace("/static/", "/a/b/")
    release(project, "two", "body { color: blue }")
    [answer] = ask(project, old)
    assert (answer["status"], answer["body"]) == (200, OLD)
    assert "Access-Control-Allow-Origin" not in answer["headers"]


def test_an_address_on_another_host_has_the_same_path(project: Project) -> None:
    project.configure("STATIC_URL = 'https://static.example/s/'")
    old = release(project, "one", OLD).replace("/static/", "/s/")
    release(project, "two", "body { color: blue }")
    assert ask(project, old)[0]["status"] == 200

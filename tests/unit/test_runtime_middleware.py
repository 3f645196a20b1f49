"""The health endpoint and uploads, asked through Django's handlers, sync and async."""

import os
from pathlib import Path

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import Project, ask


def test_health_is_answered_before_hosts_are_checked(project: Project) -> None:
    common = "django.middleware.common.CommonMiddleware"
    project.configure(f"MIDDLEWARE = [{common!r}]")
    health, page = ask(project, "/-/health", "/", host="10.0.0.1")
    assert (health["status"], health["body"]) == (200, '{"status": "ok"}')
    assert health["headers"]["Cache-Control"] == "no-store"
    assert page["status"] == 400


def test_health_names_the_database_that_fails_and_no_more(project: Project) -> None:
    database = runtime_project.database(project)
    broken = database.with_name("other.sqlite3")
    broken.write_text("this is no database " * 100)
    other = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(broken)}
    project.configure(f"DATABASES = {{'default': {{}}, 'o': {other}}}")
    assert ask(project, "/-/health")[0]["status"] == 200, "nobody said that it is the site's"
    project.environ |= {"DEPLOY_DATABASES": "o", "DEPLOY_DATABASE_URL_1": f"sqlite:///{broken}"}
    [health] = ask(project, "/-/health")
    assert health["status"] == 503
    assert health["body"] == '{"status": "error", "databases": {"o": "DatabaseError"}}'


def test_health_leaves_the_projects_own_paths_alone(project: Project) -> None:
    page, missing = ask(project, "/", "/-/healthy")
    assert (page["status"], page["body"]) == (200, "welcome")
    assert missing["status"] == 404


@pytest.fixture
def upload(project: Project) -> Path:
    path = Path(project.environ["MEDIA_ROOT"], "a", "page.html")
    path.parent.mkdir()
    path.write_text("<script>alert(1)</script>")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def test_uploads_are_served_and_trusted_with_nothing(project: Project, upload: Path) -> None:
    [answer] = ask(project, "/media/a/page.html")
    assert answer["status"] == 200
    assert answer["body"] == upload.read_text()
    headers = answer["headers"]
    assert headers["Content-Type"] == "text/html"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"


def test_a_head_has_the_length_and_no_body(project: Project, upload: Path) -> None:
    [answer] = ask(project, "/media/a/page.html", method="HEAD")
    assert (answer["status"], answer["body"]) == (200, "")
    assert answer["headers"]["Content-Length"] == str(upload.stat().st_size)
    assert not answer["streaming"], "no file that a server would send after all"


def test_what_has_not_changed_is_not_sent_again(project: Project, upload: Path) -> None:
    since = {"If-Modified-Since": "Sun, 09 Sep 2001 01:46:40 GMT"}
    assert ask(project, "/media/a/page.html", **since)[0]["status"] == 304
    since = {"If-Modified-Since": "Sun, 09 Sep 2001 01:46:39 GMT"}
    assert ask(project, "/media/a/page.html", **since)[0]["status"] == 200


def test_nothing_outside_the_folder_is_served(project: Project, upload: Path) -> None:
    paths = ["/media/../secrets/KEY", "/media/a", "/media/", "/media/%2e%2e/secrets/KEY"]
    paths += ["/media//etc/passwd", "/media/a/none.html", "/media/a%00b", "/media/" + "a" * 999]
    Path(project.environ["DEPLOY_SECRETS_DIR"], "KEY").write_text("secret")
    assert [answer["status"] for answer in ask(project, *paths)] == [404] * len(paths)


def test_a_post_is_not_for_files(project: Project, upload: Path) -> None:
    assert ask(project, "/media/a/page.html", method="POST")[0]["status"] == 404


def test_the_projects_own_view_of_uploads_goes_first(project: Project, upload: Path) -> None:
    project.write(
        "site_/urls.py",
        "from django.http import HttpResponse\nfrom django.urls import re_path\n"
        "urlpatterns = [re_path(r'^media/(?P<path>a/.*)$', lambda r, path: "
        "HttpResponse('log in first', status=403))]",
    )
    other = upload.parents[1] / "b.txt"
    other.write_text("b")
    protected, plain = ask(project, "/media/a/page.html", "/media/b.txt")
    assert (protected["status"], protected["body"]) == (403, "log in first")
    assert plain["status"] == 200


def test_a_catch_all_address_does_not_count_as_a_view_of_uploads(
    project: Project, upload: Path
) -> None:
    project.write(
        "site_/urls.py",
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "urlpatterns = [path('<path:path>', lambda r, path: HttpResponse('a page'))]",
    )
    [answer] = ask(project, "/media/a/page.html")
    assert answer["body"] == upload.read_text()


def test_private_folders_and_links_out_of_the_folder_are_not_served(
    project: Project, upload: Path
) -> None:
    project.environ["DEPLOY_PRIVATE_MEDIA"] = '["documents", "./a/"]'
    media = upload.parents[1]
    secret = Path(project.environ["DEPLOY_SECRETS_DIR"], "SECRET_KEY")
    secret.write_text("secret" * 10)
    (media / "key").symlink_to(secret)
    (media / "ab.txt").write_text("b")
    paths = ["/media/a/page.html", "/media//./x/..//a/page.html", "/media/a%2fpage.html"]
    *private, link, plain = ask(project, *paths, "/media/key", "/media/ab.txt")
    assert [answer["status"] for answer in private] == [404] * len(paths)
    assert (link["status"], plain["status"]) == (404, 200)


def test_private_folders_that_cannot_be_read_are_an_error(project: Project) -> None:
    project.environ["DEPLOY_PRIVATE_MEDIA"] = "documents, a"
    with pytest.raises(AssertionError, match="it has to be a list in JSON"):
        ask(project, "/media/a/page.html")


def test_a_storage_class_that_keeps_files_elsewhere_is_not_read(
    project: Project, upload: Path
) -> None:
    project.write(
        "site_/storage.py",
        "from django.core.files.storage import Storage\nclass Elsewhere(Storage): pass",
    )
    storages = {"default": {"BACKEND": "site_.storage.Elsewhere"}}
    project.configure(f"STORAGES = {storages}")
    assert ask(project, "/media/a/page.html")[0]["status"] == 404

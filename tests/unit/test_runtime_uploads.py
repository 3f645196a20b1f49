"""Uploads: where a path leads decides whether the file is served, not how it is written."""

import os
from pathlib import Path

import pytest

from deploy_runtime.uploads import NotServedError, open_upload, private_folders


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder of uploads, beside a secret."""
    folder = tmp_path / "media"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "page.html").write_text("page")
    (tmp_path / "key").write_text("secret")
    return folder


def is_served(media: Path, path: str, *private: str) -> bool:
    try:
        open_upload(str(media), path, private).close()
    except NotServedError:
        return False
    return True


@pytest.mark.parametrize(
    ("configured", "there"),
    [
        *(("a", "a"), ("./a", "a"), ("a/.", "a"), ("/a/", "a"), ("a//", "a"), ("A", "a")),
        *(("x/../a", "a"), (" a ", "a"), ("a,b", "a,b"), (".", "a"), ("real", "a"), ("a", "A")),
        *(("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE"), ("x//y", "x/y")),
    ],
)
def test_a_private_folder_is_not_served_however_it_is_written(
    media: Path, configured: str, there: str
) -> None:
    (media / there).mkdir(exist_ok=True, parents=True)
    (media / there / "page.html").write_text("private")
    # By the name of a folder that leads there, and by a link from elsewhere.
    (media / "real").symlink_to(there)
    (media / "public").mkdir()
    (media / "public" / "link").symlink_to(media / there / "page.html")
    asked = [f"{there}/page.html", f"./{there}//page.html", f"x/../{there}/./page.html"]
    asked += [f"//{there}/page.html", f"public/../{there}/page.html"]
    asked += ["real/page.html", "public/link"]
    for path in asked:
        assert is_served(media, path), "it is there"
        assert not is_served(media, path, "documents", configured), path


@pytest.mark.parametrize("configured", ["page", "a/pag", "b", "aa", "a/b", "a.", "%61"])
def test_what_is_in_no_private_folder_is_served(media: Path, configured: str) -> None:
    assert is_served(media, "a/page.html", configured)


def test_a_link_is_served_by_where_it_leads(media: Path) -> None:
    secret = media.parent / "key"
    (media / "key").symlink_to(secret)
    (media / "relative").symlink_to("../key")
    (media / "keys").symlink_to(media.parent)
    # A neighbour whose name begins as the folder's does is not in it.
    (neighbour := media.with_name("media-other")).mkdir()
    (neighbour / "file").write_text("secret")
    (media / "neighbour").symlink_to(neighbour / "file")
    (media / "dangling").symlink_to("none")
    (media / "loop").symlink_to("loop")
    (media / "device").symlink_to("/dev/zero")
    os.mkfifo(media / "pipe")
    asked = ["key", "relative", "keys/key", "neighbour", "dangling", "loop", "device", "pipe"]
    asked += ["", ".", "a", "../key", "/../key", "a/../../key", "a\0b", "x" * 999, str(secret)]
    assert [path for path in asked if is_served(media, path)] == []
    (media / "inside").symlink_to("a/page.html")
    assert is_served(media, "inside")


def test_a_folder_of_uploads_may_be_a_link_itself(media: Path) -> None:
    (link := media.with_name("link")).symlink_to(media)
    assert is_served(link, "a/page.html")
    assert not is_served(link, "a/page.html", "a")


@pytest.mark.parametrize(("text", "folders"), [("", ()), ("[]", ()), ('["a,b"]', ("a,b",))])
def test_the_variable_is_a_list_in_json(text: str, folders: tuple[str, ...]) -> None:
    assert private_folders({"DEPLOY_PRIVATE_MEDIA": text}) == folders


@pytest.mark.parametrize("text", ["a", "documents, a", '"a"', "[1]", "{}", "null"])
def test_what_cannot_be_read_serves_nothing(text: str) -> None:
    with pytest.raises(Exception, match="it has to be a list in JSON"):
        private_folders({"DEPLOY_PRIVATE_MEDIA": text})

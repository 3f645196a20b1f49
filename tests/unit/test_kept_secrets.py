"""Generated secrets: written into a volume that outlives the stack, by standard input alone."""

import io
import tarfile

import pytest

from components.serving import kept_secrets_step
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

CONTENT = b'{"app.secretKey": "hush-hush"}'


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLUME", "shop-kept-secrets")
    monkeypatch.setenv("IMAGE", "sha256:1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))


def test_they_are_one_file_that_root_alone_reads() -> None:
    with tarfile.open(fileobj=io.BytesIO(kept_secrets_step.archive_of(CONTENT))) as tar:
        (entry,) = tar.getmembers()
        assert (entry.mode, entry.uid, entry.gid) == (0o400, 0, 0)
        file = tar.extractfile(entry)
        assert file
        assert file.read() == CONTENT
        assert entry.name == f"{kept_secrets_step.FILE}.new", "it gets its name when it is whole"


def test_a_container_without_network_writes_them(cli: FakeDocker, environment: None) -> None:
    kept_secrets_step.main()
    (call,) = cli.calls
    words = (
        "run --rm -i --network none --user 0 "
        "--mount type=volume,source=shop-kept-secrets,target=/kept --cap-drop ALL "
    )
    assert call.startswith(words)
    assert " --entrypoint sh sha256:1 -c " in call
    assert "hush-hush" not in call
    assert b"hush-hush" in (cli.stdin[0] or b"")


def test_a_failure_is_said_without_the_secrets(
    cli: FakeDocker, environment: None, command: Command
) -> None:
    cli.on("run", code=125, err="no such image")
    said = command.fails(kept_secrets_step.main)
    assert said == "keeping the generated secrets on the host: no such image\n"
    assert command.out == ""

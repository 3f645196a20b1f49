"""The certificate in the edge's container, exchanged while HAProxy runs: a pretended one."""

import io
import json
from pathlib import Path

import pytest

from deploy_runtime.edge import haproxy
from deploy_runtime.tls import __main__ as command
from deploy_runtime.tls import certificate

OLD = "-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----\n"
NEW = "-----BEGIN CERTIFICATE-----\nnew\n-----END CERTIFICATE-----\n"
SHOWN = """\
Filename: {file}
Status: Used
notBefore: Nov  1 12:00:00 2026 GMT
notAfter: Nov 29 12:00:00 2027 GMT
Subject Alternative Name: DNS:www.example.org, DNS:example.org
SHA1 FingerPrint: 0F0F
Chain Subject: /CN=Tests
"""


class FakeHAProxy:
    """A HAProxy that shows visitors what it was last told, or read when it started.

    Attributes:
        shown: that.
        pending: what it was told and does not show yet.
        refuses: what it answers in place of taking a certificate.
        reloads: whether it comes up again; None if it is not asked to.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.shown = self.pending = ""
        self.refuses = ""
        self.reloads: list[str] = []
        self.comes_up = True

    def ask(self, order: str) -> str:
        words = order.removeprefix("@1 ").split("\n")[0].split()
        match words:
            case ["set", "ssl", "cert", name, "<<"]:
                assert name == str(self.file)
                if self.refuses:
                    return self.refuses
                self.pending = order.partition("<<\n")[2]
                return f"Transaction created for certificate {name}!\n"
            case ["commit", "ssl", "cert", _]:
                if not self.pending:
                    return "No ongoing transaction!\n"
                self.shown, self.pending = self.pending, ""
                return "Committing\nSuccess!\n"
            case ["show", "ssl", "cert", _]:
                return SHOWN.format(file=self.file) if self.shown else "Can't display it!\n"
        return ""

    def reload(self, config: str, identity: str) -> None:
        self.reloads.append(identity)
        if not self.comes_up:
            raise haproxy.EdgeError("HAProxy did not take its new configuration in 10 s")
        self.shown = self.file.read_text()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHAProxy:
    made = FakeHAProxy(tmp_path / "certificate.pem")
    monkeypatch.setattr(certificate, "FILE", made.file)
    monkeypatch.setattr(haproxy, "FOLDER", tmp_path)
    monkeypatch.setattr(haproxy, "FILE", tmp_path / "haproxy.cfg")
    haproxy.FILE.write_text("global\n  description one\n")
    monkeypatch.setattr(haproxy, "ask", made.ask)
    monkeypatch.setattr(haproxy, "check", lambda config: None)
    monkeypatch.setattr(haproxy, "reload", made.reload)
    return made


def run(monkeypatch: pytest.MonkeyPatch, word: str, content: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(content))
    return command.main([word])


def test_visitors_are_shown_another_one_without_a_reload(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "put", OLD) == 0
    assert run(monkeypatch, "put", NEW) == 0
    assert (fake.shown, fake.reloads) == (NEW, [])
    # An edge that starts again starts with it, and nobody else can read it.
    assert fake.file.read_text() == NEW
    assert fake.file.stat().st_mode & 0o777 == 0o600


def test_an_empty_line_does_not_end_it(fake: FakeHAProxy) -> None:
    certificate.put(OLD.replace("\n", "\r\n") + "\r\n\n" + NEW)
    assert fake.shown == OLD + NEW


def test_before_there_is_a_release_it_is_kept(fake: FakeHAProxy) -> None:
    fake.refuses = "Can't replace a certificate which is not referenced by the configuration!\n"
    certificate.put(OLD)
    assert (fake.shown, fake.file.read_text(), fake.reloads) == ("", OLD, [])


def test_what_is_too_large_to_be_told_is_read_by_a_new_process(fake: FakeHAProxy) -> None:
    fake.refuses = "The payload is too large\n"
    certificate.put(OLD)
    assert (fake.shown, fake.reloads) == (OLD, ["one"])


def test_what_is_refused_leaves_all_as_it_was(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate.put(OLD)
    fake.refuses, fake.comes_up = "unable to load certificate chain\n", False
    assert run(monkeypatch, "put", NEW) == 1
    assert (fake.shown, fake.file.read_text()) == (OLD, OLD)
    said = capsys.readouterr().err
    assert said == "HAProxy did not take its new configuration in 10 s\n"
    fake.file.unlink()
    assert run(monkeypatch, "put", NEW) == 1
    assert not fake.file.exists()


def test_one_that_does_not_run_is_left_it(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haproxy, "ask", lambda _: pytest.fail("HAProxy does not run"))
    assert run(monkeypatch, "keep", NEW) == 0
    assert fake.file.read_text() == NEW


def test_a_disk_that_is_full_is_an_error_of_the_edge(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate, "FILE", fake.file.parent / "nowhere/certificate.pem")
    with pytest.raises(haproxy.EdgeError, match="can't be written: No such file or directory"):
        certificate.keep(NEW)


def test_what_visitors_are_shown_is_told(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "show") == 0
    certificate.put(OLD)
    assert run(monkeypatch, "show") == 0
    nothing, told = capsys.readouterr().out.splitlines()
    assert json.loads(nothing) == {}
    assert json.loads(told) == {
        "names": ["www.example.org", "example.org"],
        "until": "2027-11-29T12:00:00+00:00",
        "fingerprint": "0F0F",
    }


def test_another_word_is_no_command(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "putt") == 2
    assert "put|keep|show" in capsys.readouterr().err

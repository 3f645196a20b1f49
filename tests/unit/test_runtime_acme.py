"""Certificates that the edge gets by itself: when it asks, what it keeps, what it says of failures.

`lego` and `openssl` are pretended; the real ones are asked in `tests/integration/test_acme.py`.
"""

import io
import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_runtime.edge import haproxy, processes
from deploy_runtime.edge.haproxy import EdgeError
from deploy_runtime.tls import __main__ as command
from deploy_runtime.tls import certificate, kept, lego, renewal
from deploy_runtime.tls.kept import Failed, Issued, State
from deploy_runtime.tls.wanted import Wanted

DAY = 86400.0
NOW = 1_800_000_000.0
WANTED = Wanted(domains=("a.example", "b.example"), directory="https://ca/dir", email="a@b.example")
ROUTED = f"frontend plain-http\n\n{renewal.ROUTE}\n"
DOWN = """\
2026/11/29 16:08:26 No key found for account a@b.example. Generating a P256 key.
2026/11/29 16:08:26 [INFO] acme: Registering account for a@b.example
2026/11/29 16:08:26 Could not obtain certificates:
\terror: one or more domains had a problem:
[a.example] acme: error: 400 :: urn:ietf:params:acme:error:connection :: refused
2026/11/29 16:08:27 [INFO] Deactivating auth
"""


def issued(*, since: float = NOW, life: float = 90 * DAY, **changes: Any) -> Issued:
    made = Issued(
        domains=WANTED.domains, directory=WANTED.directory, since=since, until=since + life
    )
    return replace(made, **changes)


def failed(*, since: float, last: float) -> Failed:
    return Failed(since=since, last=last, tries=1, said="no")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        # There is none: at once.
        (State(wanted=WANTED), 0),
        # The last third of its life, whatever that is.
        (State(wanted=WANTED, issued=issued()), NOW + 60 * DAY),
        (State(wanted=WANTED, issued=issued(life=180)), NOW + 120),
        # It is made out to others, or somebody else is to issue it.
        (State(wanted=WANTED, issued=issued(domains=("a.example",))), 0),
        (State(wanted=WANTED, issued=issued(directory="https://other")), 0),
        # A try that failed: sixty times in that third.
        (
            State(
                wanted=WANTED,
                issued=issued(),
                failed=failed(since=NOW + 60 * DAY, last=NOW + 60 * DAY),
            ),
            NOW + 60.5 * DAY,
        ),
        (
            State(wanted=WANTED, issued=issued(life=180), failed=failed(since=NOW, last=NOW + 120)),
            NOW + 121,
        ),
        # At least twice a day, and hourly at its end, and afterwards.
        (
            State(
                wanted=WANTED,
                issued=issued(life=360 * DAY),
                failed=failed(since=NOW, last=NOW + 240 * DAY),
            ),
            NOW + 240.5 * DAY,
        ),
        (
            State(wanted=WANTED, issued=issued(), failed=failed(since=NOW, last=NOW + 89.9 * DAY)),
            NOW + 89.9 * DAY + 3600,
        ),
        (
            State(wanted=WANTED, issued=issued(), failed=failed(since=NOW, last=NOW + 91 * DAY)),
            NOW + 91 * DAY + 3600,
        ),
        # There has never been one: from a minute on, up to an hour.
        (State(wanted=WANTED, failed=failed(since=NOW, last=NOW)), NOW + 60),
        (State(wanted=WANTED, failed=failed(since=NOW, last=NOW + 1200)), NOW + 1500),
        (State(wanted=WANTED, failed=failed(since=NOW, last=NOW + DAY)), NOW + DAY + 3600),
    ],
)
def test_when_the_authority_is_asked(state: State, expected: float) -> None:
    assert renewal.due(state) == pytest.approx(expected)


class FakeLego:
    """Stands in for `subprocess`, by which lego and openssl are run.

    Attributes:
        asked: the words of each order.
        env: the variables of the last.
        fails: what lego says; "" if it gets a certificate.
        until: when that ends.
    """

    PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.env: dict[str, str] = {}
        self.fails = ""
        self.hangs = False
        self.until = "Nov 29 12:00:00 2999 GMT"

    def run(self, words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        if words[0] == "openssl":
            dates = f"notBefore=Nov 29 12:00:00 2026 GMT\nnotAfter={self.until}\n"
            return subprocess.CompletedProcess(words, 0, dates, "")
        assert words[0] == "lego"
        self.asked.append(list(words))
        self.env = options["env"]
        if self.hangs:
            raise subprocess.TimeoutExpired(words, options["timeout"])
        if self.fails:
            return subprocess.CompletedProcess(words, 1, b"", self.fails.encode())
        folder = Path(words[words.index("--path") + 1]) / "certificates"
        folder.mkdir(parents=True)
        name = words[words.index("--domains") + 1]
        (folder / f"{name}.crt").write_text(f"certificate {len(self.asked)}\n\nchain\n")
        (folder / f"{name}.key").write_text("key\n")
        return subprocess.CompletedProcess(words, 0, b"", b"")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeLego:
    made = FakeLego()
    monkeypatch.setattr(lego, "subprocess", made)
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "kept")
    kept.FOLDER.mkdir()
    monkeypatch.setattr(haproxy, "FOLDER", tmp_path)
    monkeypatch.setattr(haproxy, "FILE", tmp_path / "haproxy.cfg")
    haproxy.FILE.write_text(ROUTED)
    monkeypatch.setattr(certificate, "FILE", tmp_path / "certificate.pem")
    monkeypatch.setattr(certificate, "put", certificate.keep)
    monkeypatch.setattr(certificate, "show", dict)
    return made


def run(monkeypatch: pytest.MonkeyPatch, word: str, wanted: Wanted = WANTED) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(wanted.as_json()))
    return command.main([word])


def shown() -> str:
    return certificate.FILE.read_text() if certificate.FILE.exists() else ""


def test_an_edge_that_runs_asks_by_haproxy_and_shows_it(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "issue") == 0
    (asked,) = fake.asked
    assert asked[asked.index("--http.port") + 1] == "127.0.0.1:8402"
    assert [name for name in asked if name.endswith(".example")] == [
        "a@b.example",
        "a.example",
        "b.example",
    ]
    assert shown() == "certificate 1\nchain\nkey\n"
    assert (kept.FOLDER / "certificate.pem").stat().st_mode & 0o777 == 0o600
    # The key is in no second place.
    assert not (kept.FOLDER / "lego/certificates").exists()
    assert "LEGO_CA_CERTIFICATES" not in fake.env


def test_one_that_is_kept_is_not_asked_for_again(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "obtain") == 0
    assert fake.asked[0][fake.asked[0].index("--http.port") + 1] == ":8402"
    assert shown() == ""
    other = replace(WANTED, email="c@d.example", domains=("b.example", "a.example"), ca="root")
    assert run(monkeypatch, "issue", other) == 0
    assert len(fake.asked) == 1
    assert shown() == "certificate 1\nchain\nkey\n"
    # What is asked for next is asked for so.
    assert kept.read().wanted == other


@pytest.mark.parametrize(
    "other", [replace(WANTED, domains=("a.example",)), replace(WANTED, directory="https://b/dir")]
)
def test_another_one_is_asked_for(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, other: Wanted
) -> None:
    assert run(monkeypatch, "issue") == run(monkeypatch, "issue", other) == 0
    assert shown() == "certificate 2\nchain\nkey\n"


def test_a_refusal_is_told_and_changes_nothing(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "issue") == 0
    before = kept.read()
    fake.fails = DOWN
    assert run(monkeypatch, "issue", replace(WANTED, domains=("c.example",))) == 3
    assert capsys.readouterr().err == (
        "Could not obtain certificates: error: one or more domains had a problem: [a.example] "
        "acme: error: 400 :: urn:ietf:params:acme:error:connection :: refused\n"
    )
    assert (kept.read(), shown()) == (before, "certificate 1\nchain\nkey\n")


def test_one_that_is_slow_or_silent_is_given_up(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.hangs = True
    assert run(monkeypatch, "obtain") == 3
    fake.hangs, fake.fails = False, "2026/11/29 16:08:26 [INFO] well\n"
    assert run(monkeypatch, "obtain") == 3
    slow, silent = capsys.readouterr().err.splitlines()
    assert slow == "the authority did not finish within 300 seconds"
    assert silent == "lego ended with the exit code 1"


def test_a_root_of_ones_own_is_believed(fake: FakeLego, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "obtain", replace(WANTED, ca="root")) == 0
    assert Path(fake.env["LEGO_CA_CERTIFICATES"]).read_text() == "root"


def test_an_edge_with_a_given_one_asks_once_it_can(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch
) -> None:
    haproxy.FILE.write_text("frontend public\n")
    certificate.FILE.write_text("given")
    assert run(monkeypatch, "issue") == 0
    renewal.look()
    assert (fake.asked, shown()) == ([], "given")
    haproxy.FILE.write_text(ROUTED)
    renewal.look()
    assert shown() == "certificate 1\nchain\nkey\n"


def test_it_is_renewed_and_failures_are_kept_until_then(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "issue") == 0
    end = kept.read().issued.until  # type: ignore[union-attr]
    monkeypatch.setattr(time, "time", lambda: end - 60)
    fake.fails = DOWN
    renewal.look()
    monkeypatch.setattr(time, "time", lambda: end - 1)
    # Not before its time.
    renewal.look()
    assert len(fake.asked) == 2
    monkeypatch.setattr(time, "time", lambda: end + 3600)
    renewal.look()
    told = renewal.told()
    assert told is not None
    assert (told["failed"]["since"], told["failed"]["tries"]) == (end - 60, 2)
    assert "acme:error:connection :: refused" in told["failed"]["said"]
    assert shown() == "certificate 1\nchain\nkey\n"
    fake.fails, fake.until = "", "Nov 29 12:00:00 3999 GMT"
    monkeypatch.setattr(time, "time", lambda: end + 7200)
    renewal.look()
    assert shown() == "certificate 4\nchain\nkey\n"
    assert kept.read().failed is None
    log = capsys.readouterr().err
    assert log.count("certificate: https://ca/dir gave none: Could not obtain") == 2
    assert "certificate: https://ca/dir gave another one, until 3999-11-29 12:00:00 UTC" in log


def test_where_nothing_is_wanted_nothing_is_asked(fake: FakeLego) -> None:
    renewal.look()
    assert (fake.asked, renewal.told()) == ([], None)


@pytest.mark.parametrize("text", ["", "{}", '{"wanted": 1, "issued": 2, "failed": 3}'])
def test_what_can_not_be_read_is_as_if_there_were_none(fake: FakeLego, text: str) -> None:
    (kept.FOLDER / "state.json").write_text(text)
    assert kept.read() == State()


def test_what_haproxy_did_not_take_is_handed_over_again(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = certificate.put

    def refuse(content: str) -> None:
        raise EdgeError("HAProxy does not answer")

    monkeypatch.setattr(certificate, "put", refuse)
    assert run(monkeypatch, "issue") == 1
    monkeypatch.setattr(certificate, "put", taking)
    renewal.look()
    assert (len(fake.asked), shown()) == (1, "certificate 1\nchain\nkey\n")


def test_nothing_ends_the_renewing(fake: FakeLego, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    looks = iter([None, EdgeError("HAProxy does not answer")])

    def look() -> None:
        if error := next(looks):
            raise error

    monkeypatch.setattr(renewal, "look", look)
    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        renewal.keep_renewing()
    assert pauses == [5, 60]


def test_an_edge_begins_with_what_is_kept(fake: FakeLego, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "obtain") == 0
    began: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda words: began.append(words[1:]))
    monkeypatch.setattr(processes, "run", lambda: 7)
    assert command.main(["run"]) == 7
    assert began == [["-m", "deploy_runtime.tls", "renew"]]
    assert shown() == "certificate 1\nchain\nkey\n"
    # One that was given may be made out to more.
    certificate.FILE.write_text("given")
    assert command.main(["run"]) == 7
    assert shown() == "given"
    # One that has ended is none to begin with.
    certificate.FILE.unlink()
    monkeypatch.setattr(time, "time", lambda: 1e11)
    assert command.main(["run"]) == 7
    assert shown() == ""


def test_a_disk_that_is_full_is_said(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept, "FOLDER", kept.FOLDER / "nowhere")
    assert run(monkeypatch, "obtain") == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_what_there_is_to_say_of_it_is_shown(
    fake: FakeLego, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "obtain") == run(monkeypatch, "show") == 0
    told = json.loads(capsys.readouterr().out)["renewal"]
    assert told["issued"]["domains"] == ["a.example", "b.example"]
    assert told["failed"] is None

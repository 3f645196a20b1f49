"""Which domains lead to which site, in the container of a shared edge: a pretended HAProxy."""

import json
from pathlib import Path

import pytest

from deploy_runtime.edge import haproxy
from deploy_runtime.edge.haproxy import EdgeError
from deploy_runtime.shared import __main__ as command
from deploy_runtime.shared import sites


class FakeHAProxy:
    """One that goes by what it read when it started, or was last told as a whole.

    Attributes:
        led: where domains lead now.
        refuses: the first word of the order that it doesn't take.
        longest: the longest order that it got.
    """

    def __init__(self) -> None:
        self.led: dict[str, str] = {}
        self.refuses = ""
        self.longest = 0
        self._next: dict[str, str] = {}

    def ask(self, order: str) -> str:
        self.longest = max(self.longest, len(order))
        head, _, lines = order.removeprefix("@1 ").partition(" <<\n")
        if head.split()[0] == self.refuses:
            return "Can't do that.\n"
        match head.split():
            case ["prepare", "map", _]:
                self._next = {}
                return "New version created: 7\n\n"
            case ["add", "map", "@7", _]:
                assert "\n\n" not in lines, "an empty line would end it"
                self._next |= dict(line.split() for line in lines.splitlines())
            case ["commit", "map", "@7", _]:
                self.led = self._next
        return "\n"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHAProxy:
    made = FakeHAProxy()
    monkeypatch.setattr(sites, "FILE", tmp_path / "sites.map")
    monkeypatch.setattr(haproxy, "ask", made.ask)
    return made


def test_domains_lead_to_the_site_that_was_told_of_last(fake: FakeHAProxy) -> None:
    assert command.main(["put", "shop-edge", "a.example.org", "b.example.org"]) == 0
    assert command.main(["put", "blog-edge", "c.example.org"]) == 0
    # What it has no more leads nowhere.
    assert command.main(["put", "shop-edge", "b.example.org", "d.example.org"]) == 0
    now = {
        "b.example.org": "shop-edge",
        "c.example.org": "blog-edge",
        "d.example.org": "shop-edge",
    }
    assert fake.led == sites.known() == now
    assert command.main(["remove", "shop-edge"]) == 0
    assert fake.led == sites.known() == {"c.example.org": "blog-edge"}
    assert command.main(["remove", "blog-edge"]) == 0
    assert fake.led == sites.known() == {}


def test_a_domain_of_another_site_is_not_given_away(
    fake: FakeHAProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    sites.put("shop-edge", ["a.example.org"])
    assert command.main(["put", "blog-edge", "c.example.org", "a.example.org"]) == 1
    assert capsys.readouterr().err == (
        "a.example.org leads to shop-edge already, which is another site's\n"
    )
    assert fake.led == sites.known() == {"a.example.org": "shop-edge"}


@pytest.mark.parametrize("refused", ["prepare", "add", "commit"])
def test_what_haproxy_refuses_leaves_all_as_it_was(fake: FakeHAProxy, refused: str) -> None:
    sites.put("shop-edge", ["a.example.org"])
    fake.refuses = refused
    with pytest.raises(EdgeError, match="Can't do that"):
        sites.put("blog-edge", ["b.example.org"])
    assert fake.led == sites.known() == {"a.example.org": "shop-edge"}


def test_of_many_it_is_told_bit_by_bit(fake: FakeHAProxy) -> None:
    domains = [f"{'x' * 60}.{'y' * 60}.{number}.example.org" for number in range(300)]
    sites.put("shop-edge", domains)
    assert set(fake.led) == set(domains)
    assert fake.longest < 16_000


def test_further_domains_of_a_site_come_to_those_that_it_has(fake: FakeHAProxy) -> None:
    sites.put("shop-edge", ["a.example.org"])
    assert command.main(["add", "shop-edge", "a.example.org", "b.example.org"]) == 0
    assert command.main(["add", "blog-edge", "c.example.org"]) == 0
    now = dict.fromkeys(("a.example.org", "b.example.org"), "shop-edge")
    assert fake.led == sites.known() == now
    assert command.main(["add", "blog-edge", "a.example.org"]) == 1


def test_an_authority_is_answered_as_long_as_it_asks(
    fake: FakeHAProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    sites.put("shop-edge", ["a.example.org"])
    # What an interrupted update left does not matter to the next one.
    for domain in ("b.example.org", "c.example.org"):
        assert command.main(["ask", "blog-certificate", "blog-edge", domain]) == 0
    assert fake.led == {"c.example.org": "blog-certificate"}
    assert command.main(["ask", "blog-certificate", "blog-edge", "a.example.org"]) == 1
    assert "a.example.org leads to shop-edge already" in capsys.readouterr().err
    assert command.main(["answered", "blog-certificate"]) == 0
    assert fake.led == {}
    # Where visitors go is another matter.
    assert sites.known() == {"a.example.org": "shop-edge"}


def test_one_that_does_not_run_starts_without_the_site(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites.put("shop-edge", ["a.example.org"])
    monkeypatch.setattr(haproxy, "ask", lambda _: pytest.fail("HAProxy does not run"))
    assert command.main(["forget", "shop-edge"]) == 0
    assert sites.known() == {}


def test_a_disk_that_is_full_is_an_error_of_the_edge(
    fake: FakeHAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    sites.put("shop-edge", ["a.example.org"])
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(EdgeError, match="can't be written: No space left on device"):
        sites.put("blog-edge", ["b.example.org"])
    assert fake.led == {"a.example.org": "shop-edge"}


def test_what_it_goes_by_is_told(fake: FakeHAProxy, capsys: pytest.CaptureFixture[str]) -> None:
    sites.put("shop-edge", ["a.example.org"])
    assert command.main(["show"]) == 0
    assert json.loads(capsys.readouterr().out) == {"a.example.org": "shop-edge"}


@pytest.mark.parametrize("words", [[], ["put", "shop-edge"], ["remove"], ["puut", "x", "y"]])
def test_another_word_is_no_command(
    fake: FakeHAProxy, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(words) == 2
    assert "put EDGE DOMAIN" in capsys.readouterr().err

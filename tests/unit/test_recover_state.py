"""A state after an interruption: what is half written, who holds it, what never ended."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.recover import state_file as state
from tests.unit.command import Command

STATES, LOCKS = "stacks/django-on-docker", "locks/organization/django-on-docker/shop"
WHOLE = '{"version": 3}'


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "is_torn"),
    [
        (f"{STATES}/shop.json.attrs", "", True),
        (f"{STATES}/shop.json.attrs", '{"user.cach', True),
        (f"{STATES}/shop.json.attrs", "{}", False),
        (f"{STATES}/shop.json.bak.attrs", "", True),
        (f"{STATES}/shop.json.18eb1dadd18e7700.tmp", WHOLE, True),
        (f"{LOCKS}/1.json.attrs", "", True),
        (f"{STATES}/shop.json", "", False),  # another matter
        (f"{STATES}/blog.json.attrs", "", False),
    ],
)
def test_what_is_half_written(tmp_path: Path, name: str, text: str, is_torn: bool) -> None:
    write(tmp_path, {name: text})
    assert state.torn(tmp_path, "shop") == ([tmp_path / name] if is_torn else [])


HISTORY = "../../history/django-on-docker/shop"
OLD, LATE = (
    f"{HISTORY}/shop-{n}.checkpoint.json" for n in (1700000000000000000, 1800000000000000000)
)


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"shop.json": "", "shop.json.bak": WHOLE}, "of one step before, shop.json.bak"),
        ({"shop.json": "", "shop.json.bak": WHOLE, OLD: WHOLE}, "of one step before"),
        ({"shop.json.attrs": "{}", "shop.json.bak": WHOLE}, "of one step before"),
        ({"shop.json.attrs": "{}", OLD: WHOLE}, "shop-1700000000000000000.checkpoint.json"),
        (
            {"shop.json": "", "shop.json.bak": "", OLD: WHOLE, LATE: WHOLE},
            "as the last update left it that is in Pulumi's history, ",
        ),
        (
            {"shop.json": "", "shop.json.bak": "", OLD: WHOLE, LATE: '{"vers'},
            "shop-1700000000000000000.checkpoint.json",
        ),
    ],
)
def test_a_damaged_state_is_put_back(tmp_path: Path, files: dict[str, str], source: str) -> None:
    write(tmp_path, {f"{STATES}/{name}": text for name, text in files.items()})
    found = state.damaged(tmp_path, "shop")
    assert found
    assert found.before
    assert source in found.source
    state.put_back(found.file, found.before)
    assert (tmp_path / STATES / "shop.json").read_text() == WHOLE


@pytest.mark.parametrize(
    "files",
    [
        {"shop.json": WHOLE, "shop.json.bak": "", LATE: WHOLE},
        {"shop.json.bak": WHOLE, LATE: WHOLE},  # what a removed stack leaves
        {},
        {"shop.json.attrs": "{}"},
    ],
)
def test_a_state_that_is_well_or_gone_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, {f"{STATES}/{name}": text for name, text in files.items()})
    assert state.damaged(tmp_path, "shop") is None


def test_a_state_of_which_nothing_can_be_read_is_set_aside(tmp_path: Path) -> None:
    files = {"shop.json": "", "shop.json.bak": "{", "shop.json.attrs": "", LATE: ""}
    write(tmp_path, {f"{STATES}/{name}": text for name, text in files.items()})
    found = state.damaged(tmp_path, "shop")
    assert found
    assert found.before is None
    state.set_aside(found.file)
    names = {path.name for path in (tmp_path / STATES).iterdir()}
    assert names == {"shop.json.unreadable", "shop.json.bak.unreadable"}


def test_a_lock_says_whose_it_is(tmp_path: Path) -> None:
    lock = {
        "pid": 7,
        "username": "ada",
        "hostname": "elsewhere",
        "timestamp": "2030-01-02T03:04:05Z",
    }
    write(tmp_path, {f"{LOCKS}/1.json": json.dumps(lock), f"{LOCKS}/2.json": "{"})
    first, second = state.locks(tmp_path, "shop")
    assert str(first) == "a lock of ada@elsewhere, process 7, since 2030-01-02 03:04:05"
    assert not first.is_from_here
    assert second.is_from_here
    here = state.Lock(host=socket.gethostname())
    assert here.is_from_here


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("config:\n  django-on-docker:port: 1\n", ("shop", [])),
        ("config:\n  django-on-docker:deployment: tea # x\n", ("tea", [])),
        (
            "config:\n  deployment: 'tea'\n  retire:\n    - a\n    - \"b\"\n  port: 1\n",
            ("tea", ["a", "b"]),
        ),
        ("config:\n  retire:\n  - a-1\n  - b\n  port: 1\n", ("shop", ["a-1", "b"])),
        ("config:\n  retire: [a, 'b']\n", ("shop", ["a", "b"])),
        ("config:\n  retire: []\n", ("shop", [])),
        ("config:\n  host: ssh://ada@web1\n", ("shop", [])),
        ('config:\n  deployment: ""\n', ("shop", [])),
        ("config:\n  deployment: on\n  retire: [007]\n", ("on", ["007"])),
        ("config:\n", ("shop", [])),
        ("", ("shop", [])),
    ],
)
def test_config_is_read_without_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, wanted: tuple[str, list[str]]
) -> None:
    write(tmp_path, {"Pulumi.yaml": "stackConfigDir: stacks\n", "stacks/Pulumi.shop.yaml": text})
    monkeypatch.chdir(tmp_path)
    found = state.config("shop")
    assert (found["deployment"], found["retire"]) == wanted
    assert found["host"] == ("ssh://ada@web1" if "web1" in text else "")


def test_a_deployment_is_named_as_the_program_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        {
            "Pulumi.yaml": "stackConfigDir: stacks\n",
            "stacks/Pulumi.Shop_prod.v2.yaml": "config:\n  port: 1\n",
        },
    )
    monkeypatch.chdir(tmp_path)
    assert state.config("Shop_prod.v2")["deployment"] == "shop-prod-v2"


def test_a_stack_without_a_file_is_unknown(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"Pulumi.yaml": "stackConfigDir: stacks\n"})
    monkeypatch.chdir(tmp_path)
    said = command.fails(state.config, "shpo")
    assert "there is no stack 'shpo': stacks/Pulumi.shpo.yaml" in said


def test_a_file_that_is_no_yaml_is_refused_without_showing_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        {
            "Pulumi.yaml": "stackConfigDir: stacks\n",
            "stacks/Pulumi.shop.yaml": "config:\n  hidden: 'sesame\n",
        },
    )
    monkeypatch.chdir(tmp_path)
    shown = command.fails(state.config, "shop")
    assert "stacks/Pulumi.shop.yaml, line 3: this is no YAML" in shown
    assert "sesame" not in shown


def said(
    monkeypatch: pytest.MonkeyPatch, *, code: int = 0, out: object = "", err: str = ""
) -> None:
    text = out if isinstance(out, str) else json.dumps(out)
    done = subprocess.CompletedProcess([], code, text, err)
    monkeypatch.setattr(state, "pulumi", lambda *_words, **_options: done)


def test_what_a_state_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def resource(name: str, **more: Any) -> dict[str, Any]:
        return {"urn": f"urn:pulumi:shop::p::t::shop-{name}", **more}

    resources = [
        resource("component"),
        resource("backend", id="b"),
        resource("traffic", id="t", delete=True, inputs={"triggers": [{"backends": ["old"]}]}),
        resource("traffic", id="u", inputs={"triggers": [{"backends": ["b-1", "b-2"]}]}),
    ]
    pending = [{"type": "creating", "resource": resource("gate")}]
    said(monkeypatch, out={"deployment": {"resources": resources, "pending_operations": pending}})
    found = state.state("shop")
    assert found == state.State(
        ids=frozenset({"b", "t", "u"}), pending=("creating shop-gate",), serving=("b-1", "b-2")
    )


def test_a_new_stack_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, out={"version": 3, "deployment": {"manifest": {}}})
    assert state.state("shop") == state.State()


def test_a_stack_that_is_gone_has_no_state(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(monkeypatch, code=255, err="error: no stack named 'shop' found")
    assert state.state("shop") is None
    said(monkeypatch, code=255, err="error: failed to load checkpoint: EOF")
    assert "can't be read: error: failed to load checkpoint" in command.fails(state.state, "shop")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/state", Path("/srv/state/.pulumi")),
        ("file:///srv/state?no_tmp_dir=true", Path("/srv/state/.pulumi")),
        ("file://~", Path.home() / ".pulumi"),
        ("s3://bucket", None),
        ("https://app.pulumi.com/ada", None),
    ],
)
def test_where_states_are(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path | None) -> None:
    said(monkeypatch, out={"user": "ada", "url": url})
    assert state.folder_of_states(state.address()) == folder


@pytest.mark.parametrize(
    ("url", "is_service"),
    [
        ("https://api.pulumi.com", True),
        ("s3://bucket?region=eu-central-1", False),
        ("gs://bucket", False),
        ("file:///srv/state", False),
    ],
)
def test_who_minds_the_locks(url: str, is_service: bool) -> None:
    assert state.is_with_a_service(url) == is_service


LOCKED = """\
error: could not create stack: the stack is currently locked by 2 lock(s). Either wait for the \
other process(es) to end or delete the lock file with `pulumi cancel`.
  s3://b/.pulumi/locks/organization/p/shop/1.json?region=x: created by ada@laptop (pid 7) at \
2030-01-02T03:04:05Z
  s3://b/.pulumi/locks/organization/p/shop/2.json?region=x: created by runner@ci-1 (pid 8) at \
2030-01-02T03:04:06+01:00
"""


def test_locks_in_a_bucket_are_told_to_who_wants_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def pulumi(*words: str) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        said = (255, "", LOCKED) if "init" in words else (0, "{}", "")
        return subprocess.CompletedProcess(words, *said)

    monkeypatch.setattr(state, "pulumi", pulumi)
    assert [str(lock) for lock in state.locks_in_bucket("shop")] == [
        "a lock of ada@laptop, process 7, since 2030-01-02 03:04:05",
        "a lock of runner@ci-1, process 8, since 2030-01-02 03:04:06",
    ]
    assert asked[-1] == ("stack", "init", "--no-select", "shop")


def test_a_stack_that_is_not_there_is_not_made_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, code=255, err="error: no stack named 'shop' found")
    assert state.locks_in_bucket("shop") == []


def test_a_bucket_that_does_not_tell_is_no_free_stack(
    monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.setattr(state, "state", lambda stack: state.State())
    said(monkeypatch, code=255, err="error: stack 'organization/p/shop' already exists")
    assert state.locks_in_bucket("shop") == []
    said(monkeypatch, code=255, err="error: passphrase must be set")
    assert "can't be told: error: passphrase must" in command.fails(state.locks_in_bucket, "shop")

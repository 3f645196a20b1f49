"""Which consents have ended or are to nothing is known, in part, before there is an image."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from components.migrations.consent import ALLOW, ALLOW_AHEAD, Consent, ended_before
from components.migrations.known_consents import applied, refuse_unknown
from components.migrations.new_migrations import own_migrations
from components.stack_state import StackState
from tests.unit.program import Program
from tests.unit.recorder import Recorder


def step(name: str, result: Any, deployment: str = "shop") -> dict[str, Any]:
    urn = f"urn:pulumi:a::b::c::{deployment}-{name}"
    return {"urn": urn, "id": name, "outputs": {"stdout": json.dumps(result)}}


GATE = {"migrations": ["back.shop.migrations.0001_initial", "migrations.0001_top"]}


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        ([], set()),
        ([step("gate", GATE)], {"shop.0001_initial", ".0001_top"}),
        ([step("migration-check", {"ended": {ALLOW: ["other.0001_a"]}})], {"other.0001_a"}),
        # As an earlier version of this program left it.
        ([step("migration-check", {"pending": []}), step("gate", None)], set()),
    ],
)
def test_the_state_tells_what_the_database_has(
    entries: list[dict[str, Any]], names: set[str]
) -> None:
    assert applied(StackState.of(entries), "shop") == names


@pytest.mark.parametrize(
    ("checked", "serving", "names"),
    [
        ({"release": "r2", "ended": {ALLOW: ["shop.0001_a"]}}, "r2", {"shop.0001_a"}),
        # The check was of a release that failed: what serves may be the one that used it up.
        ({"release": "r3", "ended": {ALLOW: ["shop.0001_a"]}}, "r2", set()),
        ({"release": "r2", "ended": {ALLOW_AHEAD: ["shop.0001_a"]}}, "r2", set()),
        (None, "", set()),
    ],
)
def test_what_had_ended_before_the_release_that_serves(
    checked: dict[str, Any] | None, serving: str, names: set[str]
) -> None:
    assert ended_before(checked, serving, ALLOW) == names


def test_a_consent_of_long_ago_is_named_with_the_command_that_removes_it() -> None:
    consent = Consent(key=ALLOW, names=["shop.0001_a", "shop.0002_b"], stack="live")
    summary, ways = consent.long_ended({"shop.0001_a"})
    assert summary.startswith("migrations.allow names shop.0001_a: applied before the release that")
    assert ways == ["remove it: `pulumi config rm --path 'migrations.allow[0]' -s live`"]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A staged project: one app as Django makes it, and one whose migrations are elsewhere."""
    for name in ("shop/migrations/0001_initial", "shop/migrations/0002_x", "moved/0001_there"):
        file = tmp_path / f"app/backend/{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


def refuse(context: Path, *names: str) -> None:
    consent = Consent(key=ALLOW, names=names, stack="live")
    refuse_unknown(consent, context, own_migrations(context), ["shop.0000_squashed"])


@pytest.mark.parametrize(
    "name",
    ["shop.0002_x", "shop.0000_squashed", "auth.0099_unknown", "shop.0001_there"],
)
def test_what_may_exist_is_left_to_the_check(context: Path, name: str) -> None:
    refuse(context, name)


def test_what_an_app_of_the_project_does_not_have_is_refused(context: Path) -> None:
    with pytest.raises(UserError) as refused:
        refuse(context, "shop.0002_x", "shop.0002_y")
    said = str(refused.value)
    assert "migrations.allow names shop.0002_y, which the project doesn't have" in said
    assert "did you mean shop.0002_x? `pulumi config set --path 'migrations.allow[1]' shop" in said
    assert "`pulumi config rm --path 'migrations.allow[1]' -s live`" in said


def test_a_preview_refuses_it_before_anything_is_declared(program: Program) -> None:
    recorder = Recorder()
    with pytest.raises(UserError, match=r"migrations\.allow names catalogue\.0003_sihgting"):
        program.run_into(
            recorder, "clean-server", preview=True, migrations__allow=["catalogue.0003_sihgting"]
        )
    assert recorder.resources == {}


@pytest.mark.parametrize("preview", [True, False])
def test_a_consent_that_has_ended_is_said_by_preview_and_up(
    program: Program, caplog: pytest.LogCaptureFixture, preview: bool
) -> None:
    has = {
        "migrations": ["catalogue.migrations.0001_initial", "catalogue.migrations.0003_sighting"]
    }
    program.pulumi.state = [step("gate", has, "clean-server")]
    try:
        program.run_into(
            Recorder(),
            "clean-server",
            preview=preview,
            migrations__allow=["catalogue.0001_initial", "other.0001_b"],
            migrations__allowAhead=["catalogue.0003_sighting"],
        )
    finally:
        program.pulumi.state = []
    used, over = (line for line in caplog.messages if "does nothing any more" in line)
    assert used == (
        "migrations.allow: catalogue.0001_initial is applied: the consent does nothing any more, "
        "remove it with `pulumi config rm --path 'migrations.allow[0]' -s clean-server`"
    )
    assert over.startswith("migrations.allowAhead: catalogue.0003_sighting is none that the")
    file = program.build_folder / "clean-server/migration-check.json"
    if not preview:
        told = json.loads(file.read_text())["told"]
        assert told == ["catalogue.0001_initial", "catalogue.0003_sighting"]

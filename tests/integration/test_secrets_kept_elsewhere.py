"""Secrets that a program of another kind keeps: what the page says to type, typed by a shell."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import sentinels
from tests.integration.conftest import MakeSite
from tests.integration.harness import ROOT, Site

PAGE = ROOT / "docs/day-to-day.md"
# Each of them prints what it keeps under the last of its words, as the real one would.
KEEPER = """\
#!/bin/sh
for last; do :; done
printf '%s\\n' "$(basename "$0") $*" >> {folder}/asked
[ -e "{folder}/down" ] && {{ echo "$0: locked" >&2; exit 3; }}
cat "{folder}/$(basename "$0").kept"
"""
# Stands in front of the real one, and looks around while that runs.
LOOKS = """\
#!/bin/sh
for process in /proc/[0-9]*; do
  tr '\\0' ' ' < "$process/cmdline"; echo; tr '\\0' ' ' < "$process/environ"; echo
done >> {folder}/seen 2> /dev/null
exec {pulumi} "$@"
"""
KEYS = {
    "op": "app.secretKey",
    "pass": 'secrets["SMTP_PASSWORD"]',
    "sops": 'secrets["API_TOKEN"]',
    "vault": 'secretFiles["conf/key.pem"]',
}


def lines(title: str) -> str:
    """What the page says to type, below a title."""
    section = PAGE.read_text().split(f"### {title}\n")[1]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """What each keeper has."""
    values = {name: sentinels.password() for name in KEYS}
    return {**values, "vault": sentinels.lines()}


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    return make_site("kept-elsewhere")


@pytest.fixture(scope="module")
def folder(site: Site, kept: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keepers, and who looks around, on a PATH of their own."""
    made: Path = tmp_path_factory.mktemp("keepers")
    for name, value in kept.items():
        (made / name).write_text(KEEPER.format(folder=made))
        (made / f"{name}.kept").write_text(f"{value}\n")
        (made / name).chmod(0o755)
    real = subprocess.run(["which", "pulumi"], env=site.env, capture_output=True, text=True)
    (made / "pulumi").write_text(LOOKS.format(folder=made, pulumi=real.stdout.strip()))
    (made / "pulumi").chmod(0o755)
    return made


def typed(site: Site, folder: Path) -> str:
    """A shell in which somebody types the page's lines; returns its history."""
    history = folder / "history"
    env = {**site.env, "PATH": f"{folder}:{site.env['PATH']}", "HISTFILE": str(history)}
    text = lines("Secrets that are kept elsewhere").replace(
        "-s shop", f"-s {shlex.quote(site.stack)}"
    )
    words = ["bash", "--norc", "-i"]
    subprocess.run(words, cwd=site.folder, env=env, input=text, text=True, capture_output=True)
    return history.read_text()


def test_the_stack_gets_them_and_nobody_sees_them(
    site: Site, folder: Path, kept: dict[str, str]
) -> None:
    history = typed(site, folder)
    assert "keep app.secretKey op read op://shop/site/secret-key" in history
    for name, key in KEYS.items():
        assert site.config(key) == kept[name].strip("\n")
    assert "op read op://shop/site/secret-key" in (folder / "asked").read_text()
    seen = (folder / "seen").read_text()
    assert "config set --secret --path app.secretKey" in seen, "it did look around"
    stack_file = (site.folder / f"stacks/Pulumi.{site.stack}.yaml").read_text()
    for value in kept.values():
        for line in value.splitlines():
            assert line not in seen + history + stack_file


def test_a_keeper_that_is_locked_changes_nothing(
    site: Site, folder: Path, kept: dict[str, str]
) -> None:
    before = (site.folder / f"stacks/Pulumi.{site.stack}.yaml").read_text()
    (folder / "down").touch()
    typed(site, folder)
    assert (site.folder / f"stacks/Pulumi.{site.stack}.yaml").read_text() == before
    (folder / "down").unlink()
    (folder / "op.kept").write_text("\n")
    typed(site, folder)
    assert site.config("app.secretKey") == kept["op"]


def test_what_pulumi_logs_is_as_the_page_says(site: Site, kept: dict[str, str]) -> None:
    logged, shown, last = lines("What Pulumi's own log says").splitlines()
    assert last == "shred -u pulumi.log"
    logged = logged.replace("-s shop", f"-s {site.stack} --yes --skip-preview")
    done = subprocess.run(
        ["sh", "-c", f"{logged}\n{shown}"], cwd=site.folder, env=site.env, capture_output=True
    )
    log = site.folder / "pulumi.log"
    assert log.stat().st_mode & 0o77 == 0
    secrets = {**site.generated_secrets(), "SMTP_PASSWORD": kept["pass"]}
    assert any(has(value, log.read_bytes()) for value in secrets.values()), "see the page"
    for value in (*secrets.values(), kept["vault"], kept["sops"]):
        assert not has(value, (site.folder / "to-show.log").read_bytes())
        assert not has(value, done.stdout + done.stderr)
    quieter = site.pulumi("preview", "-v=8", "--logtostderr", "-s", site.stack, check=True).output
    assert not [name for name, value in secrets.items() if has(value, quieter.encode())]
    assert "RegisterResource" in (site.folder / "to-show.log").read_text(), "it is of use"


def has(value: str, text: bytes) -> bool:
    """Whether a secret is in a text, in any spelling."""
    return any(spelling in text for spelling in sentinels.spellings(value).values())

"""A stack's secrets: generated once, kept in its config, and never anew over existing data."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.config import stack_secrets
from components.config.settings import Settings
from components.config.stack_secrets import StackSecrets, ensure_secrets
from components.errors import UserError
from tests.config_keys import nested

KEY, PASSWORD = "k" * 40, "open-sesame"


class Stack:
    """A stack whose config is in a folder, and a stand-in for the pulumi command line.

    Attributes:
        copy: where its config file is copied to.
        calls: each call's words and its standard input.
        kept: what a copied config file holds.
        fails: the first words of the calls that fail.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "Pulumi.shop.yaml"
        self.copy = folder / "django-on-docker/config/django-on-docker.shop.yaml"
        self.configure("config: {}\n")
        self.calls: list[tuple[list[str], str]] = []
        self.kept: dict[str, str] = {}
        self.fails: list[str] = []

    def __call__(self, words: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        self.calls.append((words, stdin))
        if words[: len(self.fails)] == self.fails and self.fails:
            return subprocess.CompletedProcess(words, 255, "", "error: incorrect passphrase\n")
        kept = {
            f"django-on-docker:{key}": {
                "objectValue" if isinstance(value, dict) else "value": value
            }
            for key, value in nested(self.kept).items()
        }
        return subprocess.CompletedProcess(words, 0, json.dumps(kept), "")

    def written(self) -> dict[str, str]:
        """What was put into the stack's config, by key."""
        sets = [call for call in self.calls if call[0][:2] == ["config", "set"]]
        for words, value in sets:
            assert "--secret" in words
            assert value not in words
        return {words[4]: value for words, value in sets}

    def configure(self, text: str) -> None:
        """Write its config file."""
        self._file.write_text(text)
        self._file.chmod(0o644)

    def make_copy(self) -> None:
        """Copy the config file, as an earlier update did."""
        self.copy.parent.mkdir(parents=True)
        self.copy.write_text("config: {}\n")

    def ensure(self, *, has_data: bool = False, write: bool = True, **changes: Any) -> StackSecrets:
        """Its secrets, for a config that is changed."""
        values = {"app.path": "a", "app.settings": "b", "data": "create", "deployment": "shop"}
        return ensure_secrets(
            Settings.model_validate(nested({**values, **changes})),
            stack="shop",
            project="django-on-docker",
            config_file=self._file,
            has_data=has_data,
            write=write,
        )


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    made = Stack(tmp_path)
    monkeypatch.setattr(stack_secrets, "run_pulumi", made)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return made


def test_they_are_generated_for_a_new_site(stack: Stack) -> None:
    secrets = stack.ensure(seed=["a"])
    assert len(secrets.secret_key) >= 50
    assert len(secrets.admin_password) >= 20
    assert stack.written() == {
        "app.secretKey": secrets.secret_key,
        "admin.password": secrets.admin_password,
    }


def test_no_two_sites_get_the_same(stack: Stack) -> None:
    assert stack.ensure().secret_key != stack.ensure().secret_key


def test_a_site_that_seeds_nothing_needs_no_password(stack: Stack) -> None:
    secrets = stack.ensure()
    assert secrets.as_environment() == {"SECRET_KEY": secrets.secret_key}
    assert list(stack.written()) == ["app.secretKey"]


@pytest.mark.parametrize("has_data", [False, True])
def test_what_the_config_has_is_taken_as_it_is(stack: Stack, has_data: bool) -> None:
    secrets = stack.ensure(has_data=has_data, app__secretKey=KEY, admin__password=PASSWORD)
    assert secrets.as_environment() == {"SECRET_KEY": KEY, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    assert not stack.calls


def test_only_what_is_missing_is_generated(stack: Stack) -> None:
    secrets = stack.ensure(seed=["a"], app__secretKey=KEY)
    assert secrets.secret_key == KEY
    assert list(stack.written()) == ["admin.password"]


def test_the_config_is_copied_for_its_owner_alone(stack: Stack) -> None:
    stack.ensure(app__secretKey=KEY)
    assert stack.copy.read_text() == "config: {}\n"
    assert stack.copy.stat().st_mode & 0o777 == 0o600
    assert stack.copy.parent.stat().st_mode & 0o777 == 0o700


def test_a_newer_config_replaces_the_copy(stack: Stack) -> None:
    stack.ensure(app__secretKey=KEY)
    stack.configure("config: {new: true}\n")
    stack.ensure(app__secretKey=KEY)
    assert stack.copy.read_text() == "config: {new: true}\n"


def test_a_copy_that_is_cut_off_leaves_the_one_before(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.ensure()
    stack.configure("config: {new: true}\n")

    def cut_off(_source: Path, target: Path) -> None:
        target.write_text("con")
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.copyfile", cut_off)
    with pytest.raises(KeyboardInterrupt):
        stack.ensure()
    assert stack.copy.read_text() == "config: {}\n"


@pytest.mark.parametrize("has_data", [False, True])
def test_what_was_lost_is_recovered_from_the_copy(stack: Stack, has_data: bool) -> None:
    stack.make_copy()
    stack.kept = {"app.secretKey": KEY, "admin.password": PASSWORD}
    secrets = stack.ensure(has_data=has_data, seed=["a"])
    assert (secrets.secret_key, secrets.admin_password) == (KEY, PASSWORD)
    assert stack.written() == stack.kept
    assert stack.calls[0][0][-4:] == ["--config-file", str(stack.copy), "-s", "shop"]


def test_a_key_that_is_lost_is_not_replaced_over_data(stack: Stack) -> None:
    stack.make_copy()
    stack.kept = {"port": "8080"}
    with pytest.raises(UserError) as error:
        stack.ensure(has_data=True)
    assert "app.secretKey of stack shop can't be found, but its data exists" in str(error.value)
    assert "`pulumi config set --secret --path app.secretKey -s shop`" in str(error.value)
    assert not stack.written()


def test_a_copy_that_cannot_be_read_counts_as_none_and_says_why(stack: Stack) -> None:
    stack.make_copy()
    stack.fails = ["config", "--show-secrets"]
    with pytest.raises(UserError, match="can't be found") as error:
        stack.ensure(has_data=True)
    assert "incorrect passphrase" in str(error.value)
    assert str(stack.copy) in str(error.value)
    assert stack.ensure().secret_key


def test_a_preview_writes_nothing(stack: Stack) -> None:
    assert stack.ensure(write=False).secret_key
    assert not stack.calls
    assert not stack.copy.exists()


def test_a_preview_finds_out_what_an_update_would_refuse(stack: Stack) -> None:
    with pytest.raises(UserError):
        stack.ensure(has_data=True, write=False)


URL = "postgres://ada:hunter2@db/shop"


def test_a_database_server_of_its_own_gets_a_password(stack: Stack) -> None:
    secrets = stack.ensure(database__engine="postgres")
    assert len(secrets.database_password) >= 20
    assert stack.written()["database.password"] == secrets.database_password
    url = f"postgres://app:{secrets.database_password}@shop-postgres:5432/app"
    assert secrets.as_environment() == {"SECRET_KEY": secrets.secret_key, "DATABASE_URL": url}
    assert secrets.database_password not in repr(secrets)


def test_a_server_elsewhere_is_reached_by_the_url_alone(stack: Stack) -> None:
    secrets = stack.ensure(app__secretKey=KEY, database__engine="external", database__url=URL)
    assert secrets.as_environment() == {"SECRET_KEY": KEY, "DATABASE_URL": URL}
    assert not stack.written()


def test_a_file_needs_neither(stack: Stack) -> None:
    secrets = stack.ensure()
    assert (secrets.database_password, secrets.database_url) == ("", "")


@pytest.mark.parametrize("existing", [False, True])
def test_no_password_is_generated_over_data_that_has_one(stack: Stack, existing: bool) -> None:
    changes: dict[str, Any] = {"data": "existing", "database.volume": "old"} if existing else {}
    with pytest.raises(UserError) as error:
        stack.ensure(
            has_data=not existing, app__secretKey=KEY, database__engine="postgres", **changes
        )
    assert "database.password of stack shop can't be found, but its data" in str(error.value)
    assert "if database.password is lost for good, choose another" in str(error.value)
    assert not stack.written()


def test_existing_data_is_served_with_the_password_that_it_has(stack: Stack) -> None:
    secrets = stack.ensure(
        app__secretKey=KEY,
        database__engine="postgres",
        data="existing",
        database__volume="old",
        database__password=PASSWORD,
    )
    assert secrets.database_password == PASSWORD


def test_a_secret_that_cannot_be_kept_is_not_used(stack: Stack) -> None:
    stack.fails = ["config", "set"]
    with pytest.raises(UserError) as error:
        stack.ensure()
    assert "app.secretKey was generated, but can't be kept in the stack's config" in str(
        error.value
    )
    assert "pulumi said: error: incorrect passphrase" in str(error.value)
    assert stack.calls[0][1] not in str(error.value)
    assert not stack.copy.exists()


def test_the_representation_hides_them() -> None:
    secrets = StackSecrets(secret_key=KEY, admin_password=PASSWORD)
    assert KEY not in f"{secrets!r} {secrets}"
    assert PASSWORD not in f"{secrets!r} {secrets}"


def test_a_fingerprint_changes_with_each_secret_and_tells_none() -> None:
    pairs = [(KEY, PASSWORD), (KEY, ""), (KEY, "other"), ("z" * 40, PASSWORD)]
    made = [StackSecrets(secret_key=key, admin_password=word) for key, word in pairs]
    made.append(StackSecrets(secret_key=KEY, admin_password=PASSWORD, database_url=URL))
    prints = [secrets.fingerprint(secrets.as_environment()) for secrets in made]
    assert len(set(prints)) == 5
    assert made[0].fingerprint(made[0].as_environment()) == prints[0]
    assert not [word for pair in pairs for word in pair if word and word in "".join(prints)]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"data": "existing"}, True),
        ({"data": "existing", "app.secretKey": KEY}, False),
        ({}, False),
    ],
)
def test_a_site_that_was_served_by_others_is_told_that_its_key_changes(
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    warned: bool,
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warnings.append)
    secrets = stack.ensure(**changes)
    assert bool(warnings) == warned
    if warned:
        assert "`pulumi config set --secret --path app.secretKey -s shop`" in warnings[0]
        assert secrets.secret_key not in warnings[0]


@pytest.mark.parametrize("state", [None, ""])
def test_the_copy_is_in_the_users_state_folder_by_default(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if state is None:
        monkeypatch.delenv("XDG_STATE_HOME")
    else:
        monkeypatch.setenv("XDG_STATE_HOME", state)
    stack.ensure(app__secretKey=KEY)
    folder = tmp_path / ".local/state/django-on-docker/config"
    assert [path.name for path in folder.iterdir()] == ["django-on-docker.shop.yaml"]


def test_a_password_is_not_lost_by_a_site_that_never_had_one(stack: Stack) -> None:
    secrets = stack.ensure(has_data=True, app__secretKey=KEY, seed=["a"])
    assert stack.written() == {"admin.password": secrets.admin_password}

"""Secrets come from files; what can't be read is named, with its owner."""

from pathlib import Path

import pytest

from deploy_runtime import environment
from deploy_runtime.errors import DeployError, boolean


def loaded(folder: Path, **environ: str) -> dict[str, str]:
    environ["DEPLOY_SECRETS_DIR"] = str(folder)
    environment.load(environ)
    del environ["DEPLOY_SECRETS_DIR"]
    return environ


def test_each_file_is_a_variable_and_wins_over_one_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "API_TOKEN").write_text("secret")
    assert loaded(tmp_path, API_TOKEN="preset", OTHER="x") == {"API_TOKEN": "secret", "OTHER": "x"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("", ""), ("ä", "ä")],
)
def test_only_the_last_line_break_is_no_part_of_a_secret(
    tmp_path: Path, text: str, value: str
) -> None:
    (tmp_path / "A").write_bytes(text.encode())
    assert loaded(tmp_path) == {"A": value}


@pytest.mark.parametrize("name", ["SECRET_KEY", "DJANGO_SECRET_KEY"])
def test_the_key_goes_by_both_its_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("k")
    assert loaded(tmp_path) == {"SECRET_KEY": "k", "DJANGO_SECRET_KEY": "k"}


def test_two_different_keys_both_stay(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("k")
    assert loaded(tmp_path, DJANGO_SECRET_KEY="other")["DJANGO_SECRET_KEY"] == "other"


def test_what_is_no_variable_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "tls.key").write_text("x")
    assert loaded(tmp_path) == {}


def test_no_folder_is_no_secrets(tmp_path: Path) -> None:
    assert loaded(tmp_path / "missing") == {}


def test_a_file_that_cannot_be_read_is_named_with_its_owner_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "SECRET_KEY"
    path.write_text("hunter2")
    path.chmod(0o600)

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(DeployError) as error:
        loaded(tmp_path)
    text = str(error.value)
    assert str(path) in text
    assert f"belongs to uid {path.stat().st_uid}" in text
    assert "mode 0600" in text
    assert "chown" in text


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "A").write_bytes(b"\xff\xfe")
    with pytest.raises(DeployError, match="A is not UTF-8"):
        loaded(tmp_path)
    (tmp_path / "A").write_bytes(b"a\0b")
    with pytest.raises(DeployError, match="null character"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("Yes", True), (" on ", True), ("", False), ("0", False), ("OFF", False)],
)
def test_what_counts_as_yes_and_no(text: str, value: bool) -> None:
    assert boolean({"A": text}, "A", default=not value) is value


def test_nothing_said_is_the_default() -> None:
    assert boolean({}, "A", default=True) is True


def test_nonsense_is_an_error_that_names_the_variable() -> None:
    with pytest.raises(DeployError, match="variable A is 'maybe'"):
        boolean({"A": "maybe"}, "A", default=True)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets that this test takes over are forgotten after it."""
    monkeypatch.setattr(environment, "_taken", set())


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("open-sesame", "admin / open-sesame", "admin / ***"),
        ("open-sesame-2", "open-sesame-2 and open-sesame-2", "*** and ***"),
        ("short", "a short text", "a short text"),
        ("postgres://ada:hunter%40two@db/shop", "'hunter@two' is wrong", "'***' is wrong"),
        ("postgres://ada:hunter%40two@db/shop", "ada:hunter%40two@db", "ada:***@db"),
        ("-----BEGIN-----\nc2VjcmV0\n", "line: c2VjcmV0", "line: ***"),
    ],
)
def test_what_code_prints_of_a_secret_is_masked(
    tmp_path: Path, secret: str, text: str, shown: str
) -> None:
    (tmp_path / "IT").write_text(secret)
    loaded(tmp_path)
    assert environment.masked(text) == shown


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('{"tide": {"tokens": ["token-of-the-tide"]}, "port": 8000}', "token-of-the-tide"),
        ("[smtp]\npassword = open sesame 1\n", "open sesame 1"),
        ("password: 'open sesame 2'\n", "open sesame 2"),
        ("-----BEGIN KEY-----\nMIIEvQIBADANBg\n", "MIIEvQIBADANBg"),
    ],
)
def test_what_secret_files_hold_is_no_variable_and_not_shown(
    tmp_path: Path, text: str, hidden: str
) -> None:
    (tmp_path / "files/conf").mkdir(parents=True)
    (tmp_path / "files/conf/secrets.json").write_text(text)
    assert loaded(tmp_path) == {}
    assert environment.masked(f"it is {hidden}.") == "it is ***."

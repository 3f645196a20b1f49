"""What builds learn of this machine's network: as secrets, and never more than that."""

from pathlib import Path

import pytest

from components.image import build_secrets
from components.image.build_secrets import stage_build_secrets

pytestmark = pytest.mark.usefixtures("build_folder")


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's own bundle of certificates, not written yet."""
    file = tmp_path / "system.crt"
    monkeypatch.setattr(build_secrets, "_CA_FILES", (str(tmp_path / "none.crt"), str(file)))
    return file


def staged(**environ: str) -> dict[str, str]:
    files = stage_build_secrets("shop", environ)
    return {name: Path(file).read_text() for name, file in files.items()}


def test_a_plain_machine_has_empty_files() -> None:
    assert staged() == {"ca": "", "index-url": ""}


def test_they_are_below_the_build_folder_and_for_their_owner_alone(build_folder: Path) -> None:
    files = stage_build_secrets("shop", {})
    assert files == {
        "ca": f"{build_folder}/shop/ca.secret",
        "index-url": f"{build_folder}/shop/index-url.secret",
    }
    assert {Path(file).stat().st_mode & 0o777 for file in files.values()} == {0o600}


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"PIP_INDEX_URL": "https://pip"}, "https://pip"),
        ({"UV_INDEX_URL": "https://uv", "PIP_INDEX_URL": "https://pip"}, "https://uv"),
        ({"UV_DEFAULT_INDEX": "https://default", "UV_INDEX_URL": "https://uv"}, "https://default"),
        ({"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": "https://pip"}, "https://pip"),
    ],
)
def test_the_index_is_the_one_that_this_machine_uses(variables: dict[str, str], url: str) -> None:
    assert staged(**variables)["index-url"] == url


@pytest.mark.parametrize(
    "variable", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
def test_certificates_are_the_named_ones(tmp_path: Path, system: Path, variable: str) -> None:
    system.write_text("system")
    named = tmp_path / "named.crt"
    named.write_text("named")
    assert staged(**{variable: str(named)})["ca"] == "named"


def test_certificates_are_the_systems_otherwise(system: Path) -> None:
    system.write_text("system")
    assert staged()["ca"] == "system"
    assert staged(PIP_CERT="/no/such/file")["ca"] == "system"


def test_what_was_removed_is_forgotten() -> None:
    staged(PIP_INDEX_URL="https://user:password@pip")
    assert staged()["index-url"] == ""


def test_what_is_the_stacks_is_beside_them_and_quoted_for_a_shell() -> None:
    text = build_secrets.site(
        origin="https://shop.example",
        hosts=["shop.example", "localhost"],
        seed_steps=["greet --password 'open sesame'", "createsuperuser"],
    )
    files = stage_build_secrets("shop", {}, of_stack={"site": text})
    assert Path(files["site"]).read_text() == (
        "ALLOWED_HOSTS=shop.example,localhost\n"
        "CSRF_TRUSTED_ORIGINS=https://shop.example\n"
        """DEPLOY_SEED_STEPS='["greet", "createsuperuser"]'\n"""
    )

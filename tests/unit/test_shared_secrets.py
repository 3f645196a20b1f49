"""A copied stack file is told by what is encrypted in it."""

from pathlib import Path

from components.config.copied_secrets import shared

SHOP = """encryptionsalt: v1:abc
config:
  django-on-docker:port: 8080
  django-on-docker:admin.password:
    secure: v1:one:xyz
  django-on-docker:app.secretKey:
    secure: v1:two:uvw
"""


def files(folder: Path, **texts: str) -> Path:
    for stack, text in texts.items():
        (folder / f"Pulumi.{stack}.yaml").write_text(text)
    return folder / "Pulumi.blog.yaml"


def test_a_copy_shares_its_secrets(tmp_path: Path) -> None:
    (line,) = shared(files(tmp_path, shop=SHOP, blog=SHOP, plain="config:\n  a:port: 1\n"))
    assert line.startswith(
        "admin.password and app.secretKey of Pulumi.blog.yaml and Pulumi.shop.yaml"
    )
    assert (
        "`pulumi config rm --path admin.password -s blog && pulumi config rm --path app.secretKey "
        "-s blog`" in line
    )
    assert "xyz" not in line


def test_one_secret_is_enough(tmp_path: Path) -> None:
    (line,) = shared(files(tmp_path, shop=SHOP, blog=SHOP.replace("one", "three")))
    assert line.startswith("app.secretKey of Pulumi.blog.yaml")


def test_secrets_of_ones_own_are_not_shared(tmp_path: Path) -> None:
    blog = SHOP.replace("one", "three").replace("two", "four")
    assert not list(shared(files(tmp_path, shop=SHOP, blog=blog)))
    assert not list(shared(files(tmp_path, shop=SHOP) / "none"))


def test_a_file_that_is_no_yaml_stands_in_nobodys_way(tmp_path: Path) -> None:
    assert not list(shared(files(tmp_path, shop="config: [", blog=SHOP)))

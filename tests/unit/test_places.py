"""What the program and what runs inside containers know of the same places."""

from pathlib import Path

import pytest

from components import inside
from deploy_runtime import places
from deploy_runtime.edge import haproxy

IMAGE = Path("deploy_runtime", "image")
EDGE = Path("deploy_runtime", "edge")


def known(module: object) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if name.isupper()}


def test_both_sides_of_the_wall_agree() -> None:
    program, runtime = known(inside), known(places)
    assert {name: program.get(name) for name in runtime} == runtime


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("prepare.Dockerfile", f"MEDIA_ROOT={inside.MEDIA} "),
        ("prepare.Dockerfile", f"STATIC_ROOT={inside.STATIC}\n"),
        ("prepare.Dockerfile", f"PORT={inside.PORT} "),
        ("prepare.Dockerfile", f"PYTHONPATH={inside.RUNTIME}$"),
        ("app.Dockerfile", f"PATH={inside.DEPENDENCIES}/bin:"),
        ("release.Dockerfile", f"USER {inside.USER}:{inside.USER}\n"),
        ("release.Dockerfile", f"EXPOSE {inside.PORT}\n"),
        ("release.sh", f'"{inside.BUILD_REPORT} '),
        (
            "prepare.sh",
            f'"{inside.STATIC} {inside.ASSETS} {inside.MEDIA} {inside.DATA} {inside.LEDGER} '
            f'{inside.SECRETS}"',
        ),
        ("user.sh", f"setgid({inside.USER}), os.setuid({inside.USER})"),
    ],
)
def test_the_images_agree(file: str, line: str) -> None:
    assert line in (IMAGE / file).read_text()


def test_the_edge_agrees() -> None:
    assert str(haproxy.FILE) == inside.EDGE_CONFIGURATION
    assert f'"{inside.EDGE_CONTROL}"' in (EDGE / "Dockerfile").read_text()

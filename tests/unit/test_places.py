"""What the program and what runs inside containers know of the same places."""

from pathlib import Path

import pytest

from components import inside
from components.serving import haproxy_tls
from deploy_runtime import places
from deploy_runtime.edge import haproxy
from deploy_runtime.shared import sites
from deploy_runtime.tls import wanted

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


def test_a_shared_edge_agrees() -> None:
    config = Path("deploy_runtime/shared/haproxy.cfg").read_text()
    assert config.count(f"map_str({inside.SHARED_SITES})") == 2
    assert f"map_str({sites.FILE.with_name(sites.ASKED)})" in config
    assert f"set-dst-port int({wanted.PORT})" in config
    assert str(sites.FILE) == inside.SHARED_SITES
    # It listens, and looks for sites' edges, where those listen.
    for port in (haproxy_tls.HTTP, haproxy_tls.HTTP_V6, haproxy_tls.HTTPS, haproxy_tls.HTTPS_V6):
        assert f"  bind :{port}\n" in config
    for port in (haproxy_tls.HTTP, haproxy_tls.HTTPS):
        assert f"set-dst-port int({port})" in config
    assert f'"{haproxy.SOCKET}"' in Path("deploy_runtime/shared/Dockerfile").read_text()

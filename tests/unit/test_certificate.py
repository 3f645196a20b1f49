"""How the edge gets its certificate: by standard input, while it runs, and into no other place."""

import io
from typing import Any, cast

import pytest

from components.serving import certificate_step
from components.serving.certificate import Certificate, CertificateArgs
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, after, deploy

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nmade-out-to-us\n-----END CERTIFICATE-----"
KEY = "-----BEGIN PRIVATE KEY-----\nhush-hush\n-----END PRIVATE KEY-----\n"
STATE = {
    "Image": "sha256:edge",
    "Config": {"Labels": {"django-on-docker.deployment": "shop"}},
    "State": {"Running": True},
}


def certificate(**changes: str) -> Recorder:
    def program() -> dict[str, Any]:
        args = {
            "edge": "shop-edge",
            "config_volume": "shop-edge-config-1",
            "certificate": CERTIFICATE,
            "key": KEY,
        }
        Certificate("shop", cast(CertificateArgs, {**args, **changes}), after("edge"))
        return {}

    return deploy(program)


def test_the_key_travels_on_standard_input_and_nowhere_else() -> None:
    handed = certificate()["shop-certificate"]
    assert handed.inputs["stdin"] == f"{CERTIFICATE}\n{KEY}"
    assert handed.secret == {"stdin"}
    rest = {name: value for name, value in handed.inputs.items() if name != "stdin"}
    assert "hush-hush" not in str(rest)
    assert handed.inputs["logging"] == "none"
    assert "edge" in handed.waits_for


@pytest.mark.parametrize("changes", [{"key": "another"}, {"config_volume": "another"}])
def test_another_one_is_handed_over_and_replaces_nothing(changes: dict[str, str]) -> None:
    before, later = certificate()["shop-certificate"], certificate(**changes)["shop-certificate"]
    assert before.inputs != later.inputs
    # Its end, after a replacement, would take away what the edge has got by then.
    assert before.triggers == later.triggers == {}
    assert "update" not in before.inputs
    assert before.inputs["delete"].endswith("serving.certificate_step remove")


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch, cli: FakeDocker) -> FakeDocker:
    monkeypatch.setenv("EDGE", "shop-edge")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(KEY.encode())))
    return cli


def test_one_that_runs_is_told(edge: FakeDocker, command: Command) -> None:
    edge.on("container inspect shop-edge", out=[STATE])
    command.says(certificate_step.main, [])
    assert edge.calls[-1] == "exec -i shop-edge python3 -m deploy_runtime.tls put"
    assert edge.stdin[-1] == KEY.encode()


def test_one_that_is_held_back_finds_it_when_it_starts(edge: FakeDocker, command: Command) -> None:
    edge.on("container inspect shop-edge", out=[{**STATE, "State": {"Running": False}}])
    command.says(certificate_step.main, [])
    assert edge.calls[-1].startswith("run --rm --init --name shop-certificate ")
    assert edge.calls[-1].endswith(
        "--network none --volumes-from shop-edge sha256:edge python3 -m deploy_runtime.tls keep"
    )
    assert edge.stdin[-1] == KEY.encode()


def test_what_the_edge_refuses_fails_the_update(edge: FakeDocker, command: Command) -> None:
    edge.on("container inspect shop-edge", out=[STATE])
    edge.on("exec -i shop-edge", code=1, err="HAProxy does not answer")
    said = command.fails(certificate_step.main, [])
    assert "handing the edge its certificate: HAProxy does not answer" in said


def test_an_edge_that_has_gone_is_named(edge: FakeDocker, command: Command) -> None:
    edge.gone("shop-edge")
    said = command.fails(certificate_step.main, [])
    assert "there is no container shop-edge: run `pulumi up --refresh`" in said


def test_where_tls_ends_the_key_goes(edge: FakeDocker) -> None:
    edge.on("exec", code=1, err="No such container: shop-edge")
    certificate_step.main(["remove"])
    assert edge.calls == ["exec shop-edge rm -f /var/lib/edge/certificate.pem"]

"""The whole program where the edge ends TLS: what is there besides, and what waits for what."""

from typing import Any

import pytest

from components.errors import UserError
from tests.certificates import Authority
from tests.unit.program import Program, environment
from tests.unit.recorder import Recorder

DOMAINS = ["www.example.org", "example.org"]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    issued = Authority(tmp_path_factory.mktemp("authority")).issue(*DOMAINS)
    return {
        "site__domains": DOMAINS,
        "tls__mode": "files",
        "tls__certificate": issued.certificate,
        "tls__key": issued.key,
    }


@pytest.fixture(scope="module")
def recorder(program: Program, tls: dict[str, Any]) -> Recorder:
    return program.run("clean-server", **tls)


def test_nobody_is_sent_anywhere_before_the_edge_has_its_certificate(recorder: Recorder) -> None:
    assert "clean-server-certificate" in recorder["clean-server-traffic"].waits_for
    assert "clean-server-edge" in recorder["clean-server-certificate"].waits_for
    assert "ssl crt" in recorder["clean-server-traffic"].inputs["stdin"]


def test_the_edge_is_another_image_and_helpers_are_not(recorder: Recorder) -> None:
    edge = recorder["clean-server-edge"]
    assert "clean-server-tls-image" in edge.waits_for
    ports = {(port["external"], port["ip"]) for port in edge.inputs["ports"]}
    assert {(80, "0.0.0.0"), (443, "0.0.0.0")} <= ports
    assert "clean-server-tls-image" not in recorder["clean-server-secrets-files"].waits_for


def test_the_application_learns_its_domains(recorder: Recorder) -> None:
    variables = environment(recorder, "clean-server")
    assert variables["ALLOWED_HOSTS"].split(",")[0] == "www.example.org"
    assert variables["CSRF_TRUSTED_ORIGINS"] == "https://www.example.org"


def test_the_key_is_in_one_place_and_secret(recorder: Recorder, tls: dict[str, Any]) -> None:
    line = tls["tls__key"].splitlines()[1]
    having = {
        key
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
        if line in str(value) and name not in resource.secret
    }
    assert having == set()
    assert line in recorder["clean-server-certificate"].inputs["stdin"]
    assert line not in str(recorder.outputs)


def test_without_tls_there_is_none_of_it(program: Program) -> None:
    plain = program.run("clean-server")
    assert not {"Certificate", "TlsImage"} & set(plain.types())
    domains = program.run("clean-server", site__domains=DOMAINS, tls__mode="off")
    assert plain["clean-server-edge"].inputs == domains["clean-server-edge"].inputs


def test_what_is_wrong_with_it_is_said_before_anything_is_made(
    program: Program, tls: dict[str, Any], tmp_path: Any
) -> None:
    other = Authority(tmp_path).issue(*DOMAINS)
    recorder = Recorder()
    with pytest.raises(UserError, match=r"is not the one that tls\.key belongs to"):
        program.run_into(recorder, "clean-server", **{**tls, "tls__key": other.key})
    assert recorder.resources == {}

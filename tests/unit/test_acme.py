"""How a certificate is asked for before the edge is touched, and by whom: a pretended docker."""

import io
import json
from typing import Any

import pytest

from components.errors import UserError
from components.serving import acme_step
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.program import Program
from tests.unit.recorder import Recorder

WANTED = {"domains": ["a.example"], "directory": "https://ca/dir", "email": "a@b.example", "ca": ""}
AUTO: dict[str, Any] = {
    "site__domains": ["www.example.org", "example.org"],
    "tls__mode": "auto",
    "tls__acme__email": "a@example.org",
}
ALONE = (
    "run --rm --init --name shop-certificate --label django-on-docker.deployment=shop "
    "--label django-on-docker.role=certificate --log-driver none --interactive --cap-drop ALL "
)


def edge(tls: str, *, running: bool = True) -> list[dict[str, Any]]:
    labels = {"django-on-docker.tls": tls} if tls else {}
    return [{"Config": {"Labels": labels}, "State": {"Running": running}}]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, cli: FakeDocker, command: Command) -> FakeDocker:
    names = {"EDGE": "shop-edge", "DEPLOYMENT": "shop", "VOLUME": "shop-certificates"}
    command.environ(**names, IMAGE="sha256:tls", PORT="80")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(WANTED).encode())))
    return cli


def test_an_edge_that_asks_by_itself_is_told_what_is_wanted(
    asked: FakeDocker, command: Command
) -> None:
    asked.on("container inspect shop-edge", out=edge("auto"))
    command.says(acme_step.main)
    assert asked.calls[-1] == "exec -i shop-edge python3 -m deploy_runtime.tls issue"
    assert json.loads(asked.stdin[-1] or b"") == WANTED


@pytest.mark.parametrize("there", [None, edge(""), edge("auto", running=False)])
def test_where_none_serves_by_tls_a_container_of_its_own_has_the_port(
    asked: FakeDocker, command: Command, there: Any
) -> None:
    if there is None:
        asked.gone("shop-edge")
    else:
        asked.on("container inspect shop-edge", out=there)
    command.says(acme_step.main)
    assert asked.calls[-1].startswith(ALONE)
    assert asked.calls[-1].endswith(
        "--publish 80:8402 --mount type=volume,source=shop-certificates,"
        "target=/var/lib/certificates sha256:tls python3 -m deploy_runtime.tls obtain"
    )
    assert json.loads(asked.stdin[-1] or b"") == WANTED


def test_an_edge_with_a_given_certificate_goes_on_with_it(
    asked: FakeDocker, command: Command
) -> None:
    asked.on("container inspect shop-edge", out=edge("true"))
    assert "goes on with tls.certificate" in command.says(acme_step.main)
    assert asked.calls == ["container inspect shop-edge"]


def test_a_refusal_ends_the_update_with_the_authoritys_words(
    asked: FakeDocker, command: Command
) -> None:
    asked.gone("shop-edge")
    asked.on("run", code=3, err="acme: error: 400 :: urn:ietf:params:acme:error:dns :: NXDOMAIN\n")
    said = command.fails(acme_step.main)
    assert "site.domains: there is no certificate for a.example: https://ca/dir gave none" in said
    assert "It said: acme: error: 400 :: urn:ietf:params:acme:error:dns :: NXDOMAIN\n" in said


def test_what_else_goes_wrong_is_said_as_it_is(asked: FakeDocker, command: Command) -> None:
    asked.gone("shop-edge")
    asked.on("run", code=125, err="docker: port is already allocated\n")
    said = command.fails(acme_step.main)
    assert "asking for a certificate: docker: port is already allocated" in said


TELL = "exec host-shared-edge python3 -m deploy_runtime.shared"


@pytest.mark.parametrize(("code", "said"), [(0, ""), (3, "it refused")])
def test_behind_a_shared_edge_that_passes_the_authority_on(
    asked: FakeDocker, command: Command, code: int, said: str
) -> None:
    command.environ(SHARED="host")
    asked.gone("shop-edge")
    asked.on("start", code=code, err=said)
    if code:
        command.fails(acme_step.main)
    else:
        command.says(acme_step.main)
    told = [call for call in asked.calls if call.startswith(TELL)]
    assert told == [
        f"{TELL} ask shop-certificate shop-edge a.example",
        f"{TELL} answered shop-certificate",
    ]
    made = next(call for call in asked.calls if call.startswith("create"))
    assert "--network bridge" in made
    assert "--publish" not in made
    assert "network connect host-shared shop-certificate" in asked.calls
    assert asked.calls.index(told[0]) < asked.calls.index(made)
    assert asked.calls[-1] == told[1]


def test_a_domain_of_another_site_is_not_asked_for(asked: FakeDocker, command: Command) -> None:
    command.environ(SHARED="host")
    asked.gone("shop-edge")
    asked.on(TELL, code=1, err="a.example leads to blog-edge already")
    said = command.fails(acme_step.main)
    assert "asking for a certificate: a.example leads to blog-edge already" in said
    assert not any(call.startswith("create") for call in asked.calls)


def test_a_further_domain_leads_to_the_edge_before_it_is_asked_for(
    asked: FakeDocker, command: Command
) -> None:
    command.environ(SHARED="host")
    asked.on("container inspect shop-edge", out=edge("auto"))
    command.says(acme_step.main)
    assert asked.calls[-2:] == [
        f"{TELL} add shop-edge a.example",
        "exec -i shop-edge python3 -m deploy_runtime.tls issue",
    ]


@pytest.fixture(scope="module")
def recorder(program: Program) -> Recorder:
    return program.run("clean-server", **AUTO)


def test_there_is_a_certificate_before_there_is_an_edge(recorder: Recorder) -> None:
    assert "clean-server-certificate-first" in recorder["clean-server-edge"].waits_for
    first = recorder["clean-server-certificate-first"]
    assert json.loads(first.inputs["stdin"]) == {
        "domains": ["www.example.org", "example.org"],
        "directory": "https://acme-v02.api.letsencrypt.org/directory",
        "email": "a@example.org",
        "ca": "",
    }
    assert first.inputs["environment"]["PORT"] == "80"
    assert "SHARED" not in first.inputs["environment"]
    assert "clean-server-tls-image" in first.waits_for


def test_the_edge_has_it_before_anybody_is_sent_there(recorder: Recorder) -> None:
    shown = recorder["clean-server-certificate"]
    assert "clean-server-certificate" in recorder["clean-server-traffic"].waits_for
    assert "clean-server-edge" in shown.waits_for
    assert "use_backend acme" in recorder["clean-server-traffic"].inputs["stdin"]
    # It may take the place of a given one, and is taken away as that is.
    assert shown.triggers == {}
    assert shown.inputs["delete"].endswith("serving.certificate_step remove")


def test_what_is_kept_outlives_the_stack(recorder: Recorder) -> None:
    volume = recorder["clean-server-certificates"]
    assert volume.inputs["name"] == "clean-server-certificates"
    assert volume.options.retainOnDelete is True
    edge = recorder["clean-server-edge"].inputs
    assert {"type", "source", "target"} <= set(edge["mounts"][-1])
    assert edge["mounts"][-1]["target"] == "/var/lib/certificates"
    assert edge["command"] == ["python3", "-m", "deploy_runtime.tls", "run"]


def test_without_it_there_is_none_of_it(program: Program) -> None:
    plain = program.run("clean-server")
    assert "Acme" not in plain.types()
    assert "command" not in plain["clean-server-edge"].inputs
    assert len(plain["clean-server-edge"].inputs["mounts"]) == 2


def test_what_is_taken_over_from_may_not_have_the_port(program: Program) -> None:
    program.daemon.running["old-web"] = {}
    program.daemon.published["80"] = ["old-web"]
    recorder = Recorder()
    try:
        with pytest.raises(UserError, match=r"take over with the certificate that is there"):
            program.run_into(recorder, "clean-server", retire=["old-web"], **AUTO)
    finally:
        program.daemon.running.clear()
        program.daemon.published.clear()
    assert recorder.resources == {}


@pytest.mark.parametrize(
    ("content", "warns"),
    [
        (b"", False),
        (b"no JSON", False),
        (b'{"failed": {}}', False),
        (
            b'{"issued": null, "failed": {"since": 1, "last": 1, "tries": 2, "said": "dial tcp"}}',
            True,
        ),
    ],
)
def test_a_preview_speaks_of_one_that_can_not_be_renewed(
    program: Program, monkeypatch: pytest.MonkeyPatch, content: bytes, warns: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lambda text, *_: said.append(text))
    volume = "clean-server-certificates"
    monkeypatch.setitem(program.daemon.found, volume, None)
    monkeypatch.setitem(program.daemon.contents, volume, {"state.json": content})
    program.run_into(Recorder(), "clean-server", preview=True, **AUTO)
    found = [line for line in said if "can't be renewed since 1970-01-01" in line]
    assert bool(found) == warns
    assert all("-s clean-server" in line for line in found)

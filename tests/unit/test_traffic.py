"""The switch of traffic, to the edge and to a proxy of the user's own, and the edge's text."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi_docker as docker
import pytest

from components.inside import EDGE_CERTIFICATE
from components.serving.haproxy_config import configuration_id, render
from components.serving.haproxy_tls import Tls
from components.serving.haproxy_visitors import Access
from components.serving.users_proxy import OwnProxy, OwnProxyArgs
from deploy_runtime.edge.slots import servers
from deploy_runtime.tls.lego import BESIDE_HAPROXY
from deploy_runtime.tls.renewal import ROUTE
from tests.unit.recorder import Recorder, after, deploy
from tests.unit.switch import CONFIG, FILE, traffic

NGINX = Path("deploy_runtime/edge/nginx.conf")
CHANGES: list[dict[str, Any]] = [
    {"origin": "http://www.example.org"},
    {"origin": "https://www.example.org:444"},
    {"max_body": 1},
    {"workers": 5},
    {"threads": 3},
    {"health_path": "/ok"},
    {"host": "b"},
    {"redirects": {"example.org": "https://www.example.org"}},
    {"tls": Tls(hsts=0)},
    {"tls": Tls(hsts=60)},
    {"trusted": ["192.0.2.0/24"]},
    {"access": Access(addresses=["192.0.2.0/24"])},
    {"access": Access(users={"ada": "$6$a$b"})},
]


def own_proxy(*backends: str, switches: int = 0) -> Recorder:
    def program() -> dict[str, Any]:
        opts = after("gate")
        args: OwnProxyArgs = {
            "deployment": "shop",
            "backend_port": 8000,
            "backends": backends or ("b1", "b2"),
            "check": FILE,
            "switches": switches,
        }
        made = OwnProxy("shop", args, opts)
        docker.Container("follower", image="i", hostname=made.serving[0])
        return {"serving": made.serving, "network": made.network}

    return deploy(program)


def test_traffic_is_switched_by_a_command_that_stays_the_same() -> None:
    switched = traffic()["shop-traffic"]
    assert switched.inputs["create"] == "exec python3 -m components.serving.traffic_step"
    assert {"update", "delete"} & switched.inputs.keys() == set()
    environment = switched.inputs["environment"]
    assert environment["EDGE"] == "shop-edge"
    assert "BACKENDS" not in environment
    assert environment["CONFIGURATION"] == configuration_id(CONFIG)
    assert environment["CHECK"] == FILE
    assert switched.inputs["stdin"] == render(CONFIG, ["b1", "b2"], 8000)
    assert switched.inputs["logging"] == "stderr"
    assert switched.parent == "Traffic"


@pytest.mark.parametrize("made", [traffic, own_proxy])
def test_traffic_waits_for_the_gates_and_outputs_for_traffic(made: Any) -> None:
    recorder = made()
    assert "gate" in recorder["shop-traffic"].waits_for
    assert recorder["follower"].waits_for == {"shop-traffic"}
    assert recorder.outputs["serving"] == ["b1", "b2"]


@pytest.mark.parametrize(
    "changes", [{"backends": ["b1"]}, {"config_volume": "another"}, {"switches": 1}]
)
def test_other_backends_or_a_new_volume_switch_traffic(changes: dict[str, Any]) -> None:
    first = traffic()["shop-traffic"].inputs["triggers"]
    assert traffic(**changes)["shop-traffic"].inputs["triggers"] != first


def test_a_window_that_was_left_open_ends_without_an_edge_too() -> None:
    first = own_proxy()["shop-traffic"].inputs["triggers"]
    assert own_proxy(switches=1)["shop-traffic"].inputs["triggers"] != first


@pytest.mark.parametrize("changes", CHANGES)
def test_another_configuration_is_handed_over_and_has_another_name(changes: Any) -> None:
    other = replace(CONFIG, **changes)
    inputs = traffic(config=other)["shop-traffic"].inputs
    assert inputs["stdin"] != traffic()["shop-traffic"].inputs["stdin"]
    assert inputs["triggers"] == traffic()["shop-traffic"].inputs["triggers"]
    assert configuration_id(other) != configuration_id(CONFIG)


def test_a_proxy_of_ones_own_finds_what_has_passed_its_gate() -> None:
    recorder = own_proxy()
    attached, network = recorder["shop-traffic"].inputs, recorder["shop-traffic-network"].inputs
    assert attached["create"] == "exec python3 -m components.serving.users_proxy_step"
    assert attached["environment"] == {
        "NETWORK": "shop-traffic",
        "ALIAS": "shop",
        "BACKENDS": "b1 b2",
        "CHECK": FILE,
    }
    # Whoever serves is never taken off it: it is stopped at the end of the update.
    assert "delete" not in attached
    assert network["create"] == "exec python3 -m components.serving.users_proxy_network_step"
    assert network["delete"] == "exec python3 -m components.serving.users_proxy_network_step remove"
    marks = json.loads(network["environment"]["LABELS"])
    assert marks == {
        "django-on-docker.deployment": "shop",
        "django-on-docker.role": "traffic-network",
    }
    assert network["environment"]["OWNER"] == "django-on-docker.deployment=shop"
    assert "shop-traffic-network" in recorder["shop-traffic"].waits_for
    assert recorder.outputs["network"] == "shop-traffic"


def test_other_backends_are_let_onto_the_network() -> None:
    first, second = own_proxy("b1")["shop-traffic"], own_proxy("b2")["shop-traffic"]
    assert first.inputs["triggers"] != second.inputs["triggers"]


def lines(**changes: Any) -> list[str]:
    text = render(replace(CONFIG, **changes), ["b1", "b2"], 8000)
    return [line.strip() for line in text.splitlines()]


def test_the_servers_come_last_one_for_each_backend() -> None:
    assert lines()[-2:] == ["server b1 b1:8000", "server b2 b2:8000"]
    # The others are the spool, in the edge itself.
    others = [line for line in lines()[:-2] if line.startswith("server ")]
    assert {line.split()[2] for line in others} == {"unix@/run/edge/spool.sock"}
    assert servers(render(CONFIG, ["b1"], 8000)) == {"b1": "b1:8000"}


def test_each_configuration_says_which_it_is_whatever_its_servers() -> None:
    assert f"description {configuration_id(CONFIG)}" in lines()
    assert re.fullmatch("[0-9a-f]{16}", configuration_id(CONFIG))


def test_only_what_was_never_sent_is_sent_again() -> None:
    assert [line for line in lines() if "retry-on" in line] == ["retry-on conn-failure"]
    assert "option redispatch 1" in lines()


@pytest.mark.parametrize(
    ("origin", "scheme", "port"),
    [
        ("http://a.example", "http", 80),
        ("https://a.example", "https", 443),
        ("http://127.0.0.1:8090", "http", 8090),
    ],
)
def test_the_application_learns_how_it_is_visited(origin: str, scheme: str, port: int) -> None:
    found = lines(origin=origin)
    assert f"http-request set-header X-Forwarded-Proto {scheme}" in found
    assert f"http-request set-header X-Forwarded-Port {port}" in found
    # What a visitor claims is dropped before the edge adds what it saw.
    assert found.index("http-request del-header X-Forwarded -m beg") < found.index(
        "http-request set-header X-Forwarded-For %[var(txn.visitor)]"
    )


def test_only_what_speaks_https_in_front_is_believed() -> None:
    found = lines()
    (known,) = [line for line in found if line.startswith("http-request set-var(txn.known)")]
    assert known.endswith("if { req.hdr_ip(X-Forwarded-For,-1) -m found }")
    assert "http-request set-var(txn.visitor) req.hdr_ip(X-Forwarded-For,-1) if known" in found
    assert not [x for x in lines(origin="http://a") if "set-var" in x and "Forwarded" in x]


def test_bodies_are_limited_in_bytes() -> None:
    denied = [line for line in lines(max_body=2) if "deny_status 413" in line]
    assert denied == ["http-request deny deny_status 413 if { req.body_size gt 2097152 }"]


def test_backends_are_probed_as_a_visitor_would_ask() -> None:
    assert (
        "http-check send meth GET uri /health/ ver HTTP/1.1 hdr Host www.example.org "
        "hdr X-Forwarded-Proto https"
    ) in lines()


def test_a_flood_waits_in_the_edge_and_not_in_the_backend() -> None:
    assert any(line.startswith("default-server maxconn 8 check") for line in lines())


def test_a_server_is_found_anew_when_its_container_was_restarted() -> None:
    assert "nameserver embedded 127.0.0.11:53" in lines()
    assert any("init-addr libc,none resolvers docker" in line for line in lines())


def test_no_placeholder_is_left() -> None:
    text = "\n".join(line for line in lines() if "if {" not in line)
    assert not re.search(r"\{(?!\s)\w+\}", text)


def test_what_the_spool_takes_on_the_disk_is_bounded() -> None:
    found = lines(max_body=100)
    assert "server spool unix@/run/edge/spool.sock maxconn 128" in found
    assert "server spool unix@/run/edge/spool.sock maxconn 20" in found
    # However large one is, several can be on their way.
    assert "server spool unix@/run/edge/spool.sock maxconn 4" in lines(max_body=5000)
    largest = re.search(r"proxy_max_temp_file_size (\d+)m;", NGINX.read_text())
    assert largest
    assert f"table_conn_cur(large-answers) ge {2048 // int(largest[1])} }}" in "".join(found)


def test_only_visitors_who_are_known_apart_have_a_share_each() -> None:
    shares = [line for line in lines() if "deny_status 429" in line]
    assert len(shares) == 2
    assert not [
        line
        for line in lines(origin="http://a.example")
        if "deny_status 429" in line or "sc0" in line
    ]


def test_events_are_passed_on_as_they_come() -> None:
    (streams,) = {line for line in lines() if line.startswith("acl streams")}
    assert "text/event-stream" in streams
    assert "http-response set-header X-Accel-Buffering no if streams" in lines()


def test_who_asks_for_something_large_again_lets_others_go_first() -> None:
    found = lines()
    assert "http-request set-priority-offset int(20000) if { path,table_gpt0(bulk) gt 0 }" in found
    assert found.index("backend bulk") < found.index("frontend spooled")


def section(name: str, found: list[str]) -> list[str]:
    """What a section says, without its title."""
    rest = found[found.index(name) + 1 :]
    return rest[: rest.index("")]


def test_visitors_of_other_domains_are_sent_on() -> None:
    targets = {"example.org": "https://www.example.org"}
    (rule,) = [line for line in lines(redirects=targets) if "redirect" in line]
    assert rule == (
        "http-request redirect prefix https://www.example.org code 308 "
        "if { req.hdr(Host),host_only,lower -m str example.org }"
    )


def test_where_the_edge_ends_tls_whoever_comes_by_http_is_sent_to_https() -> None:
    found = lines(tls=Tls(hsts=60), redirects={"b.example": "https://c.example"})
    http = section("frontend plain-http", found)
    assert http[:2] == ["bind :8080", "bind :8081"]
    assert [line.split()[3] for line in http if "redirect prefix" in line] == [
        "https://c.example",
        "https://www.example.org",
    ]
    # Nothing else is done with what comes by it.
    assert not [line for line in http if "backend" in line]
    binds = [line for line in section("frontend public", found) if line.startswith("bind")]
    assert binds == [
        f"bind :{port} ssl crt {EDGE_CERTIFICATE} alpn h2,http/1.1" for port in (8443, 8444)
    ]


def test_an_authority_that_asks_is_let_in_before_anybody_is_sent_elsewhere() -> None:
    asked = "{ path_beg /.well-known/acme-challenge/ }"
    found = lines(tls=Tls(hsts=60, acme=True), redirects={"b.example": "https://c.example"})
    http = section("frontend plain-http", found)
    rules = [line for line in http if line.startswith("http-request")]
    assert rules[0] == f"http-request allow if {asked}"
    assert http[-1] == f"use_backend acme if {asked}"
    assert section("backend acme", found)[-1] == f"server lego {BESIDE_HAPROXY}"
    assert ROUTE in found
    # Nobody is asked where certificates come from elsewhere.
    assert not [line for line in lines(tls=Tls(hsts=60)) if "acme" in line]
    assert not [line for line in section("frontend public", found) if "acme" in line]


def test_an_edge_that_ends_tls_believes_nobody() -> None:
    found = lines(tls=Tls(hsts=60))
    assert "http-request set-header X-Forwarded-Proto https" in found
    assert not [line for line in found if "req.hdr_ip(X-Forwarded-For" in line]
    assert not [line for line in found if "deny_status 429" in line]


def test_versions_and_ciphers_are_mozillas_intermediate_profile() -> None:
    told = dict(line.split(" ", 1) for line in section("global", lines(tls=Tls(hsts=0))))
    options = told["ssl-default-bind-options"]
    assert options == "prefer-client-ciphers ssl-min-ver TLSv1.2 no-tls-tickets"
    assert told["ssl-default-bind-curves"] == "X25519:prime256v1:secp384r1"
    assert len(told["ssl-default-bind-ciphers"].split(":")) == 9
    assert not [line for line in lines() if "ssl" in line]


def test_browsers_are_told_to_come_by_https_once_that_has_worked() -> None:
    said = [line for line in lines(tls=Tls(hsts=60)) if "https_worked" in line]
    assert said == [
        "http-response set-var(proc.https_worked) bool(true) if { status 200:399 } "
        "!{ var(proc.https_worked) -m bool }",
        'http-after-response set-header Strict-Transport-Security "max-age=60" if '
        "{ var(proc.https_worked) -m bool } !{ res.hdr(Strict-Transport-Security) -m found }",
    ]
    assert not [line for line in lines(tls=Tls(hsts=0)) if "Strict" in line]

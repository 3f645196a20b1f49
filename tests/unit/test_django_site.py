"""`DjangoSite`: sites as components of somebody's own program."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import AppKeys, DatabaseKeys, DjangoSite, DjangoSiteArgs, ProcessKeys, WebKeys
from components.config.messages import ConfigError
from components.parts.scope import TYPE, Scope
from components.stack_state import StackState
from tests.unit.program import Program, on_a_host_of_its_own
from tests.unit.recorder import Recorder, deploy

APP = AppKeys(path="example", settings="lanterna.settings")
KEPT = {"app": {"secretKey": "k" * 50}}


@pytest.fixture
def program(tmp_path: Path) -> Any:
    with on_a_host_of_its_own(tmp_path) as found:
        yield found


def run(
    body: Callable[[], Any],
    *,
    preview: bool = False,
    **kept: Any,
) -> Recorder:
    """Run a program whose stack's config has these objects."""
    config = {name: json.dumps(value) for name, value in kept.items()}
    return deploy(body, Recorder(), stack="live", config=config, secret=[], preview=preview)


def shop() -> None:
    """A program with one site."""
    DjangoSite("shop", DjangoSiteArgs(app=APP, data="create"))


def test_two_sites_in_one_program(program: Program) -> None:
    def body() -> dict[str, Any]:
        shop = DjangoSite("shop", DjangoSiteArgs(app=APP, data="create"))
        blog = DjangoSite(
            "blog",
            DjangoSiteArgs(
                app=APP,
                data="create",
                deployment="b",
                database=DatabaseKeys(engine="postgres"),
                processes=ProcessKeys(web=WebKeys(gate_timeout=7)),
                site={"port": 8090},  # type: ignore[arg-type]
            ),
        )
        return {"shop": shop.url, "blog": blog.url, "release": blog.outputs["release"]}

    recorder = run(body, shop=KEPT, blog={**KEPT, "database": {"password": "p" * 20}})
    assert recorder.outputs["shop"] == "http://127.0.0.1:8080"
    assert recorder.outputs["blog"] == "http://127.0.0.1:8090"
    assert {"shop-edge", "b-edge", "b-postgres", "shop-docker", "blog-docker"} <= {
        *recorder.resources
    }
    assert recorder["shop-docker"].parent == "DjangoSite"
    assert recorder["blog-docker"].parent == "DjangoSite blog"


def test_everything_of_a_site_is_below_it(program: Program) -> None:
    recorder = run(
        lambda: DjangoSite("shop", DjangoSiteArgs(app=APP, data="create")) and None, shop=KEPT
    )
    at_the_top = {key for key, resource in recorder.resources.items() if resource.parent == "Stack"}
    assert at_the_top == {"DjangoSite"}


def test_a_url_may_come_from_another_resource(program: Program) -> None:
    url = "postgres://u:secret@db.example:5432/shop"

    def body() -> dict[str, Any]:
        site = DjangoSite(
            "shop",
            DjangoSiteArgs(app=APP, data="create", database=DatabaseKeys(engine="external")),
            database_url=pulumi.Output.secret(url),
            secrets={"TOKEN": pulumi.Output.from_input("t-1")},
        )
        return {"url": site.url}

    recorder = run(body, shop=KEPT)
    assert recorder.outputs["url"] == "http://127.0.0.1:8080"
    assert "shop-edge" in recorder.resources
    assert url not in json.dumps(dict(recorder["shop-edge"].inputs), default=str)


def test_what_is_wrong_is_named_by_its_key(program: Program) -> None:
    args = DjangoSiteArgs(app=APP, data="create", database=DatabaseKeys(name="b", backups=7))

    def body() -> None:
        DjangoSite("shop", args)

    with pytest.raises(ConfigError, match="DjangoSite 'shop' has 1 problem") as error:
        run(body, shop={"app": {"secret_key": "k" * 50}})
    assert "app.secret_key" in str(error.value), "in config a key has one spelling"


def test_the_program_goes_before_config(program: Program) -> None:
    def body() -> dict[str, Any]:
        site = {"port": 8100}
        return {"url": DjangoSite("shop", DjangoSiteArgs(app=APP, data="create", site=site)).url}  # type: ignore[arg-type]

    recorder = run(body, shop={**KEPT, "site": {"port": 8200, "origin": "https://shop.example"}})
    assert recorder["shop-edge"].inputs["ports"][0]["external"] == 8100
    assert recorder.outputs["url"] == "https://shop.example"


def test_what_a_preview_cannot_know_leaves_the_site_out(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    def body() -> None:
        unknown = pulumi.Output(
            resources=set(),
            future=_done(pulumi.UNKNOWN),
            is_known=_done(False),
        )
        args = DjangoSiteArgs(app=APP, data="create", database=DatabaseKeys(engine="external"))
        DjangoSite("shop", args, database_url=unknown)

    recorder = run(body, preview=True, shop=KEPT)
    assert {*recorder.resources} == {"DjangoSite"}
    assert ["not in this preview" in line for line in said] == [True]


def _done(value: Any) -> Any:
    future: asyncio.Future[Any] = asyncio.Future()
    future.set_result(value)
    return future


def test_a_state_is_read_by_site() -> None:
    def entry(name: str, parent: str, kind: str = "docker:x:Y") -> dict[str, Any]:
        urn = f"urn:pulumi:live::p::{kind}::{name}"
        return {"urn": urn, "type": kind, "id": name, "parent": parent}

    stack = entry("p-live", "", "pulumi:pulumi:Stack")
    shop = entry("shop", stack["urn"], TYPE)
    other = entry("shop-eu", stack["urn"], TYPE)
    part = entry("shop-edge", shop["urn"])
    inner = entry("shop-image", part["urn"])
    foreign = entry("shop-eu-edge", other["urn"])
    state = StackState.of([stack, shop, other, part, inner, foreign])
    assert [r.name for r in Scope(name="shop").of(state).there] == ["shop-edge", "shop-image"]
    assert Scope().of(state) is state

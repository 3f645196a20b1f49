"""`DjangoSite`: sites as components of somebody's own program."""

import asyncio
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

import components
from components import (
    AppKeys,
    DatabaseKeys,
    DjangoSite,
    DjangoSiteArgs,
    ProcessKeys,
    WebKeys,
    errors,
)
from components.config.in_program import in_program
from components.config.keys import AllKeys
from components.config.keys.base import Keys, fields_of, keys_in
from components.config.messages import ConfigError
from components.errors import UserError
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


def groups(of: type[Keys]) -> Iterator[type[Keys]]:
    """The groups that a group of keys has in it, and what these have."""
    for inner in filter(None, map(keys_in, fields_of(of).values())):
        yield inner
        yield from groups(inner)


def test_every_group_of_keys_can_be_imported_by_a_program() -> None:
    names = {group.__name__ for group in groups(AllKeys)}
    assert names <= set(components.__all__)
    assert all(getattr(components, name) for name in components.__all__)


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


def wrong(body: Callable[[], Any], **kept: Any) -> list[str]:
    """What a program is told that is refused."""
    with pytest.raises(UserError) as error:
        run(body, **kept)
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: AppKeys(path="x", settings="y", pth="z"),  # type: ignore[call-arg]
            "pth is no argument of AppKeys, which takes path, settings, wsgi",
        ),
        (
            lambda: DjangoSiteArgs(app=APP, data="create", site={"prt": 1}),  # type: ignore[arg-type]
            "site.prt is no argument of SiteKeys, which takes",
        ),
        (lambda: DjangoSiteArgs(app=APP), "data is missing"),  # type: ignore[call-arg]
        (
            lambda: WebKeys(gate_timeout="soon"),  # type: ignore[arg-type]
            "gate_timeout is 'soon': input should be a valid integer",
        ),
        (
            lambda: DjangoSiteArgs(app=APP, data="create", secrets={"A": ["hunter2"]}),  # type: ignore[dict-item]
            "secrets.A is a list: ",
        ),
    ],
)
def test_a_wrong_argument_is_named_with_the_line_of_the_program(
    make: Callable[[], Any], says: str
) -> None:
    with pytest.raises(ConfigError) as error:
        make()
    summary, *problems = str(error.value).splitlines()
    assert re.search(
        r"is called with what it can't take \(\S+test_django_site.py, line \d+\)", summary
    )
    assert any(line.startswith(f"  - {says}") for line in problems), problems
    assert "hunter2" not in str(error.value)


def test_an_output_where_none_can_be_is_told_of(program: Program) -> None:
    def body() -> None:
        DatabaseKeys(url=pulumi.Output.from_input("postgres://x"))  # type: ignore[arg-type]

    _, problem = wrong(body)
    assert "url is an output of another resource: what a site is made from has to be" in problem


def test_arguments_that_contradict_each_other_are_mended_in_the_program(program: Program) -> None:
    args = DjangoSiteArgs(app=APP, data="create", site={"edge": False})  # type: ignore[arg-type]
    summary, problem = wrong(lambda: DjangoSite("shop", args), shop=KEPT)
    assert summary == "DjangoSite 'shop' has 1 problem"
    assert '`site=SiteKeys(origin="https://www.example.org")`' in problem
    assert "pulumi config" not in problem


def test_what_the_host_refuses_is_mended_in_the_program(program: Program) -> None:
    program.daemon.found = {"shop-data": {}}
    said = wrong(shop, shop=KEPT)
    assert any('`data="existing"`' in line for line in said), said
    assert any('`deployment="NAME"`' in line for line in said), said
    assert not any("pulumi config set" in line for line in said), said


def test_what_config_says_wrong_is_mended_in_config(program: Program) -> None:
    _, problem = wrong(shop, shop={**KEPT, "processes": {"web": {"gateTimeout": "soon"}}})
    assert problem.startswith(
        "  - shop.processes.web.gateTimeout is 'soon': must be a whole number"
    )
    assert "`pulumi config set --path shop.processes.web.gateTimeout VALUE -s live`" in problem


def test_a_name_that_is_none_on_a_host_is_the_programs(program: Program) -> None:
    args = DjangoSiteArgs(app=APP, data="create")
    _, problem = wrong(lambda: DjangoSite("My Shop", args))
    assert problem.startswith("  - deployment is 'My Shop': ")
    assert '`deployment="VALUE"`' in problem


@pytest.mark.parametrize(
    ("before", "calls"), [(signal.default_int_handler, 1), (signal.SIG_DFL, 0)]
)
def test_a_program_that_the_engine_stops_ends_without_a_stack_trace(
    program: Program, monkeypatch: pytest.MonkeyPatch, before: Any, calls: int
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(signal, "getsignal", lambda _: before)
    monkeypatch.setattr(errors, "end_quietly_when_interrupted", lambda: asked.append("now"))
    run(shop, shop=KEPT)
    assert len(asked) == calls, "what somebody's program does by itself, it goes on doing"


def test_arguments_of_another_kind_are_refused(program: Program) -> None:
    said = wrong(lambda: DjangoSite("shop", {"data": "create"}))  # type: ignore[arg-type]
    assert said == ["DjangoSite 'shop': args is a dict, and has to be DjangoSiteArgs"]


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("set --path site.port 8081", "`site=SiteKeys(port=8081)`"),
        (
            "set --path processes.web.gateTimeout VALUE",
            "`processes=ProcessKeys(web=WebKeys(gate_timeout=…))`",
        ),
        (
            "set --path app.collectStaticOnStartup false",
            "`app=AppKeys(collect_static_on_startup=False)`",
        ),
        ("set --path 'retire[0]' old-1", '`retire=["old-1"]`'),
        ("""set --path 'env["X"]' y""", '`env={"X": "y"}`'),
        ("rm --path image.dockerfile", "`ImageKeys(…)` without `dockerfile`"),
        ("rm retire", "`DjangoSiteArgs(…)` without `retire`"),
        ("set --secret --path database.url", "the argument `database_url`"),
        (
            "set --secret --path app.secretKey",
            "`pulumi config set --secret --path shop.app.secretKey -s live`",
        ),
        ("set mine 3", "`pulumi config set mine 3 -s live`"),
    ],
)
def test_a_command_about_config_becomes_an_argument(command: str, argument: str) -> None:
    assert in_program(f"`pulumi config {command} -s live`", "shop") == argument


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
        args = DjangoSiteArgs(app=APP, data="create", database=DatabaseKeys(engine="external"))
        DjangoSite("shop", args, database_url=_unknown())

    recorder = run(body, preview=True, shop=KEPT)
    assert {*recorder.resources} == {"DjangoSite"}
    assert ["not in this preview" in line for line in said] == [True]


def test_a_secret_that_a_preview_does_not_know_leaves_the_rest_of_the_site_in(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    def body() -> None:
        args = DjangoSiteArgs(app=APP, data="create")
        DjangoSite("shop", args, secrets={"TOKEN": _unknown(), "KEY": "known"})

    recorder = run(body, preview=True, shop=KEPT)
    assert {"shop-edge", "shop-backend", "shop-traffic"} <= {*recorder.resources}
    (warning,) = (line for line in said if "known only when" in line)
    assert "DjangoSite shop: secrets TOKEN are known only when" in warning


def _unknown() -> pulumi.Output[str]:
    """An output of another resource that a preview does not know."""
    return pulumi.Output(resources=set(), future=_done(pulumi.UNKNOWN), is_known=_done(False))


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

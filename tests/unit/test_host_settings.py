"""The config of a stack that is no site: the keys of what sites share, and none of a site's."""

from typing import Any

import pytest

from components.config.host_settings import HostSettings, is_hosts, load_host
from components.config.messages import ConfigError
from components.config.settings import load_told
from tests.config_keys import raw


def parse(**values: Any) -> HostSettings:
    return load_host(raw(values), stack="host", file="stacks/Pulumi.host.yaml")


@pytest.mark.parametrize(
    ("values", "is_host"),
    [
        ({"sharedEdge": {}}, True),
        ({"sharedEdge.httpPort": 81}, True),
        ({"sharedEdge": {}, "data": "create"}, True),
        ({"data": "create"}, False),
        ({"sharedEdge": ""}, False),
        ({"site.sharedEdge": "host"}, False),
    ],
)
def test_one_key_says_what_a_stack_is(values: dict[str, Any], is_host: bool) -> None:
    assert is_hosts(raw(values)) is is_host


def test_nothing_more_has_to_be_said() -> None:
    settings = load_told({"p:sharedEdge": "{}"}, [], stack="host", project="p")
    assert isinstance(settings, HostSettings)
    assert (settings.deployment, settings.host) == ("host", "")
    assert settings.published == {"sharedEdge.httpPort": 80, "sharedEdge.httpsPort": 443}
    assert parse(deployment="front", site="").deployment == "front"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"sharedEdge.httpPort": 80, "data": "create"},
            "data is a site's, but this stack is the edge that sites share, since it has "
            "sharedEdge: `pulumi config rm data -s host`",
        ),
        (
            {"sharedEdge.httpPort": 443},
            "sharedEdge.httpPort is 443, and so is sharedEdge.httpsPort: "
            "`pulumi config set --path sharedEdge.httpPort 80 -s host`",
        ),
        (
            {"sharedEdge.httpPort": 0},
            "sharedEdge.httpPort is 0: input should be greater than or equal to 1; change it "
            "with `pulumi config set --path sharedEdge.httpPort VALUE -s host`",
        ),
        (
            {"sharedEdge.port": 80},
            "sharedEdge.port is no config key of this program: did you mean sharedEdge.httpPort",
        ),
        ({"sharedEdge": "yes"}, "sharedEdge is 'yes': must be an object of httpPort, httpsPort"),
        ({"sharedEdge": {}, "sharedEgde": "x"}, "did you mean sharedEdge? Otherwise"),
    ],
)
def test_what_is_wrong_is_named_with_what_mends_it(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(**values)
    assert says in str(refused.value)

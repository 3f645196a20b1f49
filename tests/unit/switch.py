"""A switch of traffic to an edge, as tests choose it."""

from typing import Any, cast

import pulumi_docker as docker

from components.serving.haproxy_config import EdgeConfig
from components.serving.traffic import Traffic, TrafficArgs
from tests.unit.recorder import Recorder, after, deploy

FILE = ".build/shop/migration-check.json"
CONFIG = EdgeConfig(
    origin="https://www.example.org",
    max_body=100,
    workers=4,
    threads=2,
    health_path="/health/",
    host="www.example.org",
)
TRAFFIC: dict[str, Any] = {
    "edge": "shop-edge",
    "config_volume": "shop-edge-config-1",
    "backends": ["b1", "b2"],
    "backend_port": 8000,
    "config": CONFIG,
    "check": FILE,
    "switches": 0,
}


def traffic(**changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        args = cast(TrafficArgs, {**TRAFFIC, **changes})
        made = Traffic("shop", args, after("gate"))
        docker.Container("follower", image="i", hostname=made.serving[0])
        return {"serving": made.serving}

    return deploy(program)

"""The way on which visitors reach what passed its gate: the edge, or a proxy of the user's own."""

import pulumi

from deploy_runtime.tls.wanted import Wanted

from ..config.settings import Settings
from ..inside import PORT
from ..migrations.check import description_file
from ..serving.acme import Acme, AskedArgs, askings
from ..serving.backend import Backend
from ..serving.certificate import (
    Certificate,
    CertificateArgs,
    OwnCertificate,
    OwnCertificateArgs,
)
from ..serving.edge import Edge, PublicArgs, is_held_back
from ..serving.haproxy_config import EdgeConfig
from ..serving.haproxy_tls import Tls
from ..serving.haproxy_visitors import Access
from ..serving.traffic import SwitchArgs, Traffic, switches
from ..serving.users_proxy import OwnProxy
from .images import Images, waiting
from .preparation import Preparation
from .store import Store


def switch_traffic(
    given: Preparation,
    images: Images,
    store: Store,
    backend: Backend,
    opts: pulumi.ResourceOptions,
) -> Traffic | OwnProxy:
    """Send visitors to what has passed its gate, by the edge or by a proxy of the user's own."""
    deployment = given.settings.deployment
    to: SwitchArgs = {
        "backends": backend.serving,
        "backend_port": PORT,
        "check": description_file(deployment),
        "switches": switches(given.state, deployment, is_open=given.window_is_open),
    }
    if not given.settings.site.edge:
        return OwnProxy(
            deployment,
            {**to, "deployment": deployment},
            given.scope.after([backend]),
        )
    acme = _acme(given, images, opts)
    edge = _edge(given, images, store, backend, acme, opts)
    return Traffic(
        deployment,
        {
            **to,
            "edge": edge.container,
            "config_volume": edge.config_volume,
            "config": _edge_config(given),
        },
        given.scope.after([backend, edge, *_certificate(given, images, edge, acme)]),
    )


def _edge(
    given: Preparation,
    images: Images,
    store: Store,
    backend: Backend,
    acme: Acme | None,
    opts: pulumi.ResourceOptions,
) -> Edge:
    deployment = given.settings.deployment
    # In the place of what has the port it is made last, and started by the switch.
    after: list[pulumi.Resource] = [
        images.release,
        *([backend] if given.retired.holds_port else []),
        *([acme] if acme else []),
    ]
    return Edge(
        deployment,
        {
            "deployment": deployment,
            "image_id": images.serving_edge.image_id,
            "stack": given.stack,
            "front": store.network.front_name,
            "port": given.settings.site.port,
            "public": _public(given),
            "certificates": acme.volume if acme else None,
            "shared": given.settings.site.shared_edge,
            "memory": given.settings.site.edge_memory,
            "cpus": given.settings.site.edge_cpus,
            "held_back": is_held_back(
                given.state[f"{deployment}-edge"],
                vanished=given.vanished.ids,
                port_is_taken=given.retired.holds_port,
            ),
        },
        waiting(opts, *after),
    )


def _public(given: Preparation) -> PublicArgs | None:
    tls = given.settings.tls
    if not given.settings.ends_tls:
        return None
    return {"http": tls.http_port, "https": tls.https_port, "ipv6": given.host.has_ipv6}


def _acme(given: Preparation, images: Images, opts: pulumi.ResourceOptions) -> Acme | None:
    """The certificate that the edge gets by itself, before anything of the edge is changed."""
    if given.settings.tls_mode != "auto":
        return None
    deployment = given.settings.deployment
    return Acme(
        deployment,
        {
            **_asked(given, images),
            "stack": given.stack,
            "times": askings(given.state, given.host, deployment),
        },
        waiting(opts, images.release),
    )


def _asked(given: Preparation, images: Images) -> AskedArgs:
    tls = given.settings.tls
    return {
        "deployment": given.settings.deployment,
        "wanted": Wanted(
            domains=given.settings.site.domains,
            directory=tls.acme.url,
            email=tls.acme.email,
            ca=tls.acme.ca,
        ),
        "image": images.serving_edge.image_id,
        "http_port": tls.http_port,
        "shared": given.settings.site.shared_edge,
    }


def _certificate(
    given: Preparation, images: Images, edge: Edge, acme: Acme | None
) -> list[pulumi.Resource]:
    """What the edge ends TLS with, which it has before any visitor is sent anywhere."""
    settings = given.settings
    if acme:
        own: OwnCertificateArgs = {
            **_asked(given, images),
            "edge": edge.container,
            "config_volume": edge.config_volume,
            "volume": acme.volume,
        }
        return [OwnCertificate(settings.deployment, own, given.scope.after([edge]))]
    certificate, key = settings.tls.certificate, settings.tls.key
    if certificate is None or key is None:
        return []
    args: CertificateArgs = {
        "edge": edge.container,
        "config_volume": edge.config_volume,
        "certificate": certificate.get_secret_value(),
        "key": key.get_secret_value(),
    }
    return [Certificate(settings.deployment, args, given.scope.after([edge]))]


def _edge_config(given: Preparation) -> EdgeConfig:
    settings = given.settings
    return EdgeConfig(
        origin=settings.public_origin,
        max_body=settings.site.max_body_size,
        workers=settings.processes.web.workers,
        threads=settings.processes.web.threads,
        health_path=given.health_path,
        host=settings.hosts[0],
        redirects=settings.redirects,
        tls=_tls(settings) if settings.ends_tls else None,
        trusted=settings.site.trusted_proxies,
        access=Access(addresses=settings.site.access.addresses, users=settings.access_users),
    )


def _tls(settings: Settings) -> Tls:
    return Tls(
        hsts=settings.tls.hsts,
        acme=settings.tls_mode == "auto",
        shared=bool(settings.site.shared_edge),
    )

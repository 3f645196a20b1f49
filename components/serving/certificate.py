"""The certificate that the edge ends TLS with, as it gets there."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi

from .. import PACKAGE, step
from ..step import Step
from . import acme
from .acme import AskedArgs

_MODULE = f"{__package__}.certificate_step"
# Of either kind: one takes the place of the other without a removal.
_TYPE = f"{PACKAGE}:index:Certificate"


class EdgesArgs(TypedDict):
    """Whose certificate."""

    edge: pulumi.Input[str]
    """The edge's container."""
    config_volume: pulumi.Input[str]
    """The volume that holds what the edge goes by, the certificate included."""


class CertificateArgs(EdgesArgs):
    """Which certificate, and whose."""

    certificate: str
    """Certificate and chain in PEM; marked as secret from here on."""
    key: str
    """The certificate's private key in PEM; marked as secret from here on."""


class Certificate(pulumi.ComponentResource):
    """Hands the edge its certificate, which it keeps beside its configuration.

    Another one is handed to the edge that runs: no container is replaced, and no connection closed.
    """

    put: pulumi.Resource
    """Says that the edge has it."""

    def __init__(
        self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(_TYPE, name, None, opts)
        content = f"{args['certificate'].strip()}\n{args['key'].strip()}\n"
        environment = {"EDGE": args["edge"], "VOLUME": args["config_volume"]}
        stdin = pulumi.Output.secret(content)
        self.put = _put(self, name, _MODULE, environment, stdin, opts)
        self.register_outputs({})


class OwnCertificateArgs(EdgesArgs, AskedArgs):
    """Which certificate the edge gets by itself."""

    volume: pulumi.Input[str]
    """The volume that it is kept in."""


class OwnCertificate(pulumi.ComponentResource):
    """Has the edge show the certificate that was asked for; in the place of a given one, if any."""

    put: pulumi.Resource
    """Says that the edge has it."""

    def __init__(
        self, name: str, args: OwnCertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(_TYPE, name, None, opts)
        environment = {
            **acme.environment(args, args["volume"]),
            "EDGE": args["edge"],
            "CONFIG": args["config_volume"],
        }
        stdin = args["wanted"].as_json()
        self.put = _put(self, name, acme.MODULE, environment, stdin, opts)
        self.register_outputs({})


def _put(
    parent: pulumi.Resource,
    name: str,
    module: str,
    environment: Mapping[str, pulumi.Input[str]],
    stdin: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None,
) -> Step:
    return Step(
        f"{name}-certificate",
        module,
        parent=parent,
        # Whatever changes, it is handed over: a replacement's end would take it away again.
        triggers={},
        environment=environment,
        stdin=stdin,
        update=None,
        delete=step.run(_MODULE, "remove"),
        is_shown=module != _MODULE,
        depends_on=step.after(opts),
    )

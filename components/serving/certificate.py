"""The certificate that the edge ends TLS with, as it gets there."""

from typing import TypedDict

import pulumi

from .. import PACKAGE, step
from ..step import Step


class CertificateArgs(TypedDict):
    """Which certificate, and whose."""

    edge: pulumi.Input[str]
    """The edge's container."""
    config_volume: pulumi.Input[str]
    """The volume that holds what the edge goes by, the certificate included."""
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
        super().__init__(f"{PACKAGE}:index:Certificate", name, None, opts)
        content = f"{args['certificate'].strip()}\n{args['key'].strip()}\n"
        module = f"{__package__}.certificate_step"
        self.put = Step(
            f"{name}-certificate",
            module,
            parent=self,
            triggers={},
            # Whatever changes, it is handed over: a replacement's end would take it away again.
            environment={"EDGE": args["edge"], "VOLUME": args["config_volume"]},
            stdin=pulumi.Output.secret(content),
            update=None,
            delete=step.run(module, "remove"),
            is_shown=False,
            depends_on=step.after(opts),
        )
        self.register_outputs({})

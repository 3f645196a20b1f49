"""TLS at the edge: whether it speaks https itself, and what with."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from ..value_types import ManyLines
from .base import Keys


class TlsKeys(Keys):
    """What ends TLS, and what with."""

    mode: Literal["off", "files"] = "off"
    """off: the edge speaks plain http on 127.0.0.1, to a proxy of your own that ends TLS in front.
    files: the edge ends TLS for site.domains, on ports of its own that the world reaches, with
    tls.certificate and tls.key.
    """

    certificate: Annotated[SecretStr | None, ManyLines] = None
    """With files, the certificate in PEM, and behind it those that lead to its root; `pulumi config
    set --secret --path tls.certificate < fullchain.pem`.
    """

    key: Annotated[SecretStr | None, ManyLines] = None
    """With files, the certificate's private key in PEM; `pulumi config set --secret --path tls.key
    < privkey.pem`. The edge alone can read it.
    """

    http_port: int = Field(default=80, ge=1, le=65535)
    """With TLS, the port from which visitors are sent to https."""

    https_port: int = Field(default=443, ge=1, le=65535)
    """With TLS, the port of https."""

    hsts: int = Field(default=63_072_000, ge=0, le=63_072_000)
    """With TLS, seconds for which browsers remember to come by https alone, once that has worked;
    0 tells them nothing.
    """

"""TLS at the edge: whether it speaks https itself, and what with."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from ..value_types import AcmeDirectory, Email, ManyLines
from .base import Keys, section

# Let's Encrypt's, by the words that stand for them.
_DIRECTORIES = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

TlsMode = Literal["off", "files", "auto"]


class AcmeKeys(Keys):
    """Who issues certificates where tls.mode is auto."""

    email: Email = Field(default="", examples=["you@example.org"])
    """With auto, the address that the certificate authority has for the account that is made there;
    setting it agrees to its terms of service.
    """

    directory: AcmeDirectory = Field(default="production", examples=["staging"])
    """With auto, who issues certificates by ACME: production is Let's Encrypt, staging its
    authority for tries, which browsers refuse and which limits nobody soon; or the https URL of
    another one's directory.
    """

    ca: Annotated[str, ManyLines] = ""
    """With auto, the root in PEM by which that URL is verified, where the authority is a company's
    own; `pulumi config set --path tls.acme.ca < root.pem`.
    """

    @property
    def url(self) -> str:
        """The directory's URL."""
        return _DIRECTORIES.get(self.directory, self.directory)


class TlsKeys(Keys):
    """What ends TLS, and what with."""

    mode: TlsMode | None = None
    """off: the edge speaks plain http on 127.0.0.1, to a proxy of your own that ends TLS in front.
    files: the edge ends TLS for site.domains, on ports of its own that the world reaches, with
    tls.certificate and tls.key. auto: so it does with a certificate that it gets by itself, and
    renews. Empty is auto where there are site.domains, or files with a tls.certificate; else off.
    """

    acme: AcmeKeys = section()
    """Who issues certificates where tls.mode is auto."""

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

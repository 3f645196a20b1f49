"""The registry that releases are pushed to and pulled from."""

from pydantic import Field, SecretStr

from ..value_types import RegistryImage
from .base import Keys


class RegistryKeys(Keys):
    """The registry of releases."""

    image: RegistryImage = Field(default="", examples=["registry.example.org/shop"])
    """Name of the site's releases in a registry, as HOST[:PORT]/NAME without a tag: each is pushed
    there once it is built and checked, before it serves. Empty pushes none.
    """

    user: str = ""
    """User at the registry of registry.image, or of releases.image; empty leaves it to the docker
    client's own `docker login`.
    """

    password: SecretStr | None = None
    """That user's password, or a token; `pulumi config set --secret --path registry.password`."""

    timeout: int = Field(default=900, ge=1, le=14_400)
    """Seconds that pushing a release, or pulling one, may take."""

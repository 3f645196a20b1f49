"""What a start needs: the project, its data, and where the site is."""

from typing import Annotated, Literal

from pydantic import Field

from ..value_types import ManyLines, Module, Name, Origin
from .base import Keys


class StartKeys(Keys):
    """What a start needs."""

    app_path: str = Field(min_length=1, examples=["../shop"])
    """Required. Folder of the Django project, relative to Pulumi.yaml or absolute."""

    settings_module: Module = Field(min_length=1, examples=["shop.settings.production"])
    """Required. The project's settings module for production, as a dotted name."""

    data: Literal["create", "existing"] = Field(examples=["create"])
    """Required. create: the site is new and its data is created. existing: the data is there and is
    only referenced.
    """

    seeding: bool = Field(default=False, examples=[True])
    """Run the seeding job on a clean server, and again when seedSteps or redeploy change."""

    seed_steps: Annotated[tuple[str, ...], ManyLines] = Field(
        default=(), examples=[["create_categories", "create_pages --language en"]]
    )
    """Idempotent management commands, in order, each as one would type it after manage.py; with
    placeholders such as {adminPassword}.
    """

    deployment: Annotated[Name, Field(min_length=1)]
    """Identity of the site on its host, the first part of every name; empty is the stack's name, in
    lower case and with dashes for what is neither letter nor digit.
    """

    port: int = Field(default=8080, ge=1, le=65535)
    """Port on 127.0.0.1 that the site is published on."""

    origin: Origin = Field(default="", examples=["https://www.example.org"])
    """Origin that visitors use, such as https://www.example.org; empty is http://127.0.0.1:PORT."""

"""The secrets as the containers see them: one file each, in a volume that only they mount."""

import json
from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from components import PACKAGE
from components.labels import as_args, labels

FOLDER = "/run/secrets"


class SecretsArgs(TypedDict):
    """Which secrets the containers get."""

    deployment: str
    """The deployment that the secrets belong to."""
    values: Mapping[str, str]
    """Variable name to value; marked as secret from here on."""
    image: pulumi.Input[str]
    """An image with `tar`, to write the volume with."""


class Secrets(pulumi.ComponentResource):
    """A volume with one file for each secret, named as the variable that it becomes.

    Secrets are handed over as files because `docker inspect` shows an environment in plain text.
    """

    volume: pulumi.Output[str]
    """The volume's name, known once the files are written."""

    def __init__(
        self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{PACKAGE}:index:Secrets", name, None, opts)
        # The name is generated: a volume that was lost gets another, and so is written again.
        volume = docker.Volume(
            f"{name}-secrets",
            labels=as_args(labels(args["deployment"], "secrets")),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["labels"]),
        )
        written = command.local.Command(
            f"{name}-secrets-files",
            create="python3 -m components.commands.write_secrets",
            environment={"VOLUME": volume.name, "IMAGE": args["image"]},
            stdin=pulumi.Output.secret(json.dumps(args["values"], sort_keys=True)),
            triggers=[volume.name],
            logging=command.local.Logging.NONE,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.volume = pulumi.Output.all(volume.name, written.id).apply(lambda both: str(both[0]))
        self.register_outputs({"volume": self.volume})

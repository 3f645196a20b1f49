"""What ends an update: what ran is counted, older releases make room, and outputs are shown."""

from typing import Any

import pulumi

from .. import stack_outputs
from ..image.pin import OUTPUT
from ..image.prune_releases import Releases
from ..ledger.ledger import Account
from ..migrations.check import MigrationCheck
from ..serving.backend import Backend
from ..serving.seeding import Seeding
from ..serving.take_down import TakeDown
from ..serving.traffic import Traffic
from ..serving.users_proxy import OwnProxy
from .images import Images
from .preparation import Preparation
from .registry import repositories
from .update import Update


def count(
    given: Preparation, update: Update, traffic: Traffic | OwnProxy, seeding: Seeding | None
) -> Account:
    """Compare what ran with the plan."""
    before = update.before
    return Account(
        given.settings.deployment,
        {
            "deployment": given.settings.deployment,
            "plan": given.plan,
            "up": update.up,
            "accounted": before.accounted,
            "backends": traffic.serving,
            "counted": before.counted,
            "job": seeding.result if seeding else None,
            "job_id": seeding.run if seeding else before.job,
        },
        given.scope.after([traffic]),
    )


def keep_releases(given: Preparation, traffic: Traffic | OwnProxy) -> Releases:
    """Keep the releases that can be gone back to; older ones make room."""
    settings = given.settings
    return Releases(
        settings.deployment,
        {
            "deployment": settings.deployment,
            "keep": settings.releases.keep,
            "repositories": repositories(settings),
            "backend": traffic.serving.apply(lambda names: names[0]),
        },
        given.scope.after([traffic]),
    )


def guard_take_down(given: Preparation, after: list[pulumi.Resource]) -> None:
    """Have `pulumi destroy` ask first whether somebody works on the site."""
    deployment = given.settings.deployment
    TakeDown(deployment, {"deployment": deployment}, given.scope.after(after))


def outputs(
    given: Preparation,
    images: Images,
    *,
    check: MigrationCheck,
    seeding: Seeding | None,
    backend: Backend,
    traffic: Traffic | OwnProxy,
    account: Account,
    releases: Releases,
    way_back: pulumi.Output[str] | None,
) -> dict[str, Any]:
    """What is worth a glance after every update, by name."""
    settings, serving = given.settings, traffic.serving
    job = seeding.result if seeding else pulumi.Output.from_input(None)
    password = given.secrets.admin_password
    reached = pulumi.Output.all(serving, traffic.reached_by)
    shown = {
        "url": serving.apply(lambda _: settings.public_origin),
        "upstream": traffic.upstream,
        "release": given.release.tag,
        OUTPUT: given.pin.output if given.pin else None,
        "releaseImage": _in_registry(given, images, serving),
        "imageId": images.release.image_id,
        "releases": releases.kept.apply(stack_outputs.releases),
        "deployment": settings.deployment,
        "strategy": settings.strategy,
        "executionPlan": stack_outputs.plan(given.plan),
        "row": account.row,
        "ledger": account.result.apply(stack_outputs.ledger),
        "migrations": check.result.apply(stack_outputs.migrations),
        "backup": check.backup,
        "seeding": job.apply(stack_outputs.seeding),
        "containers": reached.apply(lambda both: stack_outputs.containers(*both)),
        "baseImage": None if given.release.reference else ", ".join(given.base_image),
        "supplied": backend.report.apply(stack_outputs.supplied),
        "wayBack": way_back,
        "adminPassword": pulumi.Output.secret(password) if password else None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _in_registry(
    given: Preparation, images: Images, serving: pulumi.Output[list[str]]
) -> pulumi.Output[str] | None:
    """What the release that serves is in a registry, for another stack to serve it, too."""
    if images.pushed:
        return pulumi.Output.all(images.pushed.image, serving).apply(lambda both: str(both[0]))
    reference = given.release.reference
    return serving.apply(lambda _: reference) if reference else None

"""What an update is: a row of the decision matrix, by what there is and what is wanted."""

from dataclasses import dataclass

from ..ledger.plan import Up
from ..ledger.update_kind import Before, Wanted, before_up, row_of
from ..serving.seeding import triggers
from .app import App
from .preparation import Preparation


@dataclass(frozen=True)
class Update:
    """It.

    Attributes:
        before: what there is, by the stack's state.
        up: which row it is.
    """

    before: Before
    up: Up


def tell_update(given: Preparation, app: App) -> Update:
    """Tell it from the stack's state."""
    settings = given.settings
    before = before_up(
        given.state,
        settings.deployment,
        data=given.existing or (given.has_data and not given.unfinished),
        image=given.release.kept,
        vanished=given.vanished.ids,
    )
    job_for = triggers(settings.seed, settings.releases.redeploy, given.database.identity)
    wanted = Wanted(
        release=given.release.tag,
        redeploy=settings.releases.redeploy,
        startup=app.startup,
        environment=app.serving_environment,
        triggers=job_for if settings.seeding else None,
        mounts_source=settings.app.mount_source,
        replicas=settings.processes.web.replicas,
        rollback=bool(settings.releases.pin),
    )
    return Update(before, row_of(before, wanted))

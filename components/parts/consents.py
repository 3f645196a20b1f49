"""Consents to migrations, as far as they can be judged before there is an image."""

from pathlib import Path

import pulumi

from ..config.settings import Settings
from ..image.build_context import Release
from ..ledger.update_kind import before_up
from ..migrations.consent import ALLOW, ALLOW_AHEAD, Consent, refused
from ..migrations.known_consents import applied, refuse_unknown
from ..migrations.new_migrations import own_migrations
from ..place import Place
from ..stack_state import StackState


def look_at_consents(settings: Settings, state: StackState, release: Release) -> frozenset[str]:
    """Say which consents do nothing any more, and refuse those to migrations that don't exist.

    Args:
        settings: the stack's configuration.
        state: the stack's state.
        release: the release that is to serve.

    Returns:
        The migrations of which it was said.

    Raises:
        UserError: if the project doesn't have a migration that config names.
    """
    stack, migrations = pulumi.get_stack(), settings.migrations
    allow = Consent(key=ALLOW, names=migrations.allow, stack=stack)
    ahead = Consent(key=ALLOW_AHEAD, names=migrations.allow_ahead, stack=stack)
    if not (allow.names or ahead.names):
        # Nearly every update: the project's files need not be looked through.
        return frozenset()
    there = applied(state, settings.deployment)
    own: list[str] = []
    # Of a release that is there nothing is staged; what is allowed is the project's next one's.
    if release.context:
        context = Path(release.context)
        own = own_migrations(context)
        refuse_unknown(allow, context, own, there)
    not_again = refused(
        state[Place(settings.deployment).name("migration-check")].result,
        serving=before_up(state, settings.deployment, data=True, image=True).release,
        release=release.tag,
        pinned=bool(settings.releases.pin),
    )
    told = set()
    for consent, over in ((allow, there), (ahead, own)):
        ended = {*consent.names} & {*over}
        if ended:
            long = ended & not_again.get(consent.key, frozenset())
            more = "; the update is refused while it is there" if long else ""
            pulumi.log.warn(f"{consent.ended(ended)}{more}")
        told |= ended
    return frozenset(told)

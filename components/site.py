"""The story of a deployment: what there is, and what waits for what.

Image (and registry) -> database and files -> migration check -> seeding job -> backend -> gate ->
traffic. What can go wrong for reasons that are known beforehand was found out before this, and
changed nothing.
"""

from typing import Any

import pulumi

from . import shared_edge
from .host.remedy_hooks import offer_remedies
from .parts.announcement import Announcement
from .parts.app import describe_app
from .parts.closing import count, guard_take_down, keep_releases, outputs
from .parts.images import build_images, waiting
from .parts.preparation import Preparation
from .parts.register_domains import register_domains
from .parts.release_steps import check_migrations, seed
from .parts.retire import end_earlier_login, retire
from .parts.shared_edge import SharedEdgePreparation
from .parts.start_backend import start_backend
from .parts.store import give_files, keep_store
from .parts.switch_traffic import switch_traffic
from .parts.to_host import send_to_host
from .parts.update import tell_update


def deploy(given: Preparation | SharedEdgePreparation) -> None:
    """Have Pulumi make what config says, and the stack's outputs what that says of itself.

    Args:
        given: what is asked for, a site or what sites share, and what is there already.
    """
    for name, value in _made(given).items():
        pulumi.export(name, value)


def _made(given: Preparation | SharedEdgePreparation) -> dict[str, Any]:
    if isinstance(given, SharedEdgePreparation):
        return shared_edge.make(given)
    return make(given)


def make(given: Preparation) -> dict[str, Any]:
    """Have Pulumi make a site, which may be one of several in a program.

    Args:
        given: what is asked for, and what is there already.

    Returns:
        What the site says of itself.
    """
    scope = given.scope
    # What somebody removed or stopped is made anew; what fails because of the host says what to do.
    given.vanished.replace(scope.register)
    offer_remedies(given.host.answers, name=scope.named("remedies"), register=scope.register)
    announcement = Announcement(scope)

    # One Docker host; every name begins with the deployment, so that several live side by side.
    on_host = send_to_host(given)

    # Static files are collected while the image is built, once; a failure stops all that follows.
    # Where config names a registry, it is pushed there, or another stack's is pulled.
    images = build_images(given, on_host)

    # The database and the files outlive releases, and the stack itself.
    store = keep_store(given, images, on_host)
    app = describe_app(given, images, store)
    update = tell_update(given, app)

    # Files that others wrote are the application's, migrations are looked at, and the database is
    # copied, before any of them runs; then the job migrates and seeds, before anything serves.
    ready = give_files(given, images, after=[*images.ready, store.database])
    check = check_migrations(given, store, app, update.before, after=ready)
    seeding = seed(given, app, after=[*ready, check])
    ready = [*ready, check, *([seeding] if seeding else [])]

    # The new backend starts beside the old one and has to pass its gate; then it gets traffic, and
    # what served until now is retired.
    backend = start_backend(given, store, app, waiting(on_host, *ready))
    traffic = switch_traffic(given, images, store, backend, on_host)
    registered = register_domains(given, traffic)
    way_back = retire(given, images, traffic)
    end_earlier_login(given, traffic)

    # What ran is counted, and compared with the plan; older releases make room. A `destroy` begins
    # with a look for commands by hand.
    account = count(given, update, traffic, seeding)
    releases = keep_releases(given, traffic)
    guard_take_down(given, [traffic, account, releases, *registered])

    # A preview says what all this will do to the site.
    announcement.say(given, update.before, update.up, after=[account.done, releases.done])
    return outputs(
        given,
        images,
        check=check,
        seeding=seeding,
        backend=backend,
        traffic=traffic,
        account=account,
        releases=releases,
        way_back=way_back,
    )

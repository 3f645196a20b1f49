"""The story of a deployment: what there is, and what waits for what.

Image -> database and files -> migration check -> seeding job -> backend -> gate -> traffic. What
can go wrong for reasons that are known beforehand was found out before this, and changed nothing.
"""

import pulumi
import pulumi_docker as docker

from .host.remedy_hooks import offer_remedies
from .parts.announcement import Announcement
from .parts.app import describe_app
from .parts.closing import count, export, keep_releases
from .parts.images import build_images, waiting
from .parts.preparation import Preparation
from .parts.release_steps import check_migrations, seed
from .parts.retire import retire
from .parts.start_backend import start_backend
from .parts.store import give_files, keep_store
from .parts.switch_traffic import switch_traffic
from .parts.update import tell_update


def deploy(given: Preparation) -> None:
    """Have Pulumi make a site what config says.

    Args:
        given: what is asked for, and what is there already.
    """
    # What somebody removed or stopped is made anew; what fails because of the host says what to do.
    given.vanished.replace()
    offer_remedies(given.host.answers)
    announcement = Announcement()

    # One Docker host; every name begins with the deployment, so that several live side by side.
    provider = docker.Provider("docker", host=given.host.address)
    on_host = pulumi.ResourceOptions(providers=[provider])

    # Static files are collected while the image is built, once; a failure stops all that follows.
    images = build_images(given, on_host)

    # The database and the files outlive releases, and the stack itself.
    store = keep_store(given, images, on_host)
    app = describe_app(given, images, store)
    update = tell_update(given, app)

    # Files that others wrote are the application's, migrations are looked at, and the database is
    # copied, before any of them runs; then the job migrates and seeds, before anything serves.
    ready = give_files(given, images, after=[images.release, store.database])
    check = check_migrations(given, store, app, update.before, after=ready)
    seeding = seed(given, app, after=[*ready, check])
    ready = [*ready, check, *([seeding] if seeding else [])]

    # The new backend starts beside the old one and has to pass its gate; then it gets traffic, and
    # what served until now is retired.
    backend = start_backend(given, store, app, waiting(on_host, *ready))
    traffic = switch_traffic(given, images, store, backend, on_host)
    way_back = retire(given, images, traffic)

    # What ran is counted, and compared with the plan; older releases make room.
    account = count(given, update, traffic, seeding)
    releases = keep_releases(given, traffic)

    # A preview says what all this will do to the site.
    announcement.say(given, update.before, update.up, after=[account.done, releases.done])
    export(
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

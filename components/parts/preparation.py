"""What is found out before anything is changed: what is asked for, and what is there already.

Whatever is known to go wrong ends here, with an error that says what to do.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pulumi

from ..config import database_keys, tls_keys
from ..config.copied_secrets import shared
from ..config.host_settings import HostSettings
from ..config.keys import DATABASE_VOLUME, MEDIA_VOLUME
from ..config.settings import Settings, load_stack
from ..config.stack_file import stack_file
from ..config.stack_secrets import StackSecrets, find_secrets
from ..data.database import address, claim, data_file, data_volumes
from ..data.database_address import Address
from ..errors import UserError
from ..host.claim import Claim, Retired
from ..host.daemon import HostError
from ..host.docker_host import Host
from ..host.identity import PROVIDER, STEP, identify
from ..host.notes import WINDOW
from ..host.processors import check_processors
from ..host.vanished import Vanished, find_vanished
from ..image import build_secrets
from ..image.build_context import Release
from ..image.pin import Pin, pin_to
from ..ledger.plan import Plan, Switches, execution_plan
from ..migrations.check import served_database
from ..place import Place
from ..pulumi_cli import read_state
from ..remedies import host_remedies
from ..serving.kept_secrets import kept_in_state, kept_on_host
from ..serving.secrets_volume import told
from ..stack_state import StackState
from .consents import look_at_consents
from .own_certificates import check_port, warnings
from .readiness import check_here, check_host, check_steps
from .registry import check_registry
from .scope import Scope, full_name
from .shared_edge import SharedEdgePreparation, prepare_shared_edge, shared_claim
from .wanted_release import base_image_of, release_of, release_source


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What the components are made from.

    Attributes:
        settings: the site's configuration.
        scope: what of the program is the site's.
        stack: the stack's full name, the mark of what it owns.
        plan: which operation runs where.
        host: the Docker host.
        host_identity: what that is known by.
        state: the stack's state.
        vanished: what of it is not on the host any more, or was stopped there by hand.
        retired: what is taken over from, as it is now.
        volumes: the volumes or folders that hold the site's data, by what they hold.
        has_data: the site is this stack's to create, and its data is there already.
        unfinished: that data is from a first `up` of this stack that did not come to its end.
        base_image: the image that releases start from, and where it comes from.
        debian: the image that everything else starts from.
        release: the release that is to serve.
        pin: it is an earlier one, that config asks for; None if it isn't.
        ended_consents: the migrations to which a consent does nothing any more, as was said.
        secrets: the stack's secrets.
        database: where the database is.
    """

    settings: Settings
    scope: Scope
    stack: str
    plan: Plan
    host: Host
    host_identity: str
    state: StackState
    vanished: Vanished
    retired: Retired
    volumes: dict[str, str]
    has_data: bool
    unfinished: bool
    base_image: tuple[str, str]
    debian: str
    release: Release
    pin: Pin | None
    ended_consents: frozenset[str]
    secrets: StackSecrets
    database: Address

    @property
    def existing(self) -> bool:
        """The data is there and is only referenced."""
        return self.settings.data == "existing"

    @property
    def fresh(self) -> bool:
        """There is no database yet, as far as the host tells: what is elsewhere has to be asked."""
        return DATABASE_VOLUME in self.volumes and not self.existing and not self.has_data

    @property
    def window_is_open(self) -> bool:
        """An update, or a restore, was cut off while nothing served."""
        return bool(self.host.having(self.settings.deployment, WINDOW))

    @property
    def health_path(self) -> str:
        """The path that says whether the release can serve; an earlier one may have another."""
        return self.release.health_path or self.settings.processes.web.health

    @property
    def recorded_images(self) -> frozenset[str]:
        """The names of the images that the stack's state has."""
        images = [r for r in self.state.there if r.type.endswith(":RemoteImage")]
        return frozenset(str(image.inputs.get("name", "")) for image in images)

    @property
    def secret_values(self) -> dict[str, str]:
        """All secrets of the application, by the variable that each becomes, or below files/."""
        files = self.settings.secret_file_texts
        return {
            **self.settings.further_secrets,
            **{f"files/{path}": text for path, text in files.items()},
            **self.secrets.as_environment(),
        }

    @property
    def build_secrets(self) -> dict[str, str]:
        """What the image's build gets of this stack, and nothing of which stays in the image."""
        settings = self.settings
        # They are on this machine's disk as long as something is built from them.
        building = not self.release.kept and not pulumi.runtime.is_dry_run()
        texts = settings.secret_file_texts
        files = texts if building else dict.fromkeys(texts, "")
        return {
            **{f"files/{path}": text for path, text in files.items()},
            "files": json.dumps(files),
            "site": build_secrets.site(
                origin=settings.public_origin, hosts=settings.hosts, seed_steps=settings.seed
            ),
        }


def prepare() -> Preparation | SharedEdgePreparation:
    """Look at the stack's config and state, at what it is about, and at the host.

    Raises:
        UserError: if something is wrong with one of them.
    """
    settings = load_stack()
    if isinstance(settings, HostSettings):
        with _said_of_host():
            return prepare_shared_edge(settings)
    return prepare_site(settings, Scope())


def prepare_site(settings: Settings, scope: Scope) -> Preparation:
    """Look at a stack's state, the project and the host.

    Args:
        settings: the site's configuration.
        scope: what of the program is the site's.

    Raises:
        UserError: if something is wrong with one of them.
    """
    with _said_of_host():
        return _prepare(settings, scope)


@contextmanager
def _said_of_host() -> Iterator[None]:
    try:
        yield
    except HostError as error:
        said, refused = str(error), error.is_refusal
        what = "refused what was asked" if refused else "stopped answering"
        ways = host_remedies(said, lambda: refused) or [
            "`docker info` has to succeed; run it again then"
        ]
        raise UserError(
            f"the Docker daemon {what}, before anything was changed", [f"it said: {said}", *ways]
        ) from None


def _prepare(settings: Settings, scope: Scope) -> Preparation:
    check_steps()
    stack = full_name()
    config_file = stack_file(pulumi.get_stack())
    host = Host(settings.host)
    state = scope.of(read_state(pulumi.get_stack()))
    known_by = identify(state, host, step=scope.named(STEP), provider=scope.named(PROVIDER))
    source = release_source(settings, state, host)
    asked = settings.releases
    pin = pin_to(source.tag, state) if asked.pin and isinstance(source, Release) else None
    # Nothing is said before this: it is what everything else has to be read by.
    if pin:
        instead = "releases.image is" if asked.image else "the project's own changes are"
        pulumi.log.warn(pin.says(pulumi.get_stack(), instead=instead))
    for line in shared(config_file, pulumi.get_project()):
        pulumi.log.warn(line)
    vanished = find_vanished(state, host, settings.gate_terms)
    vanished.check(pulumi.get_stack(), settings.deployment)
    media = settings.media.volume or Place(settings.deployment).media
    volumes = {**data_volumes(settings), MEDIA_VOLUME: media}
    # Where the database is elsewhere, uploaded files tell that the site is not new.
    holder = next(iter(volumes.values()))
    owned = state.ids
    # One of another name than before would be a new one, and empty.
    served = served_database(state, settings.deployment)
    renamed = served.startswith("sqlite:") and not served.endswith(f"/{data_file(settings)}")
    wanted = Claim(
        deployment=settings.deployment,
        stack=stack,
        ports=settings.published,
        data=settings.data,
        volumes=volumes,
        data_file=data_file(settings) if settings.data == "existing" or renamed else "",
        database=claim(settings),
        further=settings.volumes,
        retire=settings.retire,
        owned=owned,
        shared=shared_claim(settings),
    )
    check_here(settings, host)
    wanted.check(host)
    check_port(settings, wanted.retired(host))
    check_processors(settings.processors, host.known)
    so_far = told(state, settings.deployment)
    for line in (
        *wanted.warnings(host),
        *tls_keys.warnings(settings),
        *warnings(settings, host),
        *database_keys.warnings(settings, so_far),
    ):
        pulumi.log.warn(line)
    has_data = settings.data == "create" and host.volume_labels(holder) is not None
    base_image = base_image_of(settings, source, host)
    release = release_of(settings, source, host, base_image[0])
    check_host(settings, host, release, base_image[0])
    check_registry(settings, state, host, release)
    ended_consents = look_at_consents(settings, state, release)
    secrets = find_secrets(
        settings,
        stack=pulumi.get_stack(),
        in_state=kept_in_state(state, settings.deployment),
        told=so_far,
        on_host=lambda: kept_on_host(host, settings.deployment),
        has_data=has_data,
    )
    return Preparation(
        settings=settings,
        scope=scope,
        stack=stack,
        plan=execution_plan(
            Switches(
                strategy=settings.strategy,
                collect_static_on_startup=settings.app.collect_static_on_startup,
                seed_steps=settings.seed,
            )
        ),
        host=host,
        host_identity=known_by,
        state=state,
        vanished=vanished,
        retired=wanted.retired(host),
        volumes=volumes,
        has_data=has_data,
        unfinished=has_data and holder in owned,
        base_image=base_image,
        debian=host.base_image("")[0],
        release=release,
        pin=pin,
        ended_consents=ended_consents,
        secrets=secrets,
        database=address(settings, secrets.database_login),
    )

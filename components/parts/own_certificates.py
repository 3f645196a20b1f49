"""Certificates that the edge gets by itself: what is refused, and what is said beforehand."""

import json
from collections.abc import Iterator

from deploy_runtime.tls.wanted import STATE

from ..config.settings import Settings
from ..errors import UserError, for_stack
from ..host.claim import Retired
from ..host.docker_host import Host
from ..place import Place
from ..serving.acme_words import problem


def check_port(settings: Settings, retired: Retired) -> None:
    """Refuse what can't be asked for: what is taken over from has the port that answers.

    Args:
        settings: the site's configuration.
        retired: what is taken over from.

    Raises:
        UserError: naming the key, and the way.
    """
    if settings.tls_mode == "auto" and retired.holds_port:
        raise UserError(
            "tls.mode is auto, but a container in retire has the port that a certificate authority "
            "asks",
            [
                "take over with the certificate that is there, by tls.mode files, which has no gap "
                "(docs/edge.md); then set tls.mode to auto, and run the same again",
                f"or stop what has port {settings.tls.http_port}, and run the same again: visitors "
                "wait until it has come to its end",
            ],
        )


def warnings(settings: Settings, host: Host) -> Iterator[str]:
    """What is said of a certificate that can't be renewed; nothing of any other.

    Args:
        settings: the site's configuration.
        host: the Docker host.
    """
    volume = Place(settings.deployment).certificates
    if settings.tls_mode != "auto" or host.volume_labels(volume) is None:
        return
    try:
        said = problem(json.loads(host.read_file(volume, STATE) or b"{}"))
    except (ValueError, KeyError, TypeError):
        said = ""
    if said:
        yield for_stack(said)

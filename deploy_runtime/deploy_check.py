"""What `check --deploy` advises, without what this deployment answers by itself.

It is advice: whatever its severity, nothing fails by it. Ids are those of
https://docs.djangoproject.com/en/5.2/ref/checks/#security
"""

from typing import Any

ANSWERED = {
    "security.W004": "HSTS comes with TLS, which ends before the site",
    "security.W005": "HSTS, likewise",
    "security.W021": "HSTS, likewise",
    "security.W008": "whatever ends TLS redirects to it",
    "security.W009": "the key is the stack's secret; the build has one that is thrown away",
    "security.W018": "DEBUG is the key debug",
    "security.W020": "ALLOWED_HOSTS has the origin's host",
    "security.W010": "cookies are secure where the origin is https, and can't be where it isn't",
    "security.W011": "cookies, likewise",
    "security.W012": "cookies, likewise",
    "security.W016": "cookies, likewise",
}
"""Findings that are no news for whoever deploys, and why."""

_WIDTH = 200  # characters


def findings() -> dict[str, str]:
    """What the checks that `--deploy` adds say of the project, by id.

    A check that fails by itself is left out: in a build it may want what only a site has.
    """
    from django.core.checks import registry

    found: dict[str, str] = {}
    for check in registry.registry.deployment_checks:
        for message in _run(check):
            if not message.is_silenced() and message.id not in ANSWERED:
                text = " ".join(str(message.msg).split())
                short = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
                found.setdefault(str(message.id or check.__module__), short)
    return dict(sorted(found.items()))


def _run(check: Any) -> list[Any]:
    try:
        return list(check(app_configs=None, databases=[]))
    except Exception:
        return []

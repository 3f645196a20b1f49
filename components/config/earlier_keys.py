"""Values that Django's SECRET_KEY had: what they signed goes on being accepted.

Whoever changes `app.secretKey` logs nobody out: Django takes what one of its
`SECRET_KEY_FALLBACKS` has signed, and signs it anew. After a leak `app.secretKeyFallbacks` is 0.
https://docs.djangoproject.com/en/stable/ref/settings/#secret-key-fallbacks
"""

from collections.abc import Mapping

from deploy_runtime.environment import EARLIER_SECRET_KEY


def keys(told: Mapping[str, str]) -> list[str]:
    """The keys that an application knows, the one in use first.

    Args:
        told: the secrets that it was told, by variable.
    """
    names = ("SECRET_KEY", *sorted(name for name in told if name.startswith(EARLIER_SECRET_KEY)))
    return [told[name] for name in names if told.get(name)]


def earlier(told: Mapping[str, str], in_use: str, limit: int) -> list[str]:
    """The keys that are accepted beside the one that is in use from now on, the last first.

    Args:
        told: the secrets that the application was told until now, by variable.
        in_use: the key from now on.
        limit: how many are accepted.
    """
    return [key for key in keys(told) if key != in_use][:limit]

"""Settings that keep a site safe: what the deployment knows better than the project's source."""

from .environment import EARLIER_SECRET_KEY
from .errors import DeployError, boolean
from .overlay import Overlay
from .places import SECRETS


def debug(overlay: Overlay) -> None:
    """DEBUG is the environment's, and off where it says nothing."""
    wanted = boolean(overlay.environ, "DEBUG", default=False)
    if overlay.settings.get("DEBUG", False) == wanted:
        overlay.keep("DEBUG", f"{wanted} in the project already")
        return
    overlay.supply("DEBUG", wanted, f"{wanted} from the environment")


def secret_key(overlay: Overlay) -> None:
    """SECRET_KEY is the deployment's secret; the project's may have been published with it."""
    own = overlay.settings.get("SECRET_KEY")
    wanted = overlay.environ.get("SECRET_KEY")
    if not wanted:
        # Where it was deployed it was given one: the project's own may be known to anybody.
        if overlay.environ.get("DEPLOY_DEPLOYMENT"):
            raise DeployError(
                "SECRET_KEY is missing among the deployment's secrets, or empty: remove the volume "
                f"that is mounted at {SECRETS}, and `pulumi up` makes it again"
            )
        if not own:
            raise DeployError(
                "SECRET_KEY is missing: neither the project's settings nor the secrets have one"
            )
        overlay.attention("SECRET_KEY", "the project's own: no secret of this name was handed over")
        return
    if own == wanted:
        overlay.keep("SECRET_KEY", "the project reads it from the environment itself")
        return
    overlay.supply("SECRET_KEY", wanted, "from the deployment's secret")
    if own:
        _replace_copies(overlay, own, wanted)


def secret_key_fallbacks(overlay: Overlay) -> None:
    """SECRET_KEY_FALLBACKS: the deployment's earlier keys, then the project's own."""
    own = list(overlay.settings.get("SECRET_KEY_FALLBACKS") or [])
    names = sorted(name for name in overlay.environ if name.startswith(EARLIER_SECRET_KEY))
    wanted = [overlay.environ[name] for name in names if overlay.environ[name] not in own]
    if wanted:
        why = "what the deployment's earlier SECRET_KEY has signed is accepted"
        overlay.supply("SECRET_KEY_FALLBACKS", [*wanted, *own], why)


def _replace_copies(overlay: Overlay, old: str, new: str) -> None:
    # Settings such as a token's signing key are often derived: `"SIGNING_KEY": SECRET_KEY`.
    for name, value in list(overlay.settings.items()):
        if value == old:
            overlay.supply(name, new, "the project sets it to its SECRET_KEY")
        elif isinstance(value, dict) and old in [v for v in value.values() if isinstance(v, str)]:
            changed = {key: new if v == old else v for key, v in value.items()}
            overlay.supply(name, changed, "the project derives it from its SECRET_KEY")


def allowed_hosts(overlay: Overlay) -> None:
    """ALLOWED_HOSTS: the environment's, then the project's own, without its "*"."""
    own = list(overlay.settings.get("ALLOWED_HOSTS") or [])
    wanted = overlay.items("ALLOWED_HOSTS")
    if not wanted:
        if "*" in own and not overlay.debug:
            overlay.attention("ALLOWED_HOSTS", "the project allows any host")
        return
    merged = wanted + [host for host in own if host not in (*wanted, "*")]
    if set(merged) == set(own):
        overlay.keep("ALLOWED_HOSTS", "the project reads it from the environment itself")
        return
    dropped = ", without the project's '*'" if "*" in own and "*" not in wanted else ""
    overlay.supply("ALLOWED_HOSTS", merged, f"from the environment, beside the project's{dropped}")


def trusted_origins(overlay: Overlay) -> None:
    """CSRF_TRUSTED_ORIGINS: the environment's, then the project's own."""
    own = list(overlay.settings.get("CSRF_TRUSTED_ORIGINS") or [])
    wanted = overlay.items("CSRF_TRUSTED_ORIGINS")
    if not wanted:
        return
    if set(wanted) <= set(own):
        overlay.keep("CSRF_TRUSTED_ORIGINS", "the project reads it from the environment itself")
        return
    merged = wanted + [origin for origin in own if origin not in wanted]
    overlay.supply("CSRF_TRUSTED_ORIGINS", merged, "from the environment, beside the project's")


def proxy_header(overlay: Overlay) -> None:
    """Which header says that a visitor came by https."""
    if overlay.settings.get("SECURE_PROXY_SSL_HEADER"):
        overlay.keep("SECURE_PROXY_SSL_HEADER", "the project sets it itself")
        return
    overlay.supply(
        "SECURE_PROXY_SSL_HEADER",
        ("HTTP_X_FORWARDED_PROTO", "https"),
        "the edge in front sets X-Forwarded-Proto on every request",
    )


_BY_HTTPS_ALONE = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


def https(overlay: Overlay) -> None:
    """Where all public origins are https, cookies that let somebody in go by https alone.

    What the project says does not count: it is what suited development, and nobody who visits the
    site by its origin can miss anything.
    """
    origins = overlay.items("CSRF_TRUSTED_ORIGINS")
    if not origins or not all(origin.startswith("https://") for origin in origins):
        return
    for setting in _BY_HTTPS_ALONE:
        if overlay.settings.get(setting):
            overlay.keep(setting, "on in the project already")
            continue
        own = ", off in the project" if setting in overlay.settings else ""
        overlay.supply(setting, True, f"the site's public origin is https{own}")


# Cookies of these names are refused by browsers unless they came by https.
_COOKIE_PREFIXES = ("__Secure-", "__Host-")


def plain_http(overlay: Overlay) -> None:
    """A site whose public origins are all plain http can't demand https: nobody could log in."""
    origins = overlay.items("CSRF_TRUSTED_ORIGINS")
    if not origins or not all(origin.startswith("http://") for origin in origins):
        return
    why = "off while the site's public origin is plain http: it would lock everyone out"
    for setting in ("SECURE_SSL_REDIRECT", *_BY_HTTPS_ALONE):
        if overlay.settings.get(setting):
            overlay.supply(setting, False, why)
    for setting in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        name = str(overlay.settings.get(setting) or "")
        for prefix in _COOKIE_PREFIXES:
            if name.startswith(prefix):
                overlay.supply(
                    setting, name.removeprefix(prefix), "without https, browsers refuse it"
                )


def silenced_checks(overlay: Overlay) -> None:
    """System checks that config says don't apply, beside those that the project silences."""
    own = list(overlay.settings.get("SILENCED_SYSTEM_CHECKS") or [])
    wanted = [check for check in overlay.items("DEPLOY_SILENCED_CHECKS") if check not in own]
    if wanted:
        overlay.supply(
            "SILENCED_SYSTEM_CHECKS",
            [*own, *wanted],
            f"{', '.join(wanted)}: app.silencedSystemChecks",
        )

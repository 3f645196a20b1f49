"""What the overlay supplies to a project's settings, and what it leaves alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy_runtime import overlay_process, overlay_rules, overlay_security
from deploy_runtime.errors import DeployError
from deploy_runtime.overlay import Overlay
from deploy_runtime.overlay_rules import Rule


def applied(rule: Rule, settings: Mapping[str, Any], **environ: str) -> Overlay:
    result = Overlay(dict(settings), environ)
    rule(result)
    return result


def actions(result: Overlay) -> dict[str, str]:
    return {entry.setting: entry.action for entry in result.entries}


@pytest.mark.parametrize(
    ("own", "environ", "value", "action"),
    [
        (True, {"DEBUG": "false"}, False, "supplied"),
        (True, {}, False, "supplied"),
        (False, {"DEBUG": "TRUE"}, True, "supplied"),
        (True, {"DEBUG": "on"}, True, "kept"),
        (False, {"DEBUG": ""}, False, "kept"),
    ],
)
def test_debug_is_the_environments(
    own: bool, environ: dict[str, str], value: bool, action: str
) -> None:
    result = applied(overlay_security.debug, {"DEBUG": own}, **environ)
    assert result.settings["DEBUG"] is value
    assert actions(result) == {"DEBUG": action}


def test_a_debug_that_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(DeployError, match="DEBUG is 'perhaps'"):
        applied(overlay_security.debug, {}, DEBUG="perhaps")


def test_the_deployments_secret_key_wins_over_a_published_one() -> None:
    result = applied(overlay_security.secret_key, {"SECRET_KEY": "public"}, SECRET_KEY="hidden")
    assert result.settings["SECRET_KEY"] == "hidden"
    assert "hidden" not in str(result.entries)


def test_a_secret_key_that_the_project_reads_itself_is_left_alone() -> None:
    result = applied(overlay_security.secret_key, {"SECRET_KEY": "hidden"}, SECRET_KEY="hidden")
    assert actions(result) == {"SECRET_KEY": "kept"}


@pytest.mark.parametrize("handed_over", [{}, {"SECRET_KEY": ""}])
def test_a_deployed_site_never_serves_with_a_published_key(handed_over: dict[str, str]) -> None:
    environ = {"DEPLOY_DEPLOYMENT": "shop", **handed_over}
    with pytest.raises(DeployError, match="missing among the deployment's secrets, or empty"):
        applied(overlay_security.secret_key, {"SECRET_KEY": "public"}, **environ)


@pytest.mark.parametrize(
    ("own", "environ", "becomes"),
    [
        ([], {}, None),
        (["own"], {}, None),
        ([], {"2": "older", "1": "old"}, ["old", "older"]),
        (["own"], {"1": "old"}, ["old", "own"]),
        (["old"], {"1": "old"}, None),
    ],
)
def test_earlier_secret_keys_are_accepted(
    own: list[str], environ: dict[str, str], becomes: list[str] | None
) -> None:
    told = {f"DEPLOY_SECRET_KEY_FALLBACK_{number}": key for number, key in environ.items()}
    project = {"SECRET_KEY_FALLBACKS": own} if own else {}
    result = applied(overlay_security.secret_key_fallbacks, project, **told)
    assert result.settings.get("SECRET_KEY_FALLBACKS") == (becomes or own or None)
    assert bool(result.entries) == bool(becomes)
    assert not any("old" in str(entry) for entry in result.entries)


def test_no_secret_key_at_all_is_an_error() -> None:
    with pytest.raises(DeployError, match="SECRET_KEY is missing"):
        applied(overlay_security.secret_key, {})


def test_keys_derived_from_the_published_secret_are_replaced_too() -> None:
    tokens = {"SIGNING_KEY": "public", "ALGORITHM": "HS256"}
    own = {"SECRET_KEY": "public", "JWT": tokens, "SALT": "public", "OTHER": "x"}
    result = applied(overlay_security.secret_key, own, SECRET_KEY="hidden")
    assert result.settings["JWT"] == {"SIGNING_KEY": "hidden", "ALGORITHM": "HS256"}
    assert result.settings["SALT"] == "hidden"
    assert tokens["SIGNING_KEY"] == "public", "the project's own dict is not changed"


@pytest.mark.parametrize(
    ("own", "wanted", "hosts"),
    [
        ([], "a.example", ["a.example"]),
        (["*"], "a.example", ["a.example"]),
        (["b.example"], "a.example, localhost", ["a.example", "localhost", "b.example"]),
        (["a.example"], "a.example", ["a.example"]),
        (["*"], "*", ["*"]),
        (["b.example"], "", ["b.example"]),
    ],
)
def test_allowed_hosts(own: list[str], wanted: str, hosts: list[str]) -> None:
    result = applied(overlay_security.allowed_hosts, {"ALLOWED_HOSTS": own}, ALLOWED_HOSTS=wanted)
    assert result.settings["ALLOWED_HOSTS"] == hosts


def test_any_host_with_nothing_said_needs_attention() -> None:
    result = applied(overlay_security.allowed_hosts, {"ALLOWED_HOSTS": ["*"]})
    assert actions(result) == {"ALLOWED_HOSTS": "attention"}


def test_trusted_origins_join_the_projects_own() -> None:
    own = {"CSRF_TRUSTED_ORIGINS": ["https://b.example"]}
    rule = overlay_security.trusted_origins
    result = applied(rule, own, CSRF_TRUSTED_ORIGINS="https://a.example")
    assert result.settings["CSRF_TRUSTED_ORIGINS"] == ["https://a.example", "https://b.example"]
    again = applied(rule, result.settings, CSRF_TRUSTED_ORIGINS="https://a.example")
    assert actions(again) == {"CSRF_TRUSTED_ORIGINS": "kept"}


def test_the_proxy_header_is_set_unless_the_project_has_one() -> None:
    rule = overlay_security.proxy_header
    header = "SECURE_PROXY_SSL_HEADER"
    assert applied(rule, {}).settings[header] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert applied(rule, {header: ("HTTP_X", "on")}).settings[header] == ("HTTP_X", "on")


SECURE = {
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Secure-sessionid",
    "CSRF_COOKIE_SECURE": False,
}


def test_a_plain_http_site_does_not_demand_https() -> None:
    rule = overlay_security.plain_http
    result = applied(rule, SECURE, CSRF_TRUSTED_ORIGINS="http://localhost:8000")
    assert result.settings["SECURE_SSL_REDIRECT"] is False
    assert result.settings["SESSION_COOKIE_SECURE"] is False
    assert result.settings["SESSION_COOKIE_NAME"] == "sessionid"
    assert "CSRF_COOKIE_SECURE" not in actions(result)


@pytest.mark.parametrize("origins", ["https://a.example", "http://a.example,https://a.example", ""])
def test_where_https_is_or_may_be_spoken_it_stays_demanded(origins: str) -> None:
    result = applied(overlay_security.plain_http, SECURE, CSRF_TRUSTED_ORIGINS=origins)
    assert result.settings == SECURE


@pytest.mark.parametrize(("own", "action"), [({}, "supplied"), (False, "supplied"), (True, "kept")])
def test_behind_https_cookies_go_by_https_alone(own: object, action: str) -> None:
    settings = {"SESSION_COOKIE_SECURE": own} if own != {} else {}
    result = applied(overlay_security.https, settings, CSRF_TRUSTED_ORIGINS="https://a.example")
    assert result.settings["SESSION_COOKIE_SECURE"] is True
    assert result.settings["CSRF_COOKIE_SECURE"] is True
    assert actions(result)["SESSION_COOKIE_SECURE"] == action
    said = [entry.why for entry in result.entries if entry.setting == "SESSION_COOKIE_SECURE"]
    assert ("off in the project" in said[0]) == (own is False)


@pytest.mark.parametrize("origins", ["http://a.example", "http://a.example,https://a.example", ""])
def test_where_plain_http_is_or_may_be_spoken_cookies_go_by_it(origins: str) -> None:
    assert applied(overlay_security.https, {}, CSRF_TRUSTED_ORIGINS=origins).settings == {}


def test_system_checks_that_config_silences_join_the_projects_own() -> None:
    name, rule = "SILENCED_SYSTEM_CHECKS", overlay_security.silenced_checks
    result = applied(rule, {name: ["a.W1"]}, DEPLOY_SILENCED_CHECKS="a.W1,security.W004")
    assert result.settings[name] == ["a.W1", "security.W004"]
    assert [entry.why for entry in result.entries] == ["security.W004: app.silencedSystemChecks"]
    assert applied(rule, {name: ["a.W1"]}).settings == {name: ["a.W1"]}


def test_errors_reach_the_log_where_the_project_configures_none() -> None:
    logging = applied(overlay_process.logging, {}).settings["LOGGING"]
    assert logging["loggers"]["django"]["handlers"] == ["console"]
    assert logging["disable_existing_loggers"] is False
    mailing = applied(overlay_process.logging, {"ADMINS": [("a", "a@x")]}).settings["LOGGING"]
    assert mailing["loggers"]["django"]["handlers"] == ["console", "mail_admins"]


@pytest.mark.parametrize("own", [{"LOGGING": {"version": 1}}, {"LOGGING_CONFIG": None}])
def test_a_project_that_configures_logging_is_left_alone(own: dict[str, Any]) -> None:
    result = applied(overlay_process.logging, own)
    assert result.settings == own
    assert actions(result) == {"LOGGING": "kept"}


def test_a_log_file_inside_the_container_needs_attention() -> None:
    handlers = {"file": {"filename": "/app/debug.log"}, "out": {"filename": "/dev/stdout"}}
    result = applied(overlay_process.logging, {"LOGGING": {"version": 1, "handlers": handlers}})
    assert [e.why for e in result.entries if e.action == "attention" and "debug.log" in e.why]
    assert not [e.why for e in result.entries if "/dev/stdout" in e.why]


DJANGO_TEMPLATES = "django.template.backends.django.DjangoTemplates"


def test_development_reads_templates_anew() -> None:
    own = {"DEBUG": True, "TEMPLATES": [{"BACKEND": DJANGO_TEMPLATES, "APP_DIRS": True}]}
    engine = applied(overlay_process.template_loaders, own).settings["TEMPLATES"][0]
    assert engine["APP_DIRS"] is False
    assert len(engine["OPTIONS"]["loaders"]) == 2
    assert not any("cached" in loader for loader in engine["OPTIONS"]["loaders"])


@pytest.mark.parametrize(
    "own",
    [
        {"DEBUG": False, "TEMPLATES": [{"BACKEND": DJANGO_TEMPLATES, "APP_DIRS": True}]},
        {"DEBUG": True, "TEMPLATES": [{"BACKEND": DJANGO_TEMPLATES, "OPTIONS": {"loaders": []}}]},
        {"DEBUG": True, "TEMPLATES": [{"BACKEND": "django.template.backends.jinja2.Jinja2"}]},
        {"DEBUG": True},
    ],
)
def test_templates_are_left_alone_otherwise(own: dict[str, Any]) -> None:
    assert applied(overlay_process.template_loaders, own).settings == own


def test_the_health_endpoint_comes_first() -> None:
    settings = {"MIDDLEWARE": ("a", "b")}
    middleware = applied(overlay_process.health, settings).settings["MIDDLEWARE"]
    assert middleware == ["deploy_runtime.middleware.HealthMiddleware", "a", "b"]


def test_all_rules_look_at_the_debug_that_is_in_force() -> None:
    result = Overlay({"DEBUG": True, "TEMPLATES": []}, {"SECRET_KEY": "k", "DEBUG": "no"})
    overlay_rules.apply(result)
    assert "LOGGING" in result.settings, "it is production, whatever the project's DEBUG says"

"""`DjangoSite`: a site as a component of somebody's own Pulumi program."""

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pydantic import SecretStr, ValidationError

from . import errors
from .config.in_program import below, in_program
from .config.keys import AllKeys
from .config.messages import ConfigError, count, explain
from .config.settings import Settings
from .errors import UserError
from .parts.preparation import prepare_site
from .parts.scope import TYPE, Scope
from .site import make

# In the place of a secret that a preview does not know.
_UNKNOWN = "known-after-pulumi-up"


class DjangoSiteArgs(AllKeys):
    """What a site is made from: the keys of a stack's config, spelled as Python has it."""

    deployment: str = ""
    """Identity of the site on its host, the first part of every name; empty is the component's."""


class DjangoSite(pulumi.ComponentResource):
    """A Django project, built, migrated, seeded and serving on a Docker host.

    Several may be in one program. The stack's config may have keys below the component's name, such
    as `shop.admin.password`; what the program says goes before.

    Args:
        name: the component's name.
        args: what the site is made from.
        database_url: with the engine external, the database as a URL; an output of another resource
            as well. See `secrets`.
        secrets: further secrets, by the variable that each becomes; outputs as well. A preview that
            does not know one goes on with another text in its place. What it does not know of
            the URL leaves the site out of that preview: too much follows from it.
        opts: options of the component.
    """

    url: pulumi.Output[str]
    """The origin that visitors use, once the site serves."""
    outputs: pulumi.Output[Mapping[str, Any]]
    """What a stack of one site has as its outputs, by name: `release`, `containers` and so on; a
    secret as a whole, since the administrator's password may be among it."""

    def __init__(
        self,
        name: str,
        args: DjangoSiteArgs,
        *,
        database_url: pulumi.Input[str] | None = None,
        secrets: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if not isinstance(args, DjangoSiteArgs):
            kind = type(args).__name__
            raise ConfigError(
                f"DjangoSite {name!r}: args is a {kind}, and has to be DjangoSiteArgs"
            )
        # A program that does something else when it is interrupted goes on doing so.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            errors.end_quietly_when_interrupted()
        self._changes: list[pulumi.ResourceTransformation] = []
        own = pulumi.ResourceOptions(transformations=[self._changed])
        super().__init__(TYPE, name, None, pulumi.ResourceOptions.merge(opts, own))

        def made(told: Mapping[str, Any]) -> pulumi.Output[Mapping[str, Any]]:
            scope = Scope(name=name, parent=self, register=self._changes.append)
            settings = _settings(name, args, told)
            try:
                return pulumi.Output.all(**make(prepare_site(settings, scope)))
            except UserError as error:
                problems = [in_program(problem, name) for problem in error.problems]
                raise UserError(in_program(error.summary, name), problems) from None

        told = {"url": database_url, "secrets": dict(secrets or {})}
        self.outputs = _once_known(told, made, name)
        self.url = pulumi.Output.unsecret(self.outputs).apply(lambda shown: str(shown["url"]))
        self.register_outputs({"url": self.url})

    def _changed(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """What applies to every part of the site, which is known once the site is looked at."""
        props, opts = args.props, args.opts
        for change in self._changes:
            asked = pulumi.ResourceTransformationArgs(
                resource=args.resource, type_=args.type_, name=args.name, props=props, opts=opts
            )
            if (result := change(asked)) is not None:
                props, opts = result.props, result.opts
        return pulumi.ResourceTransformationResult(props=props, opts=opts)


def _once_known(
    told: Mapping[str, Any],
    made: Callable[[Mapping[str, Any]], pulumi.Output[Mapping[str, Any]]],
    name: str,
) -> pulumi.Output[Mapping[str, Any]]:
    # What is known by now is wrong here, and not after everything else.
    if not any(
        isinstance(value, pulumi.Output) for value in [told["url"], *told["secrets"].values()]
    ):
        return made(told)

    def decide(values: Mapping[str, Any]) -> Any:
        if pulumi.contains_unknowns(values["url"]):
            pulumi.log.warn(
                f"DjangoSite {name} is not in this preview: its database's URL is known only when "
                "`pulumi up` has made what it comes from"
            )
            return {"url": ""}
        return made({**values, "secrets": _for_now(values["secrets"], name)})

    return pulumi.Output.from_input(told).apply(decide, run_with_unknowns=True)


def _for_now(secrets: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Secrets as far as they are known, which is all of them but in a preview."""
    unknown = [variable for variable, value in secrets.items() if pulumi.contains_unknowns(value)]
    if unknown:
        pulumi.log.warn(
            f"DjangoSite {name}: secrets {', '.join(unknown)} are known only when `pulumi up` has "
            "made what they come from: this preview is of a site with other values than before"
        )
    return {**secrets, **dict.fromkeys(unknown, _UNKNOWN)}


def _settings(name: str, args: DjangoSiteArgs, told: Mapping[str, Any]) -> Settings:
    """What the program says of a site, and below it what the stack's config says.

    Raises:
        ConfigError: naming every key that is wrong, its value and what is allowed.
    """
    said = args.model_dump(by_alias=True, exclude_unset=True)
    said.pop("deployment", None)
    if told["url"] is not None:
        said.setdefault("database", {})["url"] = SecretStr(told["url"])
    said["secrets"] = {**said.get("secrets", {}), **told["secrets"]}
    given = {"deployment": args.deployment or name, **_over(_kept(name), said)}
    try:
        return Settings.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [_problem(each, given, said, name) for each in error.errors()]
        raise ConfigError(f"DjangoSite {name!r} has {count(problems)}", problems) from None


def _problem(error: Any, given: Mapping[str, Any], said: Mapping[str, Any], name: str) -> str:
    """What is wrong, and how it is mended where it was said: in the program, or in config."""
    text = explain(error, given, pulumi.get_stack())
    value: Any = said
    for part in error["loc"]:
        value = value.get(part) if isinstance(value, Mapping) else None
    is_named = error["loc"][:1] == ("deployment",)
    in_config = error["loc"] and value is None and error["type"] != "missing" and not is_named
    return below(text, name) if in_config else in_program(text, name)


def _kept(name: str) -> dict[str, Any]:
    text = pulumi.runtime.config.CONFIG.get().get(f"{pulumi.get_project()}:{name}", "")
    found = json.loads(text) if text.startswith("{") else {}
    return dict(found)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _over(below[key], above[key])
        for key in below.keys() & above.keys()
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping)
    }
    return {**below, **above, **both}

"""What `make up` and `make env` say at their end: where the site is, and how to go on."""

from __future__ import annotations

import json
from typing import Any

from . import paths, stack
from .progress import Progress, duration
from .shell import answer
from .wording import ACTIVATE, typed


def say_where_it_is(name: str, env: dict[str, str], progress: Progress) -> None:
    """After `make up`: the site's address, who logs in, the next commands, and what took how long.

    Args:
        name: the stack's name.
        env: the environment to run Pulumi in.
        progress: what was done.
    """
    known, said = answer(["pulumi", "stack", "output", "--json", "-s", name], env=env, seconds=60)
    outputs = json.loads(said) if known else {}
    if "sites" in outputs:
        _say_of_shared_edge(name, outputs, progress)
        return
    phases = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in progress.phases)
    print(f"""
The site is up: {outputs.get("url", "")}

  For what follows, once in your shell:  {ACTIVATE}

{_how_to_log_in(name) if "adminPassword" in outputs else ""}\
  Preview    pulumi preview -s {name}
  Outputs    pulumi stack output -s {name}
  Destroy    pulumi destroy -s {name}   (data, media and secrets are kept)

{duration(progress.elapsed)} in all: {phases}""")


def _say_of_shared_edge(name: str, outputs: dict[str, Any], progress: Progress) -> None:
    behind = outputs["sites"]
    sites = behind if isinstance(behind, str) else "\n                ".join(behind)
    print(f"""
The shared edge is up, on the ports {outputs["ports"]}.

  Sites         {sites}
  Another one   says site: {{sharedEdge: {outputs["deployment"]}}} in its stack's file, and has
                domains and a certificate (docs/shared-edge.md)
  How it is     {typed("status", name)}

{duration(progress.elapsed)} in all""")


def _how_to_log_in(name: str) -> str:
    user = stack.config_value(name, "admin.user") or "admin"
    command = f"pulumi stack output adminPassword --show-secrets -s {name}"
    return f"  Log in     as {user}; the password:  {command}\n"


def say_what_is_next() -> None:
    """After `make env`, which has deployed nothing."""
    print(f"""
Everything that Pulumi needs is there, and nothing was deployed.

  For what follows, once in your shell:  {ACTIVATE}
{_NEXT if paths.INSTALLED else _NEXT_HERE}""")


_NEXT = f"""
  The site             {typed("up")}"""
_NEXT_HERE = """
  A site of your own   pulumi stack init NAME   (docs/your-own-project.md goes on from here)
  The example          make up"""

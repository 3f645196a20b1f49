"""One table of causes and what to do about them, looked up by the words that tell a cause.

What the program finds wrong by itself says what to do where it is found, as a `UserError`. Here is
what is known of the words of others: of the Docker host, whatever failed because of it, and of
PostgreSQL. What runs inside containers has a table of its own, `deploy_runtime/remedies.py`.

A daemon that is killed ends what talks to it with whichever error that meets first, be it the
provider, a build or a command. So the daemon is asked whether it is still there; its own words
tell only of one that is back already.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from .docker_address import SshAddress
from .own_commands import typed

Kind = Literal["ssh", "address", "host", "connection", "refusal", "server", "registry"]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause, and what to do about it.

    Attributes:
        of: what has to be looked at for it. "ssh": what was said of a daemon that ssh leads to;
            "address": the address at which no daemon answers; "host": what any resource or command
            said that failed; "connection": the same, where the daemon answers; "refusal": what a
            PostgreSQL server said that answers, and that waiting does not mend; "server": whatever
            else is said of one; "registry": what the docker client said of a registry of images.
        words: what tells the cause, as a regular expression.
        remedy: what to do. In braces is what the expression's groups caught, or what is known
            besides.
    """

    of: Kind
    words: str
    remedy: str


_MEANT = (
    "or name the one you mean: by `host` in the stack's file, or by DOCKER_HOST where there is no "
    "`host`; `docker {at}info` has to succeed"
)
_GONE = (
    "the Docker daemon does not answer any more, or did not for a while. Nothing is lost: start it "
    "(`systemctl start docker`), and run `pulumi up` again"
)

_KNOWN_HOSTS = (
    "(for a machine without a user, the line of `ssh-keyscan {options}{name}` in its known_hosts)"
)

# How the docker client begins its words about ssh.
_BY_SSH = r"command \[ssh "

CAUSES: tuple[Cause, ...] = (
    Cause(
        of="ssh",
        words=r"HOST IDENTIFICATION HAS CHANGED",
        remedy="the key that the host shows is not the one that is known of it: it was set up "
        "anew, or somebody else answers. Ask whoever looks after it; if the new one is right, "
        "`ssh-keygen -R '{known_as}'` forgets the old one, and `{ssh} true` shows the new one and "
        f"asks {_KNOWN_HOSTS}",
    ),
    Cause(
        of="ssh",
        words=r"Host key verification failed",
        remedy="the host's key is not known here: `{ssh} true` shows it and asks, once "
        f"{_KNOWN_HOSTS}",
    ),
    Cause(
        of="ssh",
        words=r"Permission denied \(",
        remedy="the host takes none of the keys that ssh offers: `ssh-copy-id {options}{login}` "
        "gives it yours, and `ssh-add` takes one that has a passphrase into the agent; `{ssh} "
        "true` has to succeed without a question",
    ),
    Cause(
        of="ssh",
        words=r"docker(?:-\w+)?: (?:command )?not found",
        remedy="there is no docker on that host, or not on the PATH that ssh gives: install Docker "
        "Engine there (on Debian: `apt-get install docker.io`); `{ssh} docker version` has to "
        "succeed",
    ),
    Cause(
        of="ssh",
        words=r"(?i)permission denied while trying to connect|docker\.sock: .*permission denied",
        remedy="that user may not talk to Docker there: `sudo usermod -aG docker USER` on that "
        "host, then `{ssh} docker version` has to succeed",
    ),
    Cause(
        of="ssh",
        words=r"(?i)cannot connect to the docker daemon|docker\.sock: ",
        remedy="ssh gets there, and Docker doesn't run: `{ssh} sudo systemctl start docker`",
    ),
    Cause(
        of="ssh",
        words=r"(?i)connection refused|timed out|no route to host|unreachable|resolve hostname|"
        r"connection (?:closed|reset)|did not answer within|no answer within|did not end within",
        remedy="nobody answers there: are the host's name and ssh's port right, is it up, does a "
        "firewall let you through? `{ssh} true` has to succeed",
    ),
    Cause(
        of="address",
        words=r"^ssh:",
        remedy=f"ssh has to get there without a question (a key, and its host known), {_MEANT}",
    ),
    Cause(
        of="address",
        words=r"^(?!ssh:)",
        remedy=f"start it (`systemctl start docker`, or `{typed('up')}`, which does), {_MEANT}",
    ),
    Cause(
        of="host",
        words=r"(?i)cannot connect to the docker daemon|failed to connect to the docker api|"
        rf"(?:error during connect|docker daemon does not answer)(?!(?s:.*){_BY_SSH})",
        remedy=_GONE,
    ),
    Cause(
        of="host",
        words=_BY_SSH,
        remedy="ssh did not get to the Docker host, or its connection broke. Nothing is lost: "
        f"`{typed('doctor')}` says what is wrong with the way there; then run the same again",
    ),
    # The error may come from a server elsewhere, and what serves is said by who knows it.
    Cause(
        of="host",
        words=r"(?i)no space left on device|database or disk is full",
        remedy="a disk is full: the Docker host's, unless the error is another machine's. Make "
        "room (`docker system df` shows what Docker takes, `docker builder prune` frees what "
        "builds left), and run `pulumi up` again; if a backend was not let through for it, "
        f"`{typed('recover', 'NAME')}` first",
    ),
    Cause(
        of="host",
        words=r"non-overlapping IPv4 address pool|predefined address pools have been fully",
        remedy="Docker has no addresses left for one more network, of which each deployment takes "
        "three, or four with PostgreSQL: `docker network prune` removes those that nothing uses, "
        "and `default-address-pools` in the daemon's daemon.json makes more (docs/edge.md). Then "
        "run `pulumi up` again",
    ),
    # An image that is used as it is, and a daemon that answers. Builds have `image/build_error.py`.
    Cause(
        of="host",
        words=r"(?i)unable to pull image (?P<image>\S+): .*error response from daemon",
        remedy="the Docker host can't get the image {image}: `docker pull {image}` there says "
        "why. Where database.image names it: has its registry that tag and digest (any more)? "
        "Another one is `pulumi config set --path database.image NAME:TAG@sha256:… -s STACK`. What "
        "serves goes on serving",
    ),
    # The words of a connection between two processes, of which the daemon need not be one.
    Cause(
        of="connection",
        words=r"(?i)error reading from server|code = unavailable|unavailable: connection error",
        remedy="the Docker daemon, or a plugin of Pulumi's, ended while this was done. Nothing is "
        "lost: run `pulumi up` again",
    ),
    Cause(
        of="refusal",
        words=r"password authentication failed",
        remedy="the data was made with another password (or database.user is not its user): set "
        "the "
        "one in use with `pulumi config set --secret --path database.password -s STACK`, or give "
        "the "
        r"server this one: `docker exec -it {container} psql -U USER -d NAME -c '\password USER'`",
    ),
    Cause(
        of="refusal",
        words=r"(?:database|role) .* does not exist",
        remedy="the data was made with other names: set those in use with `pulumi config set "
        "--path database.name NAME -s STACK` and `pulumi config set --path database.user USER -s "
        "STACK`",
    ),
    Cause(
        of="refusal",
        words=r"no pg_hba\.conf entry",
        remedy="pg_hba.conf in the data directory lets nobody in from other containers: add the "
        "line `host all all all scram-sha-256` to it. If the data is new and its first start was "
        "cut off, remove the container and its volume instead",
    ),
    Cause(
        of="server",
        words=r"initialized by PostgreSQL version (?P<version>\d+)",
        remedy="the data belongs to PostgreSQL {version}: `pulumi config set --path database.image "
        "postgres:{version} -s STACK`, or move it by pg_dump (docs/databases.md)",
    ),
    Cause(
        of="server",
        words=r"another server has this data directory open",
        remedy="stop that server and keep it from starting again (`docker ps --filter "
        "volume=VOLUME`, `docker update --restart=no`, `docker stop`)",
    ),
    Cause(
        of="server",
        words=r"holds files, but no PostgreSQL data directory",
        remedy="set database.volume to the volume whose top folder holds PG_VERSION, or data to "
        "create",
    ),
    Cause(
        of="server",
        words=r"extension (?P<extension>\S+) can't be made: "
        r".*(?:is not available|extension control)",
        remedy="database.extensions names {extension}, which the server's image has not; take "
        "another one with database.image, such as postgis/postgis:17-3.5, or correct the name. It "
        "has: {available}",
    ),
    Cause(
        of="server",
        words=r"extension (?P<extension>\S+) can't be made",
        remedy="database.extensions names {extension}: make it as a superuser of the server, "
        "`docker exec -it {container} psql -U SUPERUSER -d NAME -c "
        "'CREATE EXTENSION \"{extension}\"'`",
    ),
    Cause(of="server", words=r"No space left on device", remedy="make room on the host's disk"),
    Cause(
        of="registry",
        words=r"certificate signed by unknown authority|certificate is not trusted",
        remedy="the Docker host does not know the authority that signed the registry's "
        "certificate: put the authority's own there, in PEM, as {folder}/ca.crt; no restart is "
        "needed. `{server}` does that by ssh",
    ),
    Cause(
        of="registry",
        words=r"x509: |tls: failed to verify|handshake failure",
        remedy="the registry's certificate is not one for {host}, or not any more: "
        "`openssl s_client -connect {host}` on the Docker host shows it; whoever runs the registry "
        "renews it",
    ),
    Cause(
        of="registry",
        words=r"server gave HTTP response to HTTPS client",
        remedy="the registry at {host} speaks plain http, which a daemon takes from its own "
        "machine alone: give it a certificate, or name it in `insecure-registries` of the "
        "daemon's daemon.json",
    ),
    Cause(
        of="registry",
        words=r"(?i)toomanyrequests|too many requests|\b429\b|rate limit",
        remedy="the registry at {host} takes no more requests for now ({user}): wait, and run it "
        "again; many allow more to who logs in, by registry.user and registry.password",
    ),
    Cause(
        of="registry",
        words=r"(?i)unauthorized|authentication required|no basic auth|incorrect username|"
        r"\b401\b",
        remedy="the registry at {host} does not know who comes ({user}): `pulumi config set --path "
        "registry.user USER -s STACK` and `pulumi config set --secret --path registry.password -s "
        "STACK`",
    ),
    Cause(
        of="registry",
        words=r"(?i)denied|insufficient_scope|forbidden|\b403\b",
        remedy="the registry at {host} does not let that user do this ({user}): is {name} the name "
        "that it has there, and may the user write where it is pushed?",
    ),
    Cause(
        of="registry",
        words=r"(?i)manifest unknown|no such manifest|manifest .* not found|name unknown|"
        r"\b404\b",
        remedy="the registry has no such release (any more): take the output releaseImage of the "
        "stack that built it. Where that says this one, raise releases.redeploy there, which "
        "pushes it again",
    ),
    Cause(
        of="registry",
        words=r"(?i)did not end within|timeout|timed out|deadline exceeded",
        remedy="the registry at {host} is slow, or does not answer: run it again, or give it more "
        "time, `pulumi config set --path registry.timeout SECONDS -s STACK`",
    ),
    Cause(
        of="registry",
        words=r"(?i)refused|no such host|no route|unreachable|reset by peer|EOF|"
        r"\b50[0-9]\b|unavailable|server misbehaving",
        remedy="the registry at {host} is down, or the Docker host does not get there: "
        "`curl -v https://{host}/v2/` on the Docker host says more; then run it again",
    ),
)
"""Every cause that is known; of several that the same words tell, what fits best comes first."""


def remedies(said: str, *of: Kind, **known: str) -> Iterator[str]:
    """What to do about the causes that some words tell.

    Args:
        said: the words.
        of: what they are, as `Cause.of`.
        known: what remedies may name besides.
    """
    for cause in CAUSES:
        found = re.search(cause.words, said) if cause.of in of else None
        if found:
            yield cause.remedy.format(**known, **found.groupdict())


def address_remedies(address: str, said: str) -> list[str]:
    """What to do where no Docker daemon answers.

    Args:
        address: where; "" for the docker client's default.
        said: what that client said of it.
    """
    known = {"at": f"-H {address} " if address else ""}
    general = [*remedies(address, "address", **known)]
    if not address.startswith("ssh:"):
        return general
    try:
        way = _way(SshAddress.of(address))
    except ValueError:  # an address that the docker client was given in another way
        return general
    found = [*remedies(said.replace("\n", " "), "ssh", **way)]
    # What fits best comes first.
    return [*found[:1], *general]


def _way(there: SshAddress) -> dict[str, str]:
    """How ssh is called for such an address."""
    options = f"-p {there.port} " if there.port else ""
    return {
        "ssh": f"ssh {options}{there.login}",
        "name": there.name,
        "login": there.login,
        "options": options,
        "known_as": f"[{there.name}]:{there.port}" if there.port else there.name,
    }


def host_remedies(errors: str, answers: Callable[[], bool]) -> list[str]:
    """What to do if the Docker host is why something failed; nothing if it is not.

    Args:
        errors: what the provider or a command said.
        answers: whether the Docker daemon answers now; asked only if the errors don't tell.
    """
    found = [*remedies(errors, "host")]
    if found:
        return found
    return [*remedies(errors, "connection")] if answers() else [_GONE]

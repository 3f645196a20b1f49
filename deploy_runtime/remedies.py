"""One table of causes and what to do about them, for what is known to fail inside containers.

What this package finds wrong by itself says what to do where it is found. An installation that
failed is explained by `explain_install.py`, which has to work as a plain file. The program has a
table of its own, `components/remedies.py`.
"""

import re
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause, and what to do about it.

    Attributes:
        of: what has to be looked at for it: an exception, by its class or one that this is derived
            from; or "database", what a database server said that waiting does not mend.
        words: what tells the cause, as a regular expression; "" where `of` is enough.
        remedy: what to do. In braces is what is known besides; where it is not known, the cause is
            passed over.
    """

    of: str
    words: str = ""
    remedy: str


CAUSES: tuple[Cause, ...] = (
    Cause(
        of="ImportError",
        words=r"no pq wrapper available|libpq\.so",
        remedy="psycopg finds no libpq: require psycopg[binary], or install Debian's: "
        "`pulumi config set --path 'image.aptPackages[0]' libpq5`",
    ),
    Cause(
        of="BaseException",
        words=r"Can't find msg(?:fmt|uniq)",
        remedy="`pulumi config set --path 'image.buildAptPackages[0]' gettext`",
    ),
    Cause(
        of="EOFError",
        remedy="it asked a question, and nobody is there to answer: most commands take --noinput, "
        "or an option for the answer",
    ),
    # Pydantic's: a model of the environment.
    Cause(
        of="ValidationError",
        words=r"^\d+ validation errors? for ",
        remedy="a value that the project reads from the environment is missing or wrong: set it "
        "with `pulumi config set --path env.NAME VALUE -s STACK`, a secret "
        "`pulumi config set --secret --path secrets.NAME -s STACK`",
    ),
    Cause(
        of="PermissionError",
        remedy="{filename} can't be written or read in the container; the folders that can be "
        "written are those of MEDIA_ROOT and of the SQLite file",
    ),
    Cause(
        of="OSError",
        words=r"Read-only file system",
        remedy="{filename} can't be written: the image's files are read-only. What the project "
        "writes belongs below MEDIA_ROOT, into a volume (`pulumi config set --path "
        "'volumes[\"NAME\"]' /PATH -s STACK`), or into /tmp if it is for a moment; `pulumi config "
        "set --path processes.writableRoot true -s STACK` lets it write wherever the image's "
        "permissions do, until the container is replaced",
    ),
    Cause(
        of="FileNotFoundError",
        remedy="{filename} is not in the image: is it excluded by .dockerignore, or is its path "
        "one of another machine?",
    ),
    # As PostgreSQL, PgBouncer and MySQL say it; the remedy follows the database's name.
    Cause(
        of="database",
        words=r"(?:password|SASL) authentication failed|no password supplied|"
        r"Access denied for user .*using",
        remedy="refuses the user {user!r} or the password. Set what it knows: in {key}, or as "
        "database.password where the server is this deployment's own",
    ),
    Cause(
        of="database",
        words=r'database ".*" does not exist|Unknown database',
        remedy="does not exist on that server. Create it there, or correct its name in {key}",
    ),
    Cause(
        of="database",
        words=r'role ".*" does not exist',
        remedy="does not know the user {user!r}. Create it there, or correct its name in {key}",
    ),
    # As libpq says it of TLS, in whichever driver.
    Cause(
        of="database",
        words=r"server does not support SSL",
        remedy="speaks no TLS, by which its certificate is verified unless {key} says otherwise. "
        "Turn TLS on there (`ssl = on` in postgresql.conf), or, where nobody else is on the way to "
        "it, such as on a network of this host, let {key} end with ?sslmode=disable",
    ),
    Cause(
        of="database",
        words=r"server certificate for .* does not match host name",
        remedy="shows a certificate that is made out to another name than the host in {key}: name "
        "the host there as the certificate does, or let {key} end with ?sslmode=verify-ca, which "
        "takes any name that the same authority signed",
    ),
    Cause(
        of="database",
        words=r"certificate verify failed",
        remedy="shows a certificate that has expired, or that no authority known here has signed. "
        "If it has one of its own, such as the provider's, name that: `pulumi config set --path "
        "database.ca -s STACK < ca.pem`. With {key} ending with ?sslmode=require nobody looks",
    ),
    Cause(
        of="database",
        words=r"root certificate file .* does not exist",
        remedy="is to be verified by certificates that the container does not have. The system's "
        "are Debian's: `pulumi config set --path 'image.aptPackages[0]' ca-certificates -s STACK`; "
        "that of the server's own authority: `pulumi config set --path database.ca -s STACK < "
        "ca.pem`. An sslrootcert in {key} names a file of the image",
    ),
    Cause(
        of="database",
        words=r"no pg_hba\.conf entry .*, no encryption$",
        remedy="lets nobody in from this host without TLS, or not at all. Let {key} name no "
        "sslmode, or one that asks for TLS; else allow it there, in pg_hba.conf",
    ),
    Cause(
        of="database",
        words=r"no pg_hba\.conf entry|Host .* is not allowed to connect",
        remedy="lets nobody in from this host. Allow it there: pg_hba.conf of PostgreSQL, grants "
        "of MySQL",
    ),
)
"""Every cause that is known; of several that the same words tell, what fits best comes first."""


def remedy_for(said: str, of: Container[str], **known: object) -> str | None:
    """What to do about the first cause that some words tell; None if no cause is known.

    Args:
        said: the words.
        of: what they are, as `Cause.of`.
        known: what remedies may name besides.
    """
    for cause in CAUSES:
        if cause.of in of and re.search(cause.words, said):
            with suppress(KeyError):
                return cause.remedy.format(**known)
    return None

"""Two login roles of one owner take turns, so that another password needs no moment without one.

The release that serves goes on with the password that it has, while the next one gets in with the
new one as the other role. Both are `database.user` on the server: the second is a member of it that
becomes it as it logs in, so whatever either of them makes has one owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_LONGEST = 63  # characters of a name in PostgreSQL


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who the application is on a server of the deployment's own; nobody where there is none.

    Attributes:
        user: the role; "" for the owner of the database.
        password: its password.
    """

    user: str = ""
    password: str = field(default="", repr=False)


def second(owner: str) -> str:
    """The name of the other role of an owner, which is the first itself."""
    return f"{owner[: _LONGEST - 2]}_2"


def other(owner: str, user: str) -> str:
    """The role that it is not the turn of."""
    return owner if user == second(owner) else second(owner)


def next_login(told: Mapping[str, str], *, owner: str, host: str, password: str) -> Login:
    """The login that the application has from now on.

    Args:
        told: the secrets that it was told until now, by variable.
        owner: the owner of the database.
        host: the server's name.
        password: the password from now on.
    """
    before = urlsplit(told.get("DATABASE_URL", ""))
    user = unquote(before.username or "")
    if before.hostname != host or user not in (owner, second(owner)):
        return Login(user=owner, password=password)
    is_known = unquote(before.password or "") == password
    return Login(user=user if is_known else other(owner, user), password=password)


_NAMES = """\
SET log_min_error_statement = panic;
\\set owner '{owner}'
\\set second '{second}'
"""
# Of roles that the application has never taken turns with, nothing is known: they are left alone.
_LET_IN = """\
SELECT :'role' = :'second' AS is_second,
  EXISTS (SELECT FROM pg_roles WHERE rolname = :'second') AS has_second,
  EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') AS has_owner \\gset
SELECT :'has_owner'::bool AND (:'is_second'::bool OR :'has_second'::bool) AS is_ours,
  :'is_second'::bool AND NOT :'has_second'::bool AS is_missing \\gset
\\if :is_ours
\\set password `cat "$POSTGRES_PASSWORD_FILE"`
BEGIN;
\\if :is_missing
CREATE ROLE :"second" LOGIN;
GRANT :"owner" TO :"second";
ALTER ROLE :"second" SET role = :'owner';
\\endif
ALTER ROLE :"role" PASSWORD :'password' VALID UNTIL 'infinity';
COMMIT;
\\echo made
\\endif
"""
# Asked a second time it grants no second respite.
_LEAVE = """\
SELECT format('ALTER ROLE %I VALID UNTIL %L', rolname, now() + interval '{seconds} seconds')
FROM pg_roles
WHERE rolname = :'role' AND coalesce(rolvaliduntil, 'infinity') = 'infinity' \\gexec
"""


def let_in(owner: str) -> str:
    """What has a server let a role in with the password in its file, for psql.

    It makes that role if it is the second one, and prints "made". `role` is a variable of psql's.

    Args:
        owner: the owner of the database.
    """
    return _NAMES.format(owner=owner, second=second(owner)) + _LET_IN


def leave(seconds: int) -> str:
    """What ends a role's password in a while, for psql, with `role` as a variable of its.

    Args:
        seconds: how long those who have it still get in.
    """
    return _LEAVE.format(seconds=seconds)

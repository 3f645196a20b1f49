"""Who may do what on the deployment's own server: made by the superuser, over its local socket.

The application's user owns its database and nothing more. The superuser has no password: it is used
inside the server's container, where `docker exec` gets and no connection does. All of it is the
same with any image that follows the conventions of the registry's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..host.client import docker
from . import login_turns

SUPERUSER = "postgres"
"""The role that the server's first start makes."""

# Read inside, the password is on no command line.
_ASK = (
    'PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" PGCONNECT_TIMEOUT=5 exec psql --no-password '
    '--no-psqlrc -h "$0" -U "$1" -d "$2" -tAc "$3"'
)
_LOCAL = (
    'exec psql --no-password --no-psqlrc --quiet -tA -v ON_ERROR_STOP=1 -v role="$1" -v name="$2" '
    '-U "$0" -d "$3"'
)
# A server on which nobody has made anything yet. The database gets its name last: a set-up that is
# cut off begins anew. The server's log has statements that fail, but these have a password in them.
# From 15 on, the schema is the database owner's by itself.
_SET_UP = """\
SET log_min_error_statement = panic;
\\set half :name '.new'
SELECT NOT EXISTS (
    SELECT FROM pg_database
    WHERE NOT datistemplate AND datname NOT IN ('postgres', :'half')
  ) AND NOT EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
  AND NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', :'role')
  ) AS fresh,
  NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS missing \\gset
\\if :fresh
\\set password `cat "$POSTGRES_PASSWORD_FILE"`
\\if :missing
CREATE ROLE :"role" LOGIN;
\\endif
ALTER ROLE :"role" PASSWORD :'password';
ALTER ROLE postgres PASSWORD NULL;
DROP DATABASE IF EXISTS :"half";
CREATE DATABASE :"half" OWNER :"role";
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
SELECT current_setting('server_version_num')::int < 150000 AS older \\gset
\\if :older
\\connect :"half"
ALTER SCHEMA public OWNER TO :"role";
\\connect postgres
\\endif
ALTER DATABASE :"half" RENAME TO :"name";
\\echo made
\\endif
"""
_IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_EXTENSIONS = "SELECT coalesce(json_agg(extname), '[]') FROM pg_extension"
_AVAILABLE = "SELECT string_agg(name, ', ' ORDER BY name) FROM pg_available_extensions"


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server as the application reaches it.

    Attributes:
        container: its container, by whose name it is reached on the network.
        user: the user who owns the application's database.
        login: the role that the application gets in as.
        name: the application's database.
    """

    container: str
    user: str
    login: str
    name: str

    def ask(self, statement: str = "SELECT 1") -> tuple[bool, str]:
        """Ask as the application does, over the network; returns whether that worked, and what.

        Args:
            statement: what is asked.
        """
        words = ("sh", "-c", _ASK, self.container, self.login, self.name, statement)
        done = docker("exec", self.container, *words)
        return done.returncode == 0, _said(done.stdout if done.returncode == 0 else done.stderr)

    def set_up(self) -> bool:
        """Make the application's user and database, on a server that is new.

        Returns:
            False if there was nothing to make, or it could not be made (yet).
        """
        words = ("sh", "-c", _LOCAL, SUPERUSER, self.user, self.name, "postgres")
        done = docker("exec", "--interactive", self.container, *words, stdin=_SET_UP.encode())
        return done.returncode == 0 and b"made" in done.stdout

    def let_in(self) -> bool:
        """Give the application's role its password, where two take turns: see `login_turns`.

        Returns:
            False if it is not for this program to say what that role's password is.
        """
        # The password's file is root's.
        done, said = self.as_superuser(login_turns.let_in(self.user), "postgres", user="root")
        return done and said == "made"

    def leave(self, seconds: int) -> str:
        """End the password of the role in a while.

        Args:
            seconds: how long those who have it still get in.

        Returns:
            Why that is not possible; "" if it is.
        """
        done, said = self.as_superuser(login_turns.leave(seconds), "postgres")
        return "" if done else said

    def is_superuser(self) -> bool:
        """The application's user may do anything on the server."""
        return self.ask(_IS_SUPERUSER) == (True, "t")

    def add_extensions(self, wanted: Sequence[str]) -> str:
        """Make extensions in the application's database, as the superuser.

        Args:
            wanted: their names.

        Returns:
            Why that is not possible; "" if they are there.
        """
        done, said = self.ask(_EXTENSIONS) if wanted else (True, "[]")
        if not done:
            return said
        for extension in wanted:
            problem = "" if extension in json.loads(said) else self._add(extension)
            if problem:
                return f"the extension {extension} can't be made: {problem}"
        return ""

    def available(self) -> str:
        """The names of the extensions that the server's image has."""
        return self.ask(_AVAILABLE)[1]

    def _add(self, extension: str) -> str:
        statement = f'CREATE EXTENSION IF NOT EXISTS "{extension}" CASCADE;'
        done, said = self.as_superuser(statement, self.name)
        return "" if done else said

    def as_superuser(
        self, statements: str, database: str, *, user: str = "postgres"
    ) -> tuple[bool, str]:
        """Have the superuser run statements; returns whether that worked, and what was said.

        Args:
            statements: for psql.
            database: where.
            user: the system's user in the container, who may read what is root's if it is root.
        """
        # On data that was there before, the superuser may be the application's user itself.
        problems = []
        for superuser in dict.fromkeys((SUPERUSER, self.user)):
            words = ("sh", "-c", _LOCAL, superuser, self.login, self.name, database)
            options = ("--interactive", "--user", user, self.container)
            done = docker("exec", *options, *words, stdin=statements.encode())
            if done.returncode == 0:
                return True, done.stdout.decode(errors="replace").strip()
            problems.append(_said(done.stderr))
        return False, problems[0] if "does not exist" not in problems[0] else problems[-1]


def _said(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").split("\n")]
    return next((line for line in lines if line), "no answer")

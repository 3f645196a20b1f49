"""Copies of the database: made, listed, kept in bounds, and put back.

They are files in a volume of the deployment that only root reads, each with a file of JSON beside
it that says what it is. That one is written last: a copy without it isn't whole.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deploy_runtime

from ..container_defaults import FILES, HELPER, TEMPORARY, Restrictions, adding
from ..host import one_shot
from ..host.client import docker, fail
from ..inside import BACKUPS
from ..own_commands import typed
from ..step_output import say

DEFAULT = "default"
"""What Django calls a project's first database, and often its only one."""
ROLE = "backup"
"""What the containers do in the deployment that make copies and put them back."""
_RUNTIME = Path(deploy_runtime.__file__).parent
_ON_DISK = Restrictions(temporary={})

COPIED = ("sqlite", "postgres")
"""The kinds of databases, by their family, of which copies are made."""

Entry = dict[str, Any]

# What PostgreSQL's tools are told: where the server is comes in on standard input, never in words
# that others can see.
_SERVICE = """\
set -eu
umask 077
cat > /dev/shm/given
grep -v '^#file ' /dev/shm/given > /dev/shm/service.conf
sed -n 's/^#file //p' /dev/shm/given | while read -r name content; do
  printf %s "$content" | base64 -d > "/dev/shm/$name"
done
rm /dev/shm/given
export PGSERVICEFILE=/dev/shm/service.conf PGSERVICE=deployment
"""
_DUMP = (
    _SERVICE
    + """\
half="$(dirname "$1")/.$(basename "$1").tmp"
trap 'rm -f "$half"' EXIT
pg_dump --format=custom --file="$half"
pg_restore --list "$half" > /dev/null
mv "$half" "$1"
stat -c %s "$1"
"""
)
# All in one transaction: either the copy is there, or everything is as it was. Tools from 17 on set
# what older servers don't know. The application's user may not make every extension anew, nor say
# what one is for: those that are there stay, and what is in the same schema goes one by one.
_RESTORE = (
    _SERVICE
    + """\
pg_restore --list "$1" | sed '/ COMMENT - EXTENSION /d' > /tmp/list
pg_restore --no-owner --no-privileges --use-list=/tmp/list --file=/tmp/restore.sql "$1"
sed -i -e '0,/^CREATE SCHEMA public;$/{//d}' -e '0,/^SET transaction_timeout = 0;$/{//d}' \\
  /tmp/restore.sql
cat > /tmp/empty.sql <<'SQL'
SET lock_timeout = '60s';
DO $$ DECLARE
  name text; statement text; statements text[];
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace n
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid)
      AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e'
      ) LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  SELECT array_agg(DISTINCT
      format('DROP %s IF EXISTS %s CASCADE', replace(i.type, 'statistics object', 'statistics'),
        i.identity))
    FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.extnamespace,
      pg_identify_object(d.classid, d.objid, 0) i
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n'
      AND d.refobjid <> 'pg_catalog'::regnamespace
      AND d.classid NOT IN ('pg_extension'::regclass, 'pg_default_acl'::regclass)
      AND NOT EXISTS (
        SELECT FROM pg_depend o
        WHERE o.classid = d.classid AND o.objid = d.objid AND o.objsubid = 0
          AND (o.deptype = 'e' OR o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i'))
      )
    INTO statements;
  FOREACH statement IN ARRAY coalesce(statements, '{}') LOOP
    EXECUTE statement;
  END LOOP;
END $$;
CREATE SCHEMA IF NOT EXISTS public;
SQL
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --single-transaction \\
  --file=/tmp/empty.sql --file=/tmp/restore.sql > /dev/null
"""
)
# Writes the JSON on standard input, and removes the oldest: $2 are kept, or all if it is 0. The one
# that was just made is among those, whatever the clocks were by which others were named. What an
# interrupted copy left goes, too: one is made at a time.
_FINISH = f"""\
set -eu
umask 077
cd {BACKUPS}
cat > ".$1.tmp"
mv ".$1.tmp" "$1.json"
if [ "$2" -gt 0 ]; then
  ls -1 *.json | grep -vxF "$1.json" | sort -r | tail -n "+$2" | while read -r old; do
    rm -f "$old" "${{old%.json}}.sqlite3" "${{old%.json}}.dump"
  done
fi
rm -f .*.sqlite3.tmp* .*.dump.tmp
for file in *.sqlite3 *.dump; do
  [ ! -e "$file" ] || [ -e "${{file%.*}}.json" ] || rm -f "$file"
done
"""


class CopyError(Exception):
    """No copy could be made; the text says why.

    Args:
        problem: what could not be done.
        said: what the tool said.
    """

    def __init__(self, problem: str, said: bytes) -> None:
        lines = said.decode(errors="replace").strip() or "(it printed nothing)"
        super().__init__(f"{problem}: {lines}")


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database, and how its copies are made.

    Attributes:
        deployment: the deployment that it belongs to.
        engine: what Django calls its kind.
        file: the path of a SQLite file in the application's containers; else "".
        application: words of `docker run` that start a container like the application's, but for
            its network, up to and with its image.
        network: the network on which a server is reached.
        tools: an image with the tools of a server of this kind; "" if there is none.
        volume: the volume of the copies.
        alias: what the project calls it, of those in its setting `DATABASES`.
    """

    deployment: str
    engine: str
    file: str
    application: tuple[str, ...]
    network: str
    tools: str
    volume: str
    alias: str = DEFAULT

    @property
    def suffix(self) -> str:
        """What the copies' names end with; "" where none can be made."""
        if self.engine == "sqlite":
            return ".sqlite3" if self.file else ""
        return ".dump" if self.engine == "postgresql" and self.tools else ""

    def make(self, release: str, details: Mapping[str, Any], *, keep: int) -> Entry:
        """Copy the database, and remove the oldest copies.

        Args:
            release: the release that serves, or that is to serve if none does.
            details: what else is to be known of the copy.
            keep: how many are kept; 0 for all.

        Raises:
            CopyError: it can't be copied, or that can't be recorded.
        """
        began = datetime.now(UTC)
        started = time.monotonic()
        id_ = f"{began:%Y%m%dT%H%M%SZ}-{release[:8] or 'none'}"
        file = f"{id_}{self.suffix}"
        size = self._copy(f"{BACKUPS}/{file}")
        entry: Entry = {
            "id": id_,
            "file": file,
            "volume": self.volume,
            "engine": self.engine,
            "alias": self.alias,
            "source": self.file,
            "release": release,
            "made": began.isoformat(timespec="seconds"),
            "bytes": size,
            "seconds": round(time.monotonic() - started, 2),
            "tools": self.tools,
            **details,
        }
        finish = ("--entrypoint", "sh", self._image, "-c", _FINISH, "finish", id_, str(keep))
        done = self._run(finish, network="none", stdin=json.dumps(entry).encode())
        if done.returncode != 0:
            raise CopyError("the copy can't be recorded", done.stderr)
        return entry

    def restore(self, entry: Entry) -> None:
        """Put a copy in the database's place. Nobody has it open, or writes to it."""
        source = f"{BACKUPS}/{entry['file']}"
        if self.engine == "sqlite":
            done = self._sqlite("restore", source, self.file)
        else:
            done = self._postgres(_RESTORE, source, self.tools)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            fail(f"restore: {entry['id']} was not put back, the database is as it was: {said}")

    def set_aside(self) -> str:
        """Keep the files of a database that can't be copied, as they are.

        Returns:
            The name of the first of them in the volume of the copies.

        Raises:
            CopyError: they can't be kept either, or there is no such thing for this engine.
        """
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.damaged"
        if self.engine != "sqlite":
            raise CopyError("what can't be dumped can't be kept", b"it is a server's")
        done = self._sqlite("set_aside", self.file, f"{BACKUPS}/{name}")
        if done.returncode != 0:
            raise CopyError("the files of the present database can't be kept", done.stderr)
        return name

    @property
    def _image(self) -> str:
        return self.application[-1]

    def _copy(self, target: str) -> int:
        if self.engine == "sqlite":
            done = self._sqlite("copy", self.file, target)
        else:
            done = self._postgres(_DUMP, target, self.tools)
        if done.returncode != 0:
            raise CopyError("no copy of the database could be made", done.stderr)
        return int(done.stdout.split()[-1])

    def _sqlite(self, *words: str) -> Any:
        script = (_RUNTIME / "copy_sqlite.py").read_bytes()
        # As root, beside an application that owns its files and may keep them to itself.
        options = ("--user", "0", "--mount", self._mount, *adding(FILES))
        return self._in_application(script, *options, words=words)

    def _postgres(self, script: str, file: str, tools: str) -> Any:
        asked = (_RUNTIME / "libpq.py").read_bytes()
        reached = self._in_application(asked, words=(self.alias,))
        if reached.returncode != 0:
            return reached
        words = ("--entrypoint", "sh", tools, "-c", script, "copy", file)
        return self._run(words, network=self.network, stdin=reached.stdout)

    def _in_application(self, script: bytes, *options: str, words: Sequence[str] = ()) -> Any:
        *given, image = self.application
        command = (*given, *options, "--network", "none", image, "python", "-", *words)
        done = one_shot.run(self.deployment, ROLE, command, stdin=script)
        return one_shot.showable(done, given, image)

    def _run(self, words: tuple[str, ...], *, network: str, stdin: bytes) -> Any:
        # What is restored is written out whole before, and may be larger than any memory.
        options = ("--user", "0", *_ON_DISK.options(), "--mount", f"type=volume,target={TEMPORARY}")
        options = (*options, "--network", network, "--mount", self._mount)
        return one_shot.run(self.deployment, ROLE, (*options, *words), stdin=stdin)

    @property
    def _mount(self) -> str:
        return f"type=volume,source={self.volume},target={BACKUPS}"


def entries(volume: str, image: str) -> list[Entry]:
    """The copies in a volume, newest first.

    Args:
        volume: the volume of the copies.
        image: any image with a shell.
    """
    mount = f"type=volume,source={volume},target={BACKUPS},readonly"
    words = ("run", "--rm", "--user", "0", "--network", "none", "--mount", mount)
    script = f"for file in {BACKUPS}/*.json; do [ ! -e $file ] || {{ cat $file; echo; }}; done"
    done = docker(*words, *HELPER.options(), "--entrypoint", "sh", image, "-c", script)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        fail(f"the backups in {volume} can't be read: {said}")
    found = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    return sorted(found, key=lambda entry: str(entry["id"]), reverse=True)


def restore_command(stack: str, id_: str) -> str:
    """What a person types to restore a copy."""
    return typed("restore", stack, backup=id_)


def tell(entry: Entry) -> None:
    """Tell people of a copy that was made."""
    say(
        f"backup: {entry['id']}, {entry['bytes'] / 1e6:.1f} MB in {entry['seconds']:.1f} s, "
        f"in volume {entry['volume']}"
    )

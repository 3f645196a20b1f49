#!/bin/bash
# Starts PostgreSQL; at the first start it makes the data directory, with the database POSTGRES_DB,
# the user POSTGRES_USER and the password in POSTGRES_PASSWORD_FILE. What is there is left as it is.
set -euo pipefail

: "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"
work="$PGDATA/.first-start"

as_postgres() {
  setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

# Made aside and moved into place, PG_VERSION last: a first start that is cut off begins anew.
first_start() {
  local password=/dev/shm/password
  if [ ! -s "${POSTGRES_PASSWORD_FILE:-}" ]; then
    echo "POSTGRES_PASSWORD_FILE names no file with a password" >&2
    exit 78
  fi
  if [ -d "$work" ]; then
    find "$PGDATA" -mindepth 1 -delete
  elif [ -n "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
    echo "$PGDATA holds files, but no PostgreSQL data directory: nothing is made over them" >&2
    exit 78
  fi
  as_postgres mkdir "$work"
  install -o postgres -g postgres -m 0400 "$POSTGRES_PASSWORD_FILE" "$password"
  # shellcheck disable=SC2086 - the options are words
  as_postgres initdb --pgdata "$work/data" --username "$POSTGRES_USER" --pwfile "$password" \
    --no-instructions ${POSTGRES_INITDB_ARGS:-}
  rm -f "$password"
  echo "host all all all scram-sha-256" >> "$work/data/pg_hba.conf"
  if [ "$POSTGRES_DB" != postgres ]; then
    echo "CREATE DATABASE \"$POSTGRES_DB\";" |
      as_postgres postgres --single -j -D "$work/data" postgres > /dev/null
  fi
  find "$work/data" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
  sync
  mv "$work/data/PG_VERSION" "$PGDATA"
}

if [ "${1:-}" = postgres ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres:postgres {} +
  chmod 0700 "$PGDATA"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    first_start
  fi
  rm -rf "$work"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
exec "$@"

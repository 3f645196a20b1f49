# Makes a release of the project's image: what it lacks, a user with a fixed id, the strict build
# step. It needs no real secret: the key below is thrown away with the step.
. /tmp/scripts/network.sh
. /tmp/scripts/user.sh
missing="$(DEPLOY_DATABASE_ENGINE="$DATABASE_ENGINE" python /opt/deploy/deploy_runtime/supply.py)"
if [ -n "$missing" ]; then
  uv pip install --python "$(command -v python)" --break-system-packages $missing
fi
grep -q '^[^:]*:[^:]*:10001:' /etc/group || echo "app:x:10001:" >> /etc/group
grep -q '^[^:]*:[^:]*:10001:' /etc/passwd || echo "app:x:10001:10001:app:/tmp:/bin/sh" >> /etc/passwd
folders="/srv/static /srv/assets /srv/media /srv/data /srv/ledger /run/secrets"
mkdir -p $folders
chown 10001:10001 $folders
# Bytecode in the image: the user that serves can't write it at each start.
if [ "$(pwd -P)" != / ]; then
  PYTHONDONTWRITEBYTECODE= python -m compileall -q . /opt/deploy > /dev/null || true
fi
# As the user that serves, so that files which it may not write fail here and not when it starts.
written="/opt/deploy/build-report.json /opt/deploy/ledger.jsonl"
touch $written
chown 10001 $written
set -a
. /tmp/scripts/build.env
# The origin and hosts that visitors use, and the names of the seed steps, to be checked against. They
# are a build secret: nothing of them is in the image, and with others it is the same release.
. /tmp/site.env
set +a
# Never opened by us, but the driver has to be there; a file would be where the site's is, so that
# what is said of the project's settings holds there, too.
case "$DATABASE_ENGINE" in
  postgres|mysql) build_database="$DATABASE_ENGINE://build:build@127.0.0.1:1/build" ;;
  *) build_database=sqlite:////srv/data/build.sqlite3 ;;
esac
SECRET_KEY="$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" \
DEPLOY_COLLECT="$COLLECT" DATABASE_URL="$build_database" HOME=/tmp \
  as_app python -m deploy_runtime.build
rm -f /srv/data/build.sqlite3*
chown 0 $written

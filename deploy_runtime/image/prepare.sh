# Sourced by the other scripts: makes the project ready to run as it is served. It gets what it lacks,
# a user with a fixed id, its folders, and the settings' environment, without any real secret of ours.
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
# Secret files are mounted, here and where it is served: the image knows their places alone.
root="$(readlink /opt/root || echo /app)"
for path in $SECRET_FILES; do
  if [ -d "$root/$path" ] && [ ! -L "$root/$path" ]; then
    echo "error: secretFiles names $path, which is a folder of the project: name the file in it" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$root/$path")"
  ln -sfn "/run/secrets/files/$path" "$root/$path"
done
if [ -n "$SECRET_FILES" ]; then
  python -m deploy_runtime.secret_files /tmp/files.json /run/secrets/files
fi
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
export DATABASE_URL="$build_database"
SECRET_KEY="$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
export SECRET_KEY

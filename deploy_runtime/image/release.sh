# Makes a release of the project's image: what the steps of the build made, and the strict build step.
. /tmp/scripts/prepare.sh
python -m deploy_runtime.results take
# Bytecode in the image: the user that serves can't write it at each start.
if [ "$(pwd -P)" != / ]; then
  PYTHONDONTWRITEBYTECODE= python -m compileall -q . /opt/deploy > /dev/null || true
fi
# As the user that serves, so that files which it may not write fail here and not when it starts.
written="/opt/deploy/build-report.json /opt/deploy/ledger.jsonl"
touch $written
chown 10001 $written
DEPLOY_COLLECT="$COLLECT" HOME=/tmp as_app python -m deploy_runtime.build
rm -f /srv/data/build.sqlite3*
python -m deploy_runtime.results leave
chown 0 $written
# Nobody who serves becomes another user; but where config lets programs gain rights, their files do.
if [ -z "${KEEP_SETUID:-}" ]; then
  python -m deploy_runtime.setuid
fi

# Installs what the project requires, then what it lacks to be served; its own versions win.
. /tmp/scripts/network.sh
# Whatever Python the project pins for its developers, this one is what there is.
export VIRTUAL_ENV=/opt/venv UV_PYTHON=/opt/venv/bin/python UV_PYTHON_DOWNLOADS=never
explained() {
  if ! "$@" 2> /tmp/install.log; then
    python3 /tmp/explain_install.py /tmp/install.log >&2
    exit 1
  fi
  cat /tmp/install.log >&2
}
UV_PYTHON="" uv venv --quiet --python "$(command -v python3)" /opt/venv
cd "/app/$(dirname "$REQUIREMENTS")"
file="$(basename "$REQUIREMENTS")"
# What is locked is installed as locked; the lock of a workspace is in its root.
locked="$PWD"
while [ ! -f "$locked/uv.lock" ] && [ "$locked" != /app ] && [ "$locked" != / ]; do
  locked="$(dirname "$locked")"
done
if [ "$file" = pyproject.toml ] && [ -f "$locked/uv.lock" ]; then
  explained uv export --quiet --frozen --no-dev --no-emit-project -o /tmp/locked.txt
  file=/tmp/locked.txt
  cd "$locked"
fi
explained uv pip install -r "$file"
missing="$(DEPLOY_DATABASE_ENGINE="$DATABASE_ENGINE" /opt/venv/bin/python /tmp/supply.py)"
if [ -n "$missing" ]; then
  explained uv pip install $missing
fi

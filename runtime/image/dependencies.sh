# Installs what the project requires, then what it lacks to be served; its own versions win.
. /tmp/scripts/network.sh
export VIRTUAL_ENV=/opt/venv
uv venv --quiet --python "$(command -v python3)" --no-python-downloads /opt/venv
cd "/app/$(dirname "$REQUIREMENTS")"
file="$(basename "$REQUIREMENTS")"
if [ "$file" = pyproject.toml ] && [ -f uv.lock ]; then
  uv export --quiet --frozen --no-dev --no-emit-project -o /tmp/locked.txt
  file=/tmp/locked.txt
fi
uv pip install -r "$file"
missing="$(DEPLOY_DATABASE_ENGINE="$DATABASE_ENGINE" /opt/venv/bin/python /tmp/supply.py)"
if [ -n "$missing" ]; then
  uv pip install $missing
fi

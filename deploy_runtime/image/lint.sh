# Installs the linter of migrations, in a stage of its own.
. /tmp/scripts/network.sh
/opt/uv/bin/uv pip install --quiet --no-deps --target /opt/lint $(python3 /tmp/supply.py lint)

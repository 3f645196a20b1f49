# Installs the installer, in a stage that no image contains.
. /tmp/scripts/network.sh
python3 -m venv /opt/uv
/opt/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"

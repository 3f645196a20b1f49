# Installs the Debian packages that a config key names: apt.sh KEY PACKAGE...
set -eu
key="$1"
shift
if [ $# = 0 ]; then exit 0; fi
if ! command -v apt-get > /dev/null; then
  echo "error: $key names Debian packages, but the base image (image.base) has no apt-get" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends "$@"; } > /tmp/apt.log 2>&1; then
  cat /tmp/apt.log >&2
  echo "error: the Debian packages of $key can't be installed: $*" >&2
  grep '^E: ' /tmp/apt.log | tail -n 5 >&2 || true
  echo "What to do: correct the names in $key, as on https://packages.debian.org" >&2
  exit 1
fi
tail -n 1 /tmp/apt.log
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /tmp/apt.log

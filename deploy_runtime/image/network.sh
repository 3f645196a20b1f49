# Sourced by the other scripts: tells pip, uv, git and npm of the host's network, from build secrets.
set -eu
if [ -s /tmp/ca.crt ]; then
  export SSL_CERT_FILE=/tmp/ca.crt PIP_CERT=/tmp/ca.crt GIT_SSL_CAINFO=/tmp/ca.crt
  export NODE_EXTRA_CA_CERTS=/tmp/ca.crt CURL_CA_BUNDLE=/tmp/ca.crt REQUESTS_CA_BUNDLE=/tmp/ca.crt
fi
if [ -s /tmp/index-url ]; then
  UV_DEFAULT_INDEX="$(cat /tmp/index-url)"
  export UV_DEFAULT_INDEX PIP_INDEX_URL="$UV_DEFAULT_INDEX"
fi
export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_PROGRESS=1

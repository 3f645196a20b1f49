# The installer of dependencies, in a stage of its own: no image that serves contains it.
ARG BASE_IMAGE
ARG APP_IMAGE=scratch
FROM ${BASE_IMAGE} AS uv
ARG UV_VERSION
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    set -eu; \
    if [ -s /tmp/ca.crt ]; then export PIP_CERT=/tmp/ca.crt; fi; \
    if [ -s /tmp/index-url ]; then PIP_INDEX_URL="$(cat /tmp/index-url)"; export PIP_INDEX_URL; fi; \
    python3 -m venv /opt/uv; \
    /opt/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"


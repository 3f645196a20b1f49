# The installer of dependencies, in a stage of its own: no image that serves contains it.
ARG BASE_IMAGE
ARG APP_IMAGE=scratch
FROM ${BASE_IMAGE} AS uv
ARG UV_VERSION
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=bind,source=scripts,target=/tmp/scripts \
    sh /tmp/scripts/installer.sh


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

# What looks at migrations before they run: in a folder of its own, for no project to import.
FROM uv AS lint
COPY deploy/deploy_runtime/supply.py /tmp/supply.py
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=bind,source=scripts/network.sh,target=/tmp/scripts/network.sh \
    --mount=type=bind,source=scripts/lint.sh,target=/tmp/scripts/lint.sh \
    sh /tmp/scripts/lint.sh


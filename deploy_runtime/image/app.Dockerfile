# The project's own image: its dependencies, then its source. `release.Dockerfile` follows.
FROM ${BASE_IMAGE} AS base
ARG APT_PACKAGES
RUN --mount=type=bind,source=scripts/apt.sh,target=/tmp/scripts/apt.sh \
    sh /tmp/scripts/apt.sh image.aptPackages $APT_PACKAGES

# What only building needs, such as compilers: no image that serves contains it.
FROM base AS tools
ARG BUILD_APT_PACKAGES
RUN --mount=type=bind,source=scripts/apt.sh,target=/tmp/scripts/apt.sh \
    sh /tmp/scripts/apt.sh image.buildAptPackages $BUILD_APT_PACKAGES

# Dependencies are installed before the source is copied: a change of code installs nothing.
FROM tools AS dependencies
ARG REQUIREMENTS
ARG DATABASE_ENGINE
ARG APT_NEXT
# At the place of the source: what is installed from a folder of the project may refer to it.
COPY dependencies/ /app/
COPY deploy/deploy_runtime/supply.py deploy/deploy_runtime/explain_install.py /tmp/
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=bind,source=scripts/network.sh,target=/tmp/scripts/network.sh \
    --mount=type=bind,source=scripts/dependencies.sh,target=/tmp/scripts/dependencies.sh \
    sh /tmp/scripts/dependencies.sh

FROM base AS app
COPY --from=dependencies /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
ARG PYTHON_PATH
COPY app/ /app/
WORKDIR /app/${PYTHON_PATH}

# The same beside the tools, for the steps of the build.
FROM tools AS workshop
COPY --from=dependencies /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
ARG PYTHON_PATH
COPY app/ /app/
WORKDIR /app/${PYTHON_PATH}

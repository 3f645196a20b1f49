# The project's own image: its dependencies, then its source. `release.Dockerfile` follows.
# /tmp/ca.crt and /tmp/index-url tell pip and uv of the host's network; they are never in a layer.
FROM ${BASE_IMAGE} AS base
ARG APT_PACKAGES
RUN if [ -n "$APT_PACKAGES" ]; then \
      apt-get update && apt-get install -y --no-install-recommends $APT_PACKAGES \
      && rm -rf /var/lib/apt/lists/*; \
    fi

# Dependencies are installed before the source is copied: a change of code installs nothing.
FROM base AS dependencies
ARG REQUIREMENTS
COPY dependencies/ /tmp/dependencies/
COPY deploy/deploy_runtime/supply.py /tmp/supply.py
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    set -eu; \
    if [ -s /tmp/ca.crt ]; then export SSL_CERT_FILE=/tmp/ca.crt; fi; \
    if [ -s /tmp/index-url ]; then UV_DEFAULT_INDEX="$(cat /tmp/index-url)"; export UV_DEFAULT_INDEX; fi; \
    export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_PROGRESS=1 VIRTUAL_ENV=/opt/venv; \
    uv venv --quiet --python "$(command -v python3)" --no-python-downloads /opt/venv; \
    cd "/tmp/dependencies/$(dirname "$REQUIREMENTS")"; \
    file="$(basename "$REQUIREMENTS")"; \
    if [ "$file" = pyproject.toml ] && [ -f uv.lock ]; then \
      uv export --quiet --frozen --no-dev --no-emit-project -o /tmp/locked.txt; file=/tmp/locked.txt; \
    fi; \
    uv pip install -r "$file"; \
    missing="$(/opt/venv/bin/python /tmp/supply.py)"; \
    if [ -n "$missing" ]; then uv pip install $missing; fi

FROM base AS app
COPY --from=dependencies /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY app/ /app/


# The release: the runtime beside the project, a user with a fixed id, and the strict build step,
# which finds what is wrong with the project before anything that serves is touched. It needs no
# real secret: the key below is thrown away with the step.
FROM app AS release
ARG PYTHON_PATH
ARG SETTINGS_MODULE
ARG WSGI
ARG HEALTH_PATH
ARG SEED_STEPS
ARG COLLECT
USER 0:0
COPY deploy/ /opt/deploy/
WORKDIR ${PYTHON_PATH}
ENV DJANGO_SETTINGS_MODULE=deploy_runtime.settings \
    DEPLOY_SETTINGS_MODULE=${SETTINGS_MODULE} \
    DEPLOY_WSGI=${WSGI} \
    DEPLOY_HEALTH_PATH=${HEALTH_PATH} \
    MEDIA_ROOT=/srv/media \
    PYTHONPATH=/opt/deploy \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/srv/static
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    set -eu; \
    if [ -s /tmp/ca.crt ]; then export SSL_CERT_FILE=/tmp/ca.crt; fi; \
    if [ -s /tmp/index-url ]; then UV_DEFAULT_INDEX="$(cat /tmp/index-url)"; export UV_DEFAULT_INDEX; fi; \
    missing="$(python /opt/deploy/deploy_runtime/supply.py)"; \
    if [ -n "$missing" ]; then \
      UV_LINK_MODE=copy UV_NO_PROGRESS=1 uv pip install --python "$(command -v python)" --break-system-packages $missing; \
    fi; \
    echo "app:x:10001:" >> /etc/group; \
    echo "app:x:10001:10001:app:/tmp:/bin/sh" >> /etc/passwd; \
    mkdir -p /srv/static /srv/media /srv/data /run/secrets; \
    PYTHONDONTWRITEBYTECODE= python -m compileall -q -j 0 . /opt/deploy > /dev/null || true; \
    set -a; . /opt/deploy/build.env; set +a; \
    SECRET_KEY="$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" \
    DEPLOY_SEED_STEPS="$SEED_STEPS" DEPLOY_COLLECT="$COLLECT" DEBUG=false \
    DATABASE_URL=sqlite:////tmp/build.sqlite3 \
      python -m deploy_runtime.build; \
    rm -f /tmp/build.sqlite3 /opt/deploy/build.env; \
    chown -R 10001:10001 /srv /run/secrets
USER 10001:10001
EXPOSE 8000

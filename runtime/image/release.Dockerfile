
# The release: the runtime beside the project, and the strict build step, which finds what is wrong
# with the project before anything that serves is touched.
FROM app AS release
ARG SETTINGS_MODULE
ARG WSGI
ARG HEALTH_PATH
ARG COLLECT
# Named for the cache alone: what is supplied, and reported, depends on it.
ARG SCHEME=http
ARG DATABASE_ENGINE
USER 0:0
COPY --from=lint /opt/lint /opt/deploy/lint
COPY deploy/ /opt/deploy/
ENV DJANGO_SETTINGS_MODULE=deploy_runtime.settings \
    DEPLOY_SETTINGS_MODULE=${SETTINGS_MODULE} \
    DEPLOY_WSGI=${WSGI} \
    DEPLOY_HEALTH_PATH=${HEALTH_PATH} \
    MEDIA_ROOT=/srv/media \
    PORT=8000 \
    PYTHONPATH=/opt/deploy${PYTHONPATH:+:${PYTHONPATH}} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/srv/static
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=secret,id=site,target=/tmp/site.env \
    --mount=type=bind,source=scripts,target=/tmp/scripts \
    sh /tmp/scripts/release.sh
USER 10001:10001
EXPOSE 8000

# The runtime beside the project, in the stage that is served and in the one of the build's steps.
ARG SETTINGS_MODULE
ARG WSGI
ARG HEALTH_PATH
# Named for the cache alone: what is supplied, and reported, depends on it.
ARG SCHEME=http
ARG DATABASE_ENGINE
ARG SECRET_FILES
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

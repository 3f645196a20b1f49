# One stage, no virtual environment, folders of its own, a user, a port and an entry point.
ARG BASE_IMAGE=python:3.13-slim-trixie
FROM ${BASE_IMAGE}
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca \
    --mount=type=secret,id=index-url \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    if [ -s /run/secrets/index-url ]; then export PIP_INDEX_URL="$(cat /run/secrets/index-url)"; fi; \
    python3 -m pip install --break-system-packages "django>=5.2,<5.3"
WORKDIR /srv/depot
COPY --chown=1234 backend/ ./
COPY --chown=1234 frontend/ ../frontend/
RUN DJANGO_SECRET_KEY=none DEPOT_NAME=none python3 manage.py collectstatic --noinput || true
ENV PORT=5000
USER 1234
ENTRYPOINT ["sh", "-c", "python3 manage.py migrate && python3 manage.py runserver 0.0.0.0:$PORT"]

# The release: the strict build step finds what is wrong with the project before anything that serves
# is touched.
ARG COLLECT
ARG KEEP_SETUID
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=bind,from=built,source=/opt/results,target=/tmp/results \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=secret,id=site,target=/tmp/site.env \
    --mount=type=secret,id=files,target=/tmp/files.json \
    --mount=type=tmpfs,target=/run/secrets/files \
    --mount=type=bind,source=scripts,target=/tmp/scripts \
    sh /tmp/scripts/release.sh
USER 10001:10001
EXPOSE 8000

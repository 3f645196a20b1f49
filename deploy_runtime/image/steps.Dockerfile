# The steps of the build: only what they made is in the image.
ARG BUILD_STEPS
ARG APT_NEXT
RUN --mount=type=bind,from=uv,source=/opt/uv/bin/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.npm \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=secret,id=ca,target=/tmp/ca.crt \
    --mount=type=secret,id=index-url,target=/tmp/index-url \
    --mount=type=secret,id=site,target=/tmp/site.env \
    --mount=type=secret,id=files,target=/tmp/files.json \
    --mount=type=tmpfs,target=/run/secrets/files \
    --mount=type=bind,source=scripts,target=/tmp/scripts \
    sh /tmp/scripts/steps.sh

# The image of the project's own Dockerfile, wherever that put the source. Its modules are looked
# for below its working directory as they lie in the project's folder, then in that directory itself.
FROM ${APP_IMAGE} AS app
ARG PYTHON_PATH
ARG SETTINGS_MODULE
USER 0:0
RUN --mount=type=bind,source=scripts,target=/tmp/scripts sh /tmp/scripts/own.sh
WORKDIR /opt/project
ENTRYPOINT []
STOPSIGNAL SIGTERM

# The same beside what only building needs, for the steps of the build.
FROM app AS workshop
ARG BUILD_APT_PACKAGES
RUN --mount=type=bind,source=scripts/apt.sh,target=/tmp/scripts/apt.sh \
    sh /tmp/scripts/apt.sh image.buildAptPackages $BUILD_APT_PACKAGES

# Runs the steps of the build, and keeps what they made for the image.
. /tmp/scripts/prepare.sh
python -m deploy_runtime.results begin
DEPLOY_BUILD_STEPS="$BUILD_STEPS" DEPLOY_ROOT="$root" HOME=/root CI=1 python -m deploy_runtime.build_steps
python -m deploy_runtime.results keep "$root" "$STATIC_ROOT"

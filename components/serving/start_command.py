"""The backend's start-up command: one text for every stack and strategy. Pure, no Pulumi import."""

import shlex
from collections.abc import Sequence

from ..inside import PORT

# Stacks differ in the variable's value only. It is looked at before anything runs, so that a
# mistake in it changes nothing.
_STARTUP = """\
set -eu
case "$(printf %s "${{COLLECT_STATIC_ON_STARTUP:-}}" | tr '[:upper:]' '[:lower:]')" in
  1|true|yes|on) collect=yes ;;
  ''|0|false|no|off) collect=no ;;
  *) echo "COLLECT_STATIC_ON_STARTUP is '$COLLECT_STATIC_ON_STARTUP':" \\
       "use 1, true, yes or on; 0, false, no, off or nothing" >&2; exit 64 ;;
esac
{migrate}
if [ "$collect" = yes ]; then {collect}; fi
exec {serve}"""

_GUNICORN = "python -m gunicorn deploy_runtime.wsgi:application"


def manage(command: str, *flags: str) -> str:
    """The shell words that run a management command and enter what it did into the ledger."""
    return shlex.join(["python", "-m", "deploy_runtime.manage", command, *flags])


def startup_command(
    *, migrate_flags: Sequence[str], workers: int, threads: int, grace: int, reload: bool
) -> str:
    """The container's start-up command: migrate, collectstatic on demand, then gunicorn.

    Args:
        migrate_flags: further flags of migrate; the seeding job uses the same.
        workers: gunicorn worker processes.
        threads: threads of each worker.
        grace: seconds that requests in flight have to finish in after SIGTERM.
        reload: restart workers when the code changes, for development.
    """
    options = {
        "--bind": f"0.0.0.0:{PORT}",
        "--workers": str(workers),
        "--threads": str(threads),
        "--worker-tmp-dir": "/dev/shm",
        "--graceful-timeout": str(grace),
        # Whom the application believes is not told by addresses (deploy_runtime.forwarded_headers).
        "--forwarded-allow-ips": "127.0.0.1",
    }
    words = [word for pair in options.items() for word in pair]
    serve = f"{_GUNICORN} {shlex.join(words)}{' --reload' if reload else ''}"
    return _STARTUP.format(
        migrate=manage("migrate", *migrate_flags), collect=manage("collectstatic"), serve=serve
    )

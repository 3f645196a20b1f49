"""Where things are in a container of the application, and who it runs as.

The program has the same in `components/inside.py`; a unit test holds the two together. Files that
run without the rest of this package, such as those of the edge, know by themselves what they need.
"""

PORT = 8000
USER = 10001

STATIC = "/srv/static"
DATA = "/srv/data"
ASSETS = "/srv/assets"
LEDGER = "/srv/ledger"
SECRETS = "/run/secrets"
SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
RUNTIME = "/opt/deploy"

HEALTH_PATH = "/-/health"
"""The path of the health endpoint that is supplied."""

BUILD_REPORT = f"{RUNTIME}/build-report.json"

"""What the program knows of the inside of the application's containers, and of the edge's.

What runs there has the same in `deploy_runtime/places.py`; a unit test holds the two together.
"""

PORT = 8000
"""Where the application's server listens."""
USER = 10001
"""The id of the user that the application runs as, and of its group."""

STATIC = "/srv/static"
DATA = "/srv/data"
MEDIA = "/srv/media"
LEDGER = "/srv/ledger"
BACKUPS = "/srv/backups"
ASSETS = "/srv/assets"
SECRETS = "/run/secrets"
SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
"""The certificates of public authorities, from Debian's package ca-certificates."""
VERDICT = "/run/verdict"
"""Where the gate notes, as root, why it rejected the container."""
RUNTIME = "/opt/deploy"
DEPENDENCIES = "/opt/venv"

HEALTH_PATH = "/-/health"
"""The path of the health endpoint that is supplied."""

BUILD_REPORT = f"{RUNTIME}/build-report.json"

EDGE_HTTPS = 8443
"""Where an edge listens for https, be it one that sites share."""
EDGE_CONTROL = "/usr/local/lib/edge/control.py"
EDGE_CONFIGURATION = "/var/lib/edge/haproxy.cfg"
"""What the edge goes by, which names the containers that it sends visitors to."""
EDGE_CERTIFICATE = "/var/lib/edge/certificate.pem"
"""What the edge ends TLS with: certificate, chain and key."""
EDGE_CERTIFICATES = "/var/lib/certificates"
"""What an edge keeps of the certificates that it gets by itself."""
SHARED_EDGE = "deploy_runtime.shared"
"""The module by which a shared edge is told of a site."""
SHARED_SITES = "/var/lib/shared/sites.map"
"""What a shared edge goes by: a line for each domain, with the container of its site's edge."""
EDGE_TLS = "deploy_runtime.tls"
"""The module by which the edge's container is handed another."""

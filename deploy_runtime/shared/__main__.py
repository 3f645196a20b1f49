"""Says which site the shared edge passes visitors of a domain on to.

python3 -m deploy_runtime.shared put EDGE DOMAIN…    visitors of these domains go to a site's edge
python3 -m deploy_runtime.shared add EDGE DOMAIN…    those of further ones too, if it has any yet
python3 -m deploy_runtime.shared remove EDGE         visitors of its domains are let in no more
python3 -m deploy_runtime.shared forget EDGE         the same, for a shared edge that doesn't run
python3 -m deploy_runtime.shared show                the sites' edges by domain, as JSON
python3 -m deploy_runtime.shared ask CONTAINER EDGE DOMAIN…    a certificate authority that asks for
                                   these domains, to be of EDGE, is answered by CONTAINER
python3 -m deploy_runtime.shared answered CONTAINER  it is not any more
"""

import json
import sys
from collections.abc import Sequence

from ..edge.haproxy import EdgeError
from . import sites


def main(words: Sequence[str]) -> int:
    """Carry out one command; the exit code."""
    try:
        match words:
            case ["put", edge, *domains] if domains:
                sites.put(edge, domains)
            case ["add", edge, *domains] if domains:
                sites.add(edge, domains)
            case ["ask", container, edge, *domains] if domains:
                sites.ask(container, edge, domains)
            case ["answered", container]:
                sites.answered(container)
            case ["remove", edge]:
                sites.remove(edge)
            case ["forget", edge]:
                sites.forget(edge)
            case ["show"]:
                print(json.dumps(sites.known()))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except EdgeError as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Retires what served until now: stopped, not restarted any more, and kept for its owner."""

import json
import os

from components.commands.client import docker_or_fail, inspect


def main() -> None:
    """Retire CONTAINERS, a JSON list of names, giving each GRACE seconds to finish."""
    for container in json.loads(os.environ["CONTAINERS"]):
        if inspect(container) is None:
            print(f"{container}: gone already")
            continue
        docker_or_fail(f"retiring {container}", "update", "--restart=no", container)
        docker_or_fail(f"retiring {container}", "stop", "--time", os.environ["GRACE"], container)
        print(f"{container}: stopped and kept; remove it with `docker rm {container}`")


if __name__ == "__main__":
    main()

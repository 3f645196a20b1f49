"""Images of releases, as the daemon describes them when they are inspected."""

from typing import Any


def image(
    tag: str,
    built: int = 0,
    *,
    deployment: str = "shop",
    role: str = "release",
    names: list[str] | None = None,
    health_path: str = "",
) -> dict[str, Any]:
    """An image with its labels and names.

    Args:
        tag: the release's tag.
        built: the hour at which it was built.
        deployment: the deployment that it is a release of.
        role: what the image is in it.
        names: its names; None for the one that it gets when it is built.
        health_path: the path that says whether it can serve.
    """
    suffix = "-app" if role == "app" else ""
    marks = {"deployment": deployment, "role": role, "release": tag}
    return {
        "Id": f"sha256:{tag}{suffix}",
        "RepoTags": [f"{deployment}:{tag}{suffix}"] if names is None else names,
        "Created": f"2030-01-01T{built:02}:00:00.123456789Z",
        "Config": {
            "Labels": {f"django-on-docker.{name}": value for name, value in marks.items()},
            "Env": ["PATH=/bin", f"DEPLOY_HEALTH_PATH={health_path}"],
        },
    }

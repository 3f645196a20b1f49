"""The examples of CI are files that their services can read, and call commands that there are."""

from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLES = Path("docs/ci")


def read(name: str) -> dict[str, Any]:
    # BaseLoader: `on` is a key of GitHub's, not a truth.
    found = yaml.load((EXAMPLES / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def test_github_previews_pull_requests_as_a_comment_and_deploys_what_is_merged() -> None:
    workflow = read("github-actions.yml")
    assert set(workflow["on"]) == {"pull_request", "push"}
    assert workflow["concurrency"]["cancel-in-progress"] == "false"
    steps = {step.get("name"): step for step in workflow["jobs"]["pulumi"]["steps"]}
    assert steps["Preview"]["with"]["comment-on-pr"] == "true"
    assert (steps["Preview"]["with"]["command"], steps["Deploy"]["with"]["command"]) == (
        "preview",
        "up",
    )
    assert "pull_request" in steps["Preview"]["if"]
    assert "push" in steps["Deploy"]["if"]


def test_gitlab_previews_merge_requests_as_a_comment_and_deploys_what_is_merged() -> None:
    pipeline = read("gitlab-ci.yml")
    assert pipeline["up"]["interruptible"] == "false"
    assert pipeline["up"]["resource_group"] == "production"
    assert any("pulumi preview" in line for line in pipeline["preview"]["script"])
    assert any("/notes" in line for line in pipeline["preview"]["script"])


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_no_secret_is_written_into_an_example(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "PASSPHRASE:" in line or "KEY:" in line]
    assert all("secrets." in line for line in lines)

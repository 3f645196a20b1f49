"""The examples of CI are what their services read, and give away no more than they have to.

Their shell lines are run in tests/integration/test_package.py.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.ci_examples import GITHUB, GITLAB, github, gitlab, read

EXAMPLES = Path("docs/ci")


def steps(job: str) -> list[dict[str, Any]]:
    found = read(GITHUB)["jobs"][job]["steps"]
    assert isinstance(found, list)
    return found


def test_github_previews_pull_requests_as_a_comment_and_deploys_what_is_merged() -> None:
    workflow = read(GITHUB)
    assert set(workflow["on"]) == {"pull_request", "push"}
    assert workflow["on"]["push"]["branches"] == ["main"]
    jobs = workflow["jobs"]
    assert "github.event_name == 'pull_request'" in jobs["preview"]["if"]
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    assert "pulumi -C deploy preview" in steps("preview")[-1]["run"]
    assert "gh pr comment" in steps("preview")[-1]["run"]
    assert steps("deploy")[-1]["run"] == 'python -m django_on_docker up --stack "$STACK"'


def test_github_lets_no_update_cut_off_or_drop_another() -> None:
    jobs = read(GITHUB)["jobs"]
    assert jobs["deploy"]["concurrency"]["cancel-in-progress"] == "false"
    # Of those that wait in a group GitHub keeps one: a preview would put a deployment out of it.
    groups = [jobs[name]["concurrency"]["group"] for name in ("preview", "deploy")]
    assert len(set(groups)) == 2
    assert "pull_request.number" in groups[0]


def test_github_gives_each_job_what_it_needs() -> None:
    workflow = read(GITHUB)
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs["preview"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert jobs["deploy"]["permissions"] == {"contents": "read"}
    assert {name: job["environment"] for name, job in jobs.items()} == {
        "preview": "preview",
        "deploy": "production",
    }


def test_forks_get_no_preview() -> None:
    condition = read(GITHUB)["jobs"]["preview"]["if"]
    assert "head.repo.full_name == github.repository" in condition
    assert "pull_request_target" not in (EXAMPLES / GITHUB).read_text()
    [rule] = read(GITLAB)["preview"]["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rule["if"]


@pytest.mark.parametrize("job", ["preview", "deploy"])
def test_actions_are_pinned_by_their_commit(job: str) -> None:
    used = [step["uses"] for step in steps(job) if "uses" in step]
    assert len(used) == 3
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_both_jobs_reach_the_host_in_the_same_way() -> None:
    [preview, deploy] = [
        [step for step in steps(job) if step.get("name") == "Reach the Docker host"]
        for job in ("preview", "deploy")
    ]
    assert preview == deploy


def test_gitlab_previews_merge_requests_as_a_comment_and_deploys_what_is_merged() -> None:
    pipeline = read(GITLAB)
    assert pipeline["up"]["interruptible"] == "false"
    assert pipeline["up"]["resource_group"] == "production"
    assert pipeline["up"]["environment"] == "production"
    assert pipeline["preview"]["environment"] == {"name": "preview", "action": "access"}
    assert any("pulumi -C deploy preview" in line for line in pipeline["preview"]["script"])
    assert any("/notes" in line for line in pipeline["preview"]["script"])


def test_what_gitlab_caches_is_in_no_image() -> None:
    # Whatever lies in the project goes into its image, but for the folder of the program.
    pipeline = read(GITLAB)
    assert pipeline["default"]["cache"]["paths"] == ["deploy/.cache"]
    folders = [pipeline["variables"][name] for name in ("XDG_CACHE_HOME", "PULUMI_HOME")]
    assert all(folder.startswith("$CI_PROJECT_DIR/deploy/.cache") for folder in folders)
    written = re.findall(r"> (\S+)", gitlab("preview").text)
    assert written
    assert all(file.startswith(("/tmp/", "~/.ssh/")) for file in written)


VALUES = dict.fromkeys(
    (
        *("secrets.PULUMI_CONFIG_PASSPHRASE", "secrets.AWS_ACCESS_KEY_ID"),
        *("secrets.AWS_SECRET_ACCESS_KEY", "secrets.DEPLOY_KEY", "vars.KNOWN_HOSTS"),
        *("github.token", "github.event.pull_request.number"),
    ),
    "x",
)


@pytest.mark.parametrize(
    "text",
    [
        *(script.text for job in ("preview", "deploy") for script in github(job, VALUES)),
        *(gitlab(job).text for job in ("preview", "up")),
    ],
)
def test_the_lines_are_a_shells(text: str) -> None:
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [GITHUB, GITLAB])
def test_no_secret_is_written_into_an_example(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.search(r"(PASSPHRASE|KEY): ", line)]
    assert all("secrets." in line for line in lines)

"""A deployment belongs to one stack, and can be handed over to another."""

import json
import re

import docker
import pytest

from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.harness import Browser, Run, Site


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    """A site that was deployed by the stack clean-server."""
    site = make_site("owner")
    site.up()
    return site


def refused(run: Run) -> str:
    """The output of an update that was refused before anything was changed."""
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    assert "is not ready for" in run.output
    return run.output


@pytest.mark.essential("one owner")
def test_two_stacks_cannot_claim_one_deployment(
    make_site: MakeSite, site: Site, fault: BeginFault
) -> None:
    second = make_site("second")
    second.configure(deployment=site.deployment)
    output = refused(second.up(check=False))
    fault("second clone").saw(
        "a state of its own, the same deployment: refused",
        f"names {len(re.findall('^ +- ', output, flags=re.MULTILINE))} things that they share",
        f"the site answers {Browser(site.url).get('/')[0]}",
    )
    assert f"network {site.deployment} of deployment {site.deployment} was made by stack" in output
    existing = make_site("third", stack="update")
    existing.configure(
        deployment=site.deployment,
        database__volume=f"{site.deployment}-data",
        media__volume=f"{site.deployment}-media",
    )
    output = refused(existing.up(check=False))
    assert f"container {site.deployment}-edge of deployment {site.deployment} runs" in output
    assert "`pulumi config set deployment NAME -s " in output
    assert Browser(site.url).get("/")[0] == 200


def test_what_another_deployment_serves_from_is_not_taken(
    make_site: MakeSite, site: Site, fault: BeginFault
) -> None:
    other = make_site("other", stack="update")
    other.configure(
        database__volume=f"{site.deployment}-data", media__volume=f"{site.deployment}-media"
    )
    output = refused(other.preview())
    backend = site.outputs()["containers"]["backend"]
    named = f"container {backend} of deployment {site.deployment} runs and can write to"
    fault("data of a stranger").saw(
        f"another deployment's: refused at preview, its container named: {named in output}",
        f"the site answers {Browser(site.url).get('/')[0]}",
    )
    assert f"{named} {site.deployment}-data" in output
    assert "Its stack organization/django-on-docker/clean-server can hand all of it" in output


def test_retire_does_not_take_from_another_deployment(make_site: MakeSite, site: Site) -> None:
    thief = make_site("thief")
    thief.configure(retire=[f"{site.deployment}-edge"])
    assert "belongs to another deployment" in refused(thief.up(check=False))


def test_a_container_that_a_lost_state_left_behind_is_named(site: Site) -> None:
    client = docker.from_env()
    image = site.outputs()["imageId"]
    labels = dict.fromkeys(("django-on-docker.deployment",), site.deployment)
    left = client.containers.run(
        image,
        ["sleep", "300"],
        detach=True,
        labels={**labels, "django-on-docker.role": "backend"},
    )
    try:
        output = refused(site.up(check=False))
        assert f"container {left.name} of deployment {site.deployment} runs" in output
        assert f"make recover STACK={site.stack}" in output
    finally:
        left.remove(force=True)


@pytest.mark.essential("handover")
def test_a_handover_to_another_stack_replaces_nothing(site: Site) -> None:
    visitor = Browser(site.url)
    assert visitor.log_in("admin", site.secret("admin.password"))
    before = site.outputs()["containers"]
    exported = site.pulumi("stack", "export", "-s", "clean-server", check=True).output
    resources = json.loads(exported)["deployment"]["resources"]
    urns = [r["urn"] for r in resources if not r["type"].startswith(("pulumi:pulumi", "pulumi:p"))]
    project = "organization/django-on-docker"
    site.pulumi("stack", "init", "update", check=True)
    site.pulumi("config", "cp", "-s", "clean-server", "-d", "update", check=True)
    site.stack = "update"
    site.configure(
        data="existing",
        seed=[],
        database__volume=f"{site.deployment}-data",
        media__volume=f"{site.deployment}-media",
    )
    site.pulumi(
        *("state", "move", "--yes", "--include-parents"),
        *("--source", f"{project}/clean-server", "--dest", f"{project}/update", *urns),
        check=True,
    )
    run = site.up()
    assert not {"replaced", "updated"} & set(run.changes()), run.output
    assert site.outputs()["containers"] == before
    assert visitor.is_logged_in()
    again = site.up(preview=True)
    assert set(again.changes()) == {"unchanged"}
    assert "this up: nothing to do" in again.output
    assert site.outputs()["row"] == "clean server"

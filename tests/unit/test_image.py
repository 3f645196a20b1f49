"""Images: named after their content, built by the daemon, and a failed build says what failed."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from components.image.build_context import Release
from components.image.edge_image import EdgeImage, TlsImage
from components.image.release_image import Image, ImageArgs
from tests.unit.recorder import Recorder, deploy

RELEASE = Release(
    image="shop:abc",
    tag="abc",
    context=".build/shop/abc",
    build_args={"BASE_IMAGE": "base"},
    dockerfile="",
    app_image="",
)
OWN = replace(RELEASE, dockerfile="docker/Dockerfile", app_image="shop:abc-app")


def image(release: Release = RELEASE, recorded: Collection[str] = ()) -> Recorder:
    secrets = {"index-url": ".build/index-url.secret", "ca": ".build/ca.secret"}

    def program() -> dict[str, pulumi.Output[str]]:
        args: ImageArgs = {
            "deployment": "shop",
            "release": release,
            "recorded": recorded,
            "secrets": secrets,
        }
        made = Image("shop", args)
        return {"reference": made.reference, "image_id": made.image_id}

    return deploy(program)


def test_the_image_is_built_under_its_content_tag() -> None:
    recorder = image()
    assert recorder["shop-release"].inputs == {
        "name": "shop:abc",
        "keepLocally": True,
        "build": {
            "context": ".build/shop/abc",
            "dockerfile": "Dockerfile",
            "target": "release",
            "builder": "default",
            "buildLogFile": ".build/shop/abc.log",
            "buildArgs": {"BASE_IMAGE": "base"},
            "label": {
                "django-on-docker.deployment": "shop",
                "django-on-docker.release": "abc",
                "django-on-docker.role": "release",
            },
            "secrets": [
                {"id": "ca", "src": ".build/ca.secret"},
                {"id": "index-url", "src": ".build/index-url.secret"},
            ],
        },
    }
    assert recorder.outputs["reference"] == "shop:abc"
    assert recorder.outputs["image_id"].startswith("sha256:")


def test_the_image_belongs_to_its_component() -> None:
    assert {image(OWN)[key].parent for key in ("shop-app", "shop-release")} == {"Image"}


def test_only_a_dockerfile_of_its_own_makes_two_images() -> None:
    assert sorted(image().resources) == ["Image", "shop-release"]
    assert sorted(image(OWN).resources) == ["Image", "shop-app", "shop-release"]


def test_the_projects_own_dockerfile_is_built_first_and_as_it_is() -> None:
    recorder = image(OWN)
    assert recorder["shop-app"].inputs == {
        "name": "shop:abc-app",
        "keepLocally": True,
        "build": {
            "context": ".build/shop/abc/app",
            "dockerfile": "docker/Dockerfile",
            "builder": "default",
            "buildLogFile": ".build/shop/abc.log",
            "label": {
                "django-on-docker.deployment": "shop",
                "django-on-docker.release": "abc",
                "django-on-docker.role": "app",
            },
            "secrets": recorder["shop-release"].inputs["build"]["secrets"],
        },
    }
    assert recorder["shop-release"].waits_for == {"shop-app"}


@pytest.mark.parametrize("release", [RELEASE, OWN])
def test_an_image_that_is_there_is_taken_as_it_is(release: Release) -> None:
    recorder = image(replace(release, kept=True))
    assert recorder["shop-release"].inputs == {"name": "shop:abc", "keepLocally": True}
    assert list(recorder["shop-release"].options.ignoreChanges) == []
    assert "shop-app" not in recorder.resources


@pytest.mark.parametrize("key", ["shop-app", "shop-release"])
def test_what_the_state_says_of_an_image_that_is_there_stays(key: str) -> None:
    found = image(replace(OWN, kept=True), recorded=["shop:abc", "shop:abc-app"])[key]
    assert list(found.options.ignoreChanges) == ["build"]
    assert found.inputs["keepLocally"] is True


def test_an_image_that_is_lost_is_built_again() -> None:
    found = image(recorded=["shop:abc"])["shop-release"]
    assert found.inputs["build"]["context"] == ".build/shop/abc"
    assert list(found.options.ignoreChanges) == []


@pytest.mark.parametrize("key", ["shop-app", "shop-release"])
def test_both_builds_have_the_hook_that_shows_the_log(key: str) -> None:
    assert list(image(OWN)[key].options.hooks.on_error) == ["shop-build-log"]


def failed_build(log: Path | None) -> bool:
    answers = []

    def program() -> None:
        args: ImageArgs = {
            "deployment": "shop",
            "release": RELEASE,
            "recorded": (),
            "secrets": {},
        }
        made = Image("shop", args)
        inputs = {"build": {"buildLogFile": str(log)}} if log else None
        answers.append(made._log_hook(pulumi.ErrorHookArgs("urn", "", "n", "t", inputs)))

    deploy(program)
    return bool(answers[0])


def test_a_failed_build_shows_its_last_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "abc.log"
    log.write_bytes(b"#7 [app 2/3] RUN collectstatic\n#7 1.5 no file: \xc3\xbc\xff\n#7 ERROR: x\n")
    assert failed_build(log) is False
    assert "no file: \u00fc\ufffd" in caplog.text
    assert "[app 2/3]" not in caplog.text


def test_a_command_of_a_failed_build_names_the_stack(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "abc.log"
    log.write_text("#7 1.5 error: `pulumi config set seed[0] X -s STACK`\n#7 ERROR: x\n")
    assert failed_build(log) is False
    assert "-s STACK" not in caplog.text
    assert "`pulumi config set seed[0] X -s " in caplog.text


def test_a_build_that_left_no_log_adds_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert failed_build(tmp_path / "none.log") is False
    assert failed_build(None) is False
    assert caplog.text == ""


def test_a_dockerfile_that_collects_itself_is_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    image(OWN)
    assert caplog.text == ""
    image(replace(OWN, collects_in_line=7))
    assert "docker/Dockerfile, line 7 collects static files itself" in caplog.text


def edge_image(base: str = "base") -> Recorder:
    def program() -> dict[str, pulumi.Output[str]]:
        made = EdgeImage("shop", {"deployment": "shop", "base_image": base})
        return {"image_id": made.image_id}

    return deploy(program)


def test_the_edges_image_depends_on_its_files_and_base_alone(build_folder: Path) -> None:
    first = edge_image()
    inputs = first["shop-edge-image"].inputs
    name, tag = inputs["name"].split(":")
    label = inputs["build"].pop("label")
    assert label["django-on-docker.deployment"] == "shop"
    assert (name, inputs["keepLocally"]) == ("shop-edge", True)
    assert inputs["build"] == {
        "context": f"{build_folder}/shop/edge-{tag}",
        "dockerfile": "Dockerfile",
        "builder": "default",
        "buildArgs": {"BASE_IMAGE": "base"},
    }
    inputs["build"]["label"] = label
    assert first["shop-edge-image"].parent == "EdgeImage"
    assert first.outputs["image_id"].startswith("sha256:")
    assert edge_image()["shop-edge-image"].inputs == inputs
    assert edge_image("other")["shop-edge-image"].inputs["name"] != inputs["name"]


def test_an_edge_that_ends_tls_is_built_on_the_edges_image(build_folder: Path) -> None:
    def program() -> dict[str, pulumi.Output[str]]:
        edge = EdgeImage("shop", {"deployment": "shop", "base_image": "base"})
        made = TlsImage("shop", {"deployment": "shop", "base_image": "base", "edge": edge})
        return {"image_id": made.image_id}

    recorder = deploy(program)
    image, edge = recorder["shop-tls-image"], recorder["shop-edge-image"]
    assert image.inputs["build"]["buildArgs"] == {"BASE_IMAGE": edge.inputs["name"]}
    assert image.inputs["build"]["label"]["django-on-docker.role"] == "tls-image"
    assert "shop-edge-image" in image.waits_for
    # The edge's own stays what it is without TLS.
    assert edge.inputs == edge_image()["shop-edge-image"].inputs

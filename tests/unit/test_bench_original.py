"""The deployment of the analysis is as the analysis describes it."""

import re
import subprocess
from pathlib import Path

import yaml

from bench.original import POSTGRES_OVERLAY
from components.config.stack_file import read_stack_file

ROOT = Path(__file__).parents[2]
ORIGINAL = ROOT / "bench/original"


def test_its_command_migrates_collects_and_serves() -> None:
    compose = yaml.safe_load((ORIGINAL / "docker-compose.prod.yml").read_text())
    words = " ".join(compose["services"]["backend"]["command"].split())
    assert re.fullmatch(
        r'sh -c "python manage.py migrate --run-syncdb && '
        r'python manage.py collectstatic --noinput && gunicorn .*"',
        words,
    )


def test_its_build_hides_a_failure() -> None:
    lines = (ORIGINAL / "Dockerfile.backend.prod").read_text().splitlines()
    assert "RUN python manage.py collectstatic --noinput || true" in lines


def test_its_script_initializes_the_database_step_by_step() -> None:
    script = (ORIGINAL / "deploy.sh").read_text()
    body = script.partition("initialize_database() {")[2].partition("\n}")[0]
    commands = re.findall(r"manage\.py (\w+)", body)
    steps = read_stack_file(ROOT / "stacks/Pulumi.clean-server.yaml")["seed"]
    assert commands == ["migrate", "collectstatic", *steps]
    assert body.index("chown") < body.index("collectstatic")


def test_its_script_can_be_read_by_a_shell() -> None:
    subprocess.run(["bash", "-n", str(ORIGINAL / "deploy.sh")], check=True)


def test_nothing_secret_enters_its_images() -> None:
    ignored = (ORIGINAL / ".dockerignore").read_text().splitlines()
    assert ".env" in ignored
    example = (ORIGINAL / ".env.example").read_text()
    assert re.search(r"^SECRET_KEY=$", example, re.MULTILINE)
    assert re.search(r"^DJANGO_SUPERUSER_PASSWORD=$", example, re.MULTILINE)


def test_a_database_server_is_laid_over_it_without_changing_anything_else() -> None:
    overlay = yaml.safe_load(POSTGRES_OVERLAY)
    compose = yaml.safe_load((ORIGINAL / "docker-compose.prod.yml").read_text())
    assert set(overlay["services"]["backend"]) == {"depends_on", "environment"}
    assert set(overlay["services"]) - set(compose["services"]) == {"database"}
    assert (ROOT / "deploy_runtime/postgres/Dockerfile").is_file()
    context = overlay["services"]["database"]["build"]["context"]
    assert Path(context) == ROOT / "deploy_runtime/postgres"


def test_its_script_waits_as_long_as_it_is_told() -> None:
    script = (ORIGINAL / "deploy.sh").read_text()
    assert 'SECONDS_TO_START="${SECONDS_TO_START:-180}"' in script

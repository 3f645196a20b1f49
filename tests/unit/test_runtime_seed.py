"""The seeding job: one process, every step's result, and an end at the first failure."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import Project

GREET = [
    "from shop.models import Thing",
    "thing, new = Thing.objects.get_or_create(name='a')",
    "return 'created 1 thing' if new else 'unchanged'",
]


def seed(
    project: Project, *steps: str, **environ: str
) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Run the job; its process, and what it reported."""
    done = project.module("seed", DEPLOY_SEED_STEPS=json.dumps(steps), **environ)
    assert "Traceback" not in done.stderr
    return done, json.loads(done.stdout)


def refused(project: Project, *steps: str, **environ: str) -> str:
    """What the job says that changes nothing, since something is wrong."""
    done, report = seed(project, *steps, **environ)
    assert done.returncode == 1
    assert report["migrate"] is None
    return done.stderr


def results(report: Any) -> list[tuple[str, str, str]]:
    return [(step["name"], step["result"], step["detail"]) for step in report["steps"]]


def test_it_migrates_then_runs_the_steps_and_says_what_each_did(project: Project) -> None:
    project.command("greet", *GREET)
    project.command("count", "self.stdout.write('a line')", "self.stdout.write('two things')")
    done, report = seed(project, "greet", "count")
    assert done.returncode == 0, done.stderr
    assert report["migrate"]["migrations"] == ["shop.0001_initial"]
    assert results(report) == [
        ("greet", "created", "created 1 thing"),
        ("count", "done", "two things"),
    ]
    assert all(step["seconds"] >= 0 for step in report["steps"])
    again = seed(project, "greet")[1]
    assert again["migrate"]["applied"] == 0
    assert results(again) == [("greet", "unchanged", "unchanged")]


def test_people_read_along_on_stderr(project: Project) -> None:
    project.command("greet", *GREET)
    project.command("count", "self.stdout.write('a line')", "self.stdout.write('two things')")
    lines = seed(project, "greet", "count")[0].stderr.splitlines()
    assert any(line.startswith("migrate … applied 1 migration (") for line in lines)
    assert any(line.startswith("[1/2] greet … created 1 thing (") for line in lines)
    assert "  count | a line" in lines
    assert any(line.startswith("[2/2] count … two things (") for line in lines)
    assert "  count | two things" not in lines, "said once is enough"


def test_whatever_steps_print_stdout_is_one_line_of_json(project: Project) -> None:
    project.command(
        "noise",
        "import os, subprocess, sys, threading",
        "print('print'); os.write(1, b'raw\\n'); subprocess.run(['echo', 'process'])",
        "thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()",
        "sys.stdout.write('no line break')",
    )
    done, report = seed(project, "noise")
    assert done.stdout.count("\n") == 1
    assert results(report) == [("noise", "done", "no line break")]
    for word in ("print", "raw", "process", "thread"):
        assert f"  noise | {word}\n" in done.stderr


def test_what_the_project_prints_while_it_is_loaded_does_no_harm(project: Project) -> None:
    project.write("shop/models.py", f"print('loading')\n{runtime_project.MODELS}")
    done, report = seed(project)
    assert report["migrate"]["applied"] == 1
    assert "loading" in done.stderr


def test_it_is_one_process(project: Project) -> None:
    project.command("one", "import os", "self.stdout.write(str(os.getpid()))")
    report = seed(project, "one", "one")[1]
    assert report["steps"][0]["detail"] == report["steps"][1]["detail"]


@pytest.mark.parametrize(
    "lines",
    [
        ("print('token: ' + key)", "return 'created a user with ' + key"),
        ("self.stdout.write('token: ' + key)",),
        ("raise CommandError('not ' + key)",),
        ("raise ValueError('not ' + key)",),
        ("import subprocess; subprocess.run(['echo', key])", "raise SystemExit('not ' + key)"),
    ],
)
def test_no_secret_that_a_step_prints_gets_any_further(
    project: Project, lines: tuple[str, ...]
) -> None:
    secrets = Path(project.environ["DEPLOY_SECRETS_DIR"])
    (secrets / "API_TOKEN").write_text("open-sesame")
    project.command("leak", "import os; key = os.environ['API_TOKEN']", *lines)
    done, _ = seed(project, "leak")
    assert "open-sesame" not in done.stdout + done.stderr
    assert "***" in done.stdout + done.stderr


PASSWORD = """it's "hush" {hush}"""


@pytest.mark.parametrize("line", ["return 'created'", "raise CommandError('not ' + options['to'])"])
def test_a_placeholder_is_resolved_in_the_job_and_shown_as_it_is_written(
    project: Project, line: str
) -> None:
    Path(project.environ["DEPLOY_SECRETS_DIR"], "DJANGO_SUPERUSER_PASSWORD").write_text(PASSWORD)
    add = "    def add_arguments(self, parser):\n        parser.add_argument('--to')\n"
    project.command("give", f"assert options['to'] == {PASSWORD!r}", line, arguments=add)
    done, report = seed(project, "give --to {adminPassword}")
    assert report["steps"][0]["step"] == "give --to {adminPassword}"
    assert report["steps"][0]["result"] == ("failed" if "raise" in line else "created"), done.stderr
    assert "hush" not in done.stdout + done.stderr


def test_arguments_that_placeholders_stand_for_are_checked_before_anything_runs(
    project: Project,
) -> None:
    Path(project.environ["DEPLOY_SECRETS_DIR"], "TOKEN").write_text("--hush-hush")
    project.command("give", "pass")
    said = refused(project, "give {TOKEN}")
    assert "'give {TOKEN}': Error: unrecognized arguments: ***" in said


FAILURES = [
    ("raise CommandError('no such group')", 1, "CommandError: no such group"),
    ("raise CommandError('no such group', returncode=7)", 7, "CommandError: no such group"),
    ("raise SystemExit(17)", 17, ""),
    ("raise SystemExit('that is that')", 1, "that is that"),
    ("{}['price']", 1, "KeyError: 'price'"),
    ("input('Sure? ')", 1, "nobody is there to answer"),
]


@pytest.mark.parametrize(("line", "code", "said"), FAILURES)
def test_a_failing_step_ends_the_job_with_its_code(
    project: Project, line: str, code: int, said: str
) -> None:
    project.command("greet", *GREET)
    project.command("fail", "print(*range(30), sep='\\n')", line)
    done, report = seed(project, "greet", "fail --verbosity 2", "greet")
    assert done.returncode == code
    assert [result for _, result, _ in results(report)] == ["created", "failed"]
    assert report["steps"][1]["exit_code"] == code
    assert (
        f"the seed step 'fail --verbosity 2' failed with exit code {code}; 1 later" in done.stderr
    )
    last = done.stderr.partition("Its last lines:")[2]
    assert "\n  29\n" in last
    assert "\n  9\n" not in last, "twenty lines at most"
    assert said in last


def test_an_exception_shows_the_place_in_the_project(project: Project) -> None:
    project.command("fail", "x = 1", "{}['price']")
    assert "commands/fail.py:9: {}['price']" in seed(project, "fail")[0].stderr


@pytest.mark.parametrize(
    "line", ["raise SystemExit(0)", "raise SystemExit", "import sys; sys.exit()"]
)
def test_a_step_that_exits_well_is_done(project: Project, line: str) -> None:
    project.command("leave", line)
    project.command("greet", *GREET)
    done, report = seed(project, "leave", "greet")
    assert done.returncode == 0
    assert [result for _, result, _ in results(report)] == ["done", "created"]


def test_steps_do_not_disturb_each_other(project: Project) -> None:
    project.command(
        "disturb",
        "import os, sys",
        "from django.db import connection, transaction",
        "from django.utils import translation",
        "from shop.models import Thing",
        "os.chdir('/'); translation.activate('de')",
        "transaction.set_autocommit(False); Thing.objects.create(name='lost')",
    )
    project.command(
        "look",
        "import os, sys",
        "from django.db import connection",
        "from django.utils import translation",
        "from shop.models import Thing",
        "return f'{os.getcwd()} {translation.get_language()} {connection.get_autocommit()} '"
        " f'{Thing.objects.count()} {sys.argv}'",
    )
    report = seed(project, "disturb", "look --no-color")[1]
    expected = f"{project.folder} en-us True 0 ['manage.py', 'look', '--no-color']"
    assert report["steps"][1]["detail"] == expected


def test_steps_that_are_no_commands_are_found_before_anything_runs(project: Project) -> None:
    assert "did you mean migrate or" in refused(project, "migrat")
    assert not runtime_project.database(project).exists()


def test_the_flags_of_migrate_are_those_of_the_start(project: Project) -> None:
    (project.folder / "shop/migrations/0001_initial.py").unlink()
    (project.folder / "shop/migrations/__init__.py").unlink()
    (project.folder / "shop/migrations").rmdir()
    project.command("greet", *GREET)
    assert "no such table" in seed(project, "greet")[0].stderr
    done, _ = seed(project, "greet", DEPLOY_MIGRATE_FLAGS='["--run-syncdb"]')
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("flag", ["--check", "--chekc"])
def test_flags_that_end_migrate_are_an_error(project: Project, flag: str) -> None:
    assert "migrate" in refused(project, DEPLOY_MIGRATE_FLAGS=json.dumps([flag]))


def test_static_files_are_collected_where_the_plan_says_so(project: Project) -> None:
    done, report = seed(project, DEPLOY_COLLECT="yes")
    assert done.returncode == 0, done.stderr
    assert report["collectstatic"]["files"] == 1
    assert Path(project.environ["STATIC_ROOT"], "staticfiles.json").exists()
    assert "collectstatic" not in seed(project)[1]


def test_the_first_administrator_is_created_once(project: Project) -> None:
    settings = runtime_project.SETTINGS.replace(
        '"shop"', '"shop", "django.contrib.auth", "django.contrib.contenttypes"'
    )
    project.write("site_/settings.py", settings)
    Path(project.environ["DEPLOY_SECRETS_DIR"], "DJANGO_SUPERUSER_PASSWORD").write_text("hunter2")
    project.environ |= {
        "DJANGO_SUPERUSER_USERNAME": "root",
        "DJANGO_SUPERUSER_EMAIL": "r@x.example",
    }
    first, report = seed(project, "createsuperuser")
    assert results(report) == [("createsuperuser", "created", "created the superuser root")]
    second, report = seed(project, "createsuperuser")
    assert report["steps"][0]["result"] == "unchanged"
    assert "hunter2" not in first.stderr + second.stderr


@pytest.mark.parametrize("stubborn", [False, True])
def test_told_to_stop_it_stops_and_does_not_start_the_next_step(
    project: Project, stubborn: bool
) -> None:
    marker = project.folder / "started"
    wait = [
        "import pathlib, time",
        f"pathlib.Path({str(marker)!r}).touch()",
        "try:",
        "    time.sleep(30)",
        "except BaseException:",
        f"    if not {stubborn}: raise",
    ]
    project.command("wait", *wait)
    project.command("greet", *GREET)
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy_runtime.seed"],
        cwd=project.folder,
        env=project.environ | {"DEPLOY_SEED_STEPS": '["wait", "greet"]'},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - asked < 4
    assert [step["name"] for step in json.loads(out)["steps"]] == ["wait"]
    assert "Traceback" not in err


def test_checks_run_again_before_anything_is_changed(project: Project) -> None:
    project.command("greet", *GREET)
    check = """
from django.conf import settings
from django.core.checks import Error, register

@register()
def hosts(app_configs, **kwargs):
    return [] if "shop.example" in settings.ALLOWED_HOSTS else [Error("not the shop's")]
"""
    project.write("shop/models.py", runtime_project.MODELS + check)
    assert "not the shop's" in refused(project, "greet", ALLOWED_HOSTS="www.example")
    looked = project.module("pending", ALLOWED_HOSTS="www.example")
    assert "not the shop's" in looked.stderr
    assert seed(project, "greet", ALLOWED_HOSTS="shop.example")[0].returncode == 0


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("greet --cuont 3", "unrecognized arguments: --cuont 3"),
        ("greet 'a", "can't be read"),
    ],
)
def test_arguments_that_no_step_takes_are_found_before_anything_is_changed(
    project: Project, step: str, said: str
) -> None:
    project.command("greet", *GREET)
    assert said in refused(project, step)

"""`init`: what it makes of a project, what it says of it, and when it writes nothing."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from components.config.settings import Settings, load
from components.errors import UserError
from components.init.command import init, main
from components.init.files import FOLDER, name_of
from components.init.findings import look
from tests.config_keys import handed_over

PROJECTS = Path(__file__).parents[1] / "integration/projects"
MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


def project(
    folder: Path, files: Mapping[str, str] | None = None, *, settings: str = "shop.settings"
) -> Path:
    """A project with a settings module and no more, but for these files."""
    given = {
        "manage.py": MANAGE.format(settings),
        "requirements.txt": "django\n",
        f"{settings.replace('.', '/')}.py": "",
        **(files or {}),
    }
    for name, text in given.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def copy_of(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / name, folder / name))


def written(root: Path) -> Settings:
    """What the stack's file says that `init` wrote, as a deployment reads it."""
    [file] = (root / FOLDER).glob("Pulumi.*.yaml")
    said = yaml.safe_load(file.read_text())["config"]
    return load(handed_over(said), stack=name_of(root), file=str(file))


def files(root: Path) -> dict[str, bytes]:
    return {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}


@pytest.mark.parametrize(
    ("name", "settings", "engine", "steps"),
    [
        ("kiosk", "kiosk.settings", "sqlite", ()),
        ("harbour", "config.settings", "postgres", ()),
        ("mill", "mill.settings", "sqlite", ("sh build.sh", "compilemessages", "compress")),
        ("depot", "config.settings.production", "sqlite", ()),
    ],
)
def test_every_property_project_gets_a_config_that_holds(
    name: str, settings: str, engine: str, steps: tuple[str, ...], tmp_path: Path
) -> None:
    root = copy_of(name, tmp_path)
    before = files(root)
    init(root)
    config = written(root)
    assert (config.app.settings, config.database.engine) == (settings, engine)
    assert (config.app.path, config.data, config.deployment) == ("..", "create", name)
    assert config.image.build_steps == steps
    new = {file: text for file, text in files(root).items() if file not in before}
    assert files(root) == {**before, **new}
    assert {*new} == {f"deploy/{n}" for n in ("Pulumi.yaml", "__main__.py", f"Pulumi.{name}.yaml")}


def test_there_are_no_other_property_projects() -> None:
    assert {p.name for p in PROJECTS.iterdir()} == {"kiosk", "harbour", "mill", "depot"}


def test_what_it_writes_is_short(tmp_path: Path) -> None:
    root = copy_of("mill", tmp_path)
    init(root)
    lines = {file.name: len(file.read_text().splitlines()) for file in (root / FOLDER).iterdir()}
    assert lines["__main__.py"] <= 15
    assert lines["Pulumi.mill.yaml"] <= 10
    assert sum(lines.values()) <= 30


def test_it_says_what_it_found_and_what_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_of("kiosk", tmp_path)
    init(root)
    said = capsys.readouterr().out
    assert "kiosk.settings: manage.py names it" in said
    assert "sqlite: the settings say so" in said
    assert "without KIOSK_TOKEN" in said
    assert "'secrets[\"KIOSK_TOKEN\"]' -s kiosk" in said
    assert "SECRET_KEY" not in said
    assert "nothing else was changed" in said


def test_a_file_that_settings_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(copy_of("harbour", tmp_path))
    said = capsys.readouterr().out
    assert "'secretFiles[\"conf/secrets.json\"]' -s harbour < FILE" in said
    assert "'env[\"SITE_URL\"]' VALUE -s harbour" in said


@pytest.mark.parametrize(
    ("modules", "named", "chosen"),
    [
        (("settings",), "shop.settings", "shop.settings"),
        (("settings.base", "settings.prod"), "shop.settings.base", "shop.settings.prod"),
        (("settings.dev", "settings.production"), "shop.settings.dev", "shop.settings.production"),
        (("settings", "settings_live"), "shop.settings", "shop.settings_live"),
        (("settings.main", "settings.test"), "shop.settings.main", "shop.settings.main"),
        (("settings.__init__", "settings.production"), "shop.settings", "shop.settings.production"),
        (
            ("settings.base", "settings.dev", "settings.prod"),
            "shop.settings.dev",
            "shop.settings.prod",
        ),
    ],
)
def test_of_settings_modules_it_takes_that_for_production(
    modules: tuple[str, ...], named: str, chosen: str, tmp_path: Path
) -> None:
    more = {f"shop/{module.replace('.', '/')}.py": "" for module in modules}
    root = project(tmp_path, {**more, "manage.py": MANAGE.format(named)}, settings="other.settings")
    assert look(root).settings.module == chosen


@pytest.mark.parametrize("modules", [("deploy", "dev"), ("dev", "live", "prod")])
def test_of_several_it_takes_that_which_is_served(modules: tuple[str, ...], tmp_path: Path) -> None:
    more = {f"shop/settings/{module}.py": "" for module in modules}
    served = f"shop.settings.{modules[-2] if len(modules) > 2 else modules[0]}"
    root = project(
        tmp_path,
        {
            **more,
            "manage.py": MANAGE.format("shop.settings.dev"),
            "shop/wsgi.py": MANAGE.format(served),
        },
        settings="other.settings",
    )
    assert look(root).settings.module == served


def test_a_manage_py_may_assign_the_variable(tmp_path: Path) -> None:
    text = 'os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n'
    assert look(project(tmp_path, {"manage.py": text})).settings.module == "shop.settings"


def refusal(root: Path, settings: str = "") -> str:
    """What `init` says that wrote nothing."""
    before = files(root)
    with pytest.raises(UserError) as error:
        init(root, settings=settings)
    assert files(root) == before
    return str(error.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shop/settings/base.py": "", "shop/settings/local.py": ""}, "none looks like the one"),
        ({"shop/settings/prod.py": "", "shop/settings/live.py": ""}, "each looks like one for"),
        ({"shop/settings/base.py": "", "other/manage.py": MANAGE.format("x.y")}, "a manage.py"),
    ],
)
def test_several_settings_modules_are_left_to_who_knows(
    given: dict[str, str], said: str, tmp_path: Path
) -> None:
    root = project(tmp_path, given, settings="shop.settings.dev")
    told = refusal(root)
    assert "several settings modules" in told
    assert said in told
    assert "init --settings MODULE" in told
    init(root, settings="shop.settings.dev")
    assert written(root).app.settings == "shop.settings.dev"


def test_without_a_project_there_is_nothing_to_write(tmp_path: Path) -> None:
    assert "there is no manage.py" in refusal(tmp_path)
    (tmp_path / "manage.py").write_text("")
    assert "names no settings module" in refusal(tmp_path)
    (tmp_path / "manage.py").write_text(MANAGE.format("shop.settings"))
    assert "there is no such module" in refusal(tmp_path)
    assert "there is no such module" not in refusal(tmp_path, settings="shop.other")
    assert "there is no folder" in refusal(tmp_path / "nowhere")


def test_a_module_that_somebody_named_has_to_be_there(tmp_path: Path) -> None:
    told = refusal(project(tmp_path), settings="shop.nowhere")
    assert "there is no module shop.nowhere" in told
    assert "nothing was written" in told
    assert "manage.py names shop.settings" in told


@pytest.mark.parametrize("chosen", ["", "core.settings"])
def test_of_two_projects_with_alike_names_none_is_taken(chosen: str, tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        project(tmp_path / name, settings="core.settings")
    told = refusal(tmp_path, settings=chosen)
    assert "several projects with settings called core.settings" in told
    assert "init alpha` or `python" in told
    init(tmp_path / "alpha")
    assert written(tmp_path / "alpha").app.settings == "core.settings"


def test_of_two_projects_either_can_be_named(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        project(tmp_path / name, settings=f"{name}.settings")
    assert "init alpha` or `python" in refusal(tmp_path)
    assert look(tmp_path, settings="beta.settings").project.python_path == "beta"


def test_whatever_is_wrong_it_is_said_that_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path, {"requirements.txt": "-r nowhere.txt\n"})
    before = files(root)
    monkeypatch.setattr("sys.argv", ["init", str(root)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: requirements.txt, line 1 includes 'nowhere.txt'")
    assert said.count("nothing was written") == 1
    assert files(root) == before


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_folder_that_is_there_is_left_alone(kind: str, tmp_path: Path) -> None:
    root, taken = project(tmp_path), tmp_path / FOLDER
    if kind == "folder":
        taken.mkdir()
    elif kind == "file":
        taken.touch()
    else:
        taken.symlink_to("nowhere")
    assert "is there already: nothing was written" in refusal(root)


@pytest.mark.parametrize(
    ("requirement", "settings", "engine"),
    [
        ("psycopg[binary]", "", "postgres"),
        ("psycopg2-binary", 'DATABASES = {"default": env.db()}', "postgres"),
        ("psycopg2", 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}', "sqlite"),
        ("x", 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}', "postgres"),
        ("mysqlclient", "", "external"),
        ("gunicorn", "", "sqlite"),
        (
            "psycopg",
            'from .common import *\nDATABASES["default"] = {"ENGINE": "django.db.backends.mysql"}',
            "external",
        ),
        ("x", "from .common import *", "sqlite"),
        ("psycopg", 'from .common import *\nDATABASES = {"default": env.db()}', "postgres"),
    ],
)
def test_the_database_is_that_of_settings_or_driver(
    requirement: str, settings: str, engine: str, tmp_path: Path
) -> None:
    given = {
        "requirements.txt": f"django\n{requirement}\n",
        "shop/settings.py": settings,
        "shop/common.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}',
    }
    assert look(project(tmp_path, given)).engine.name == engine


ONCE = "def handle(self): Thing.objects.get_or_create(name='x')\n"


def commands(*names: str, text: str = ONCE) -> dict[str, str]:
    return {f"shop/management/commands/{name}.py": text for name in names}


@pytest.mark.parametrize(
    ("given", "sure", "perhaps"),
    [
        (commands("seed_shop"), ("seed_shop",), ()),
        (commands("create_categories", "send_mails"), ("create_categories",), ()),
        (commands("seed_a", "seed_b"), (), ("seed_a", "seed_b")),
        (commands("seed_shop", text="pass"), (), ("seed_shop",)),
        (commands("seed_demo_data", "create_test_users", "__init__"), (), ()),
        (commands("seed_x", text=f"{ONCE}parser.add_argument('name')\n"), (), ()),
        (commands("seed_x", text=f"{ONCE}parser.add_argument('--n', required=True)\n"), (), ()),
        (
            commands("seed_x", text=f"{ONCE}parser.add_argument('--n', default=1)\n"),
            ("seed_x",),
            (),
        ),
        (
            {
                "shop/settings.py": 'B = "django.core.cache.backends.db.DatabaseCache"',
                **commands("seed_shop"),
            },
            ("createcachetable", "seed_shop"),
            (),
        ),
    ],
)
def test_what_looks_like_seeds_is_written_or_offered(
    given: dict[str, str], sure: tuple[str, ...], perhaps: tuple[str, ...], tmp_path: Path
) -> None:
    root = project(tmp_path, given)
    found = look(root).seeds
    assert (found.sure, found.perhaps) == (sure, perhaps)
    init(root)
    assert written(root).seed == sure
    [file] = (root / FOLDER).glob("Pulumi.*.yaml")
    assert ("  # seed: " in file.read_text()) == bool(perhaps)


@pytest.mark.parametrize(
    ("settings", "required"),
    [
        ('A = os.environ["API_TOKEN"]', ["API_TOKEN"]),
        ('A = env("API_TOKEN")\nB = env.int("LIMIT", default=1)\nC = env("X", "y")', ["API_TOKEN"]),
        ('A = config("API_TOKEN")\nB = env.db()', ["API_TOKEN"]),
        ('A = os.environ.get("X")\nos.environ["Y"] = "1"\nB = os.environ["SECRET_KEY"]', []),
        ("from .common import *", ["BELOW"]),
        ('if os.environ.get("DSN"):\n    A = os.environ["DSN"]', []),
        ('if "DSN" in os.environ:\n    A = os.environ["DSN"]', []),
        ('env = environ.Env(PAGE=(int, 3), HUE=str)\nA = [env("PAGE"), env("HUE")]', ["HUE"]),
        (
            "env_ = environ.Env()\nA = [env_.cache(), env_.email_url(), env_.db()]",
            ["CACHE_URL", "EMAIL_URL"],
        ),
        ('def needed(name):\n    return os.environ[name]\nA = needed("API_TOKEN")', ["API_TOKEN"]),
        ("this is no Python", []),
    ],
)
def test_what_settings_cannot_be_without_is_read_from_them(
    settings: str, required: list[str], tmp_path: Path
) -> None:
    given = {"shop/settings.py": settings, "shop/common.py": 'A = os.environ["BELOW"]'}
    assert look(project(tmp_path, given)).variables == required


@pytest.mark.parametrize(
    ("variable", "is_asked"),
    [("SITE_URL", True), ("WAGTAIL_BASE_URL", True), ("DOMAIN", True), ("EMAIL_HOST", False)],
)
def test_the_host_of_an_address_is_asked_for(variable: str, is_asked: bool, tmp_path: Path) -> None:
    found = look(project(tmp_path, {"shop/settings.py": f'A = os.environ["{variable}"]'}))
    asked = "pulumi config set --path 'site.allowedHosts[0]' HOST -s shop"
    assert (asked in found.remedies("shop")) is is_asked


def test_databases_beside_the_source_get_a_place_that_stays(tmp_path: Path) -> None:
    sqlite = '"ENGINE": "django.db.backends.sqlite3"'
    entries = (
        f'"default": {{{sqlite}, "NAME": "a"}}, "old": {{{sqlite}, "NAME": BASE / "old"}}, '
        f'"kept": {{{sqlite}, "NAME": "/srv/data/kept"}}, "far": {{"ENGINE": "x", "NAME": "b"}}'
    )
    found = look(project(tmp_path, {"shop/settings.py": f"DATABASES = {{{entries}}}"}))
    assert found.databases == ["old"]
    assert found.remedies("shop") == [
        "pulumi config set --secret --path 'databases[\"old\"]' -s shop "
        "sqlite:////srv/data/old.sqlite3"
    ]


CHECKS = """
from django.core import checks
def check(**kwargs):
    return [checks.Error("no till", id="shop.E001"), checks.Warning("no bell", id="shop.W001")]
"""


def test_own_system_checks_are_named_with_what_silences_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path / "shop", {"shop/apps.py": CHECKS})
    assert look(root).checks == {"shop.E001": "shop/apps.py"}
    init(root)
    said = capsys.readouterr().out
    assert "shop.E001 in shop/apps.py ends the build" in said
    assert "# pulumi config set --path 'app.silencedSystemChecks[0]' CHECK -s shop" in said


POETRY = '[tool.poetry.dependencies]\npython = "*"\ndjango = "*"\npsycopg2-binary = "*"\n'
PIPFILE = '[packages]\ndjango = "*"\nmysqlclient = "*"\n'


@pytest.mark.parametrize(
    ("given", "engine", "remedy"),
    [
        ({"pyproject.toml": POETRY}, "postgres", " && poetry export --format requirements.txt"),
        ({"Pipfile": PIPFILE}, "external", " && pipenv requirements > requirements.txt)"),
        (
            {"requirements/a.txt": "", "requirements/b.txt": "", "requirements/dev.txt": ""},
            "sqlite",
            "pulumi config set --path app.requirements FILE -s shop",
        ),
        ({}, "sqlite", " && pip freeze > requirements.txt)"),
    ],
)
def test_dependencies_that_are_elsewhere_come_first(
    given: dict[str, str], engine: str, remedy: str, tmp_path: Path
) -> None:
    root = project(tmp_path, given)
    (root / "requirements.txt").unlink()
    found = look(root)
    assert found.engine.name == engine
    assert remedy in found.remedies("shop")[0]
    assert found.project.requirements == ""


def test_one_file_of_unusual_name_is_written_down(tmp_path: Path) -> None:
    root = project(tmp_path, {"requirements/common.txt": "psycopg", "requirements/dev.txt": ""})
    (root / "requirements.txt").unlink()
    init(root)
    assert written(root).app.requirements == "requirements/common.txt"
    assert written(root).database.engine == "postgres"


def test_what_a_build_needs_is_read_from_its_files(tmp_path: Path) -> None:
    given = {
        "package.json": '{"scripts": {"build": "x"}}',
        "package-lock.json": "{}",
        "build.sh": "docker build .",
        "shop/locale/de/LC_MESSAGES/django.po": "",
    }
    root = project(tmp_path, given)
    init(root)
    config = written(root)
    assert config.image.build_steps == ("npm ci", "npm run build", "compilemessages")
    assert config.image.build_apt_packages == ("gettext", "nodejs", "npm")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Pier 7", "pier-7"), ("_", "site"), ("x" * 60, "x" * 40), ("shop", "shop")],
)
def test_a_site_is_called_like_its_folder(folder: str, name: str, tmp_path: Path) -> None:
    assert name_of(tmp_path / folder) == name
    init(project(tmp_path / folder))
    assert written(tmp_path / folder).deployment == name

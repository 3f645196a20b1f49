"""Exceptions in a project's code, told with their place and a remedy."""

from pathlib import Path

import pytest

from deploy_runtime import explain


def raised(tmp_path: Path, code: str) -> BaseException:
    """The exception of code that lies in a file of a project."""
    file = tmp_path / "conf.py"
    file.write_text(code)
    try:
        exec(compile(code, str(file), "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.environ['SHOP_TOKEN']",
        "class ImproperlyConfigured(Exception): pass\n"
        "raise ImproperlyConfigured('Set the SHOP_TOKEN environment variable')",
        "class UndefinedValueError(Exception): pass\n"
        "raise UndefinedValueError('SHOP_TOKEN not found. Declare it as envvar or define a')",
        "class EnvError(Exception): pass\n"
        "raise EnvError('Environment variable \"SHOP_TOKEN\" not set')",
    ],
)
def test_a_missing_variable_is_named_with_the_key_that_sets_it(tmp_path: Path, code: str) -> None:
    text = explain.explain(raised(tmp_path, code))
    assert "the environment variable SHOP_TOKEN: `pulumi config set " in text
    # The remedy is in sight, whatever follows.
    assert text.index("What to do:") < text.index("in the project's code:")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("SHOP_NAME", "`pulumi config set --path env.SHOP_NAME VALUE -s STACK`"),
        ("MONKEY_HOUSE", "`pulumi config set --path env.MONKEY_HOUSE VALUE -s STACK`"),
        *(
            (name, f"`pulumi config set --secret --path secrets.{name} -s STACK`")
            for name in ("STRIPE_API_KEY", "SMTP_PASSWORD", "SENTRY_DSN", "JWT_SECRET", "API_TOKEN")
        ),
    ],
)
def test_what_is_a_secret_by_its_name_is_set_as_one(
    tmp_path: Path, name: str, command: str
) -> None:
    text = explain.explain(raised(tmp_path, f"import os\nos.environ['{name}']"))
    assert f"needs the environment variable {name}: {command}" in text


def test_a_model_of_the_environment_that_does_not_validate(tmp_path: Path) -> None:
    code = "from pydantic import BaseModel\nclass Settings(BaseModel):\n    token: str\nSettings()"
    text = explain.explain(raised(tmp_path, code))
    assert "token" in text
    assert "missing or wrong: set it with `pulumi config set --path env.NAME" in text


def test_a_key_error_of_another_dict_is_no_missing_variable(tmp_path: Path) -> None:
    assert "environment variable" not in explain.explain(raised(tmp_path, "{}['A']"))


def test_the_place_in_the_project_is_shown_and_no_other(tmp_path: Path) -> None:
    error = raised(tmp_path, "import json\njson.loads('{')")
    frames = explain.project_frames(error)
    # This file, which stands for the project's manage.py, and nothing of the json package.
    assert [frame.split(":")[0].strip() for frame in frames] == [__file__, f"{tmp_path}/conf.py"]
    assert frames[-1].endswith("conf.py:2: json.loads('{')")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("import celery_not_there.app", "add what installs 'celery_not_there'"),
        ("open('/nonexistent/logo.svg')", "/nonexistent/logo.svg is not in the image"),
        ("raise PermissionError(13, 'no', '/app/x.log')", "/app/x.log can't be written"),
        (
            "raise OSError(30, 'Read-only file system', '/app/x.log')",
            "/app/x.log can't be written: the image's files are read-only",
        ),
        ("raise ImportError('no pq wrapper available.')", "'image.aptPackages[0]' libpq5"),
        ('raise ValueError("Can\'t find msgfmt.")', "'image.buildAptPackages[0]' gettext"),
        ("raise EOFError", "nobody is there to answer"),
        (
            "try:\n    open('/nonexistent/a.log')\nexcept OSError as e:\n"
            "    raise ValueError('Unable to configure handler') from e",
            "/nonexistent/a.log is not in the image",
        ),
    ],
)
def test_remedies(tmp_path: Path, code: str, hint: str) -> None:
    text = explain.explain(raised(tmp_path, code))
    assert "What to do:" in text
    assert hint in text


def test_a_long_message_is_cut(tmp_path: Path) -> None:
    text = explain.explain(raised(tmp_path, "raise ValueError('\\n'.join('x' * 50))"))
    assert len(text.splitlines()) < 15

"""Of the log of a failed build, what its failed step printed is shown."""

import pytest

from components.image.build_error import explained, without_base

MANY = "".join(f"#5 0.{n} line {n}\n" for n in range(100, 140))


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("#5 [x] RUN a\n#5 0.123 one\n#5 1.000 two\n#5 ERROR: exit code 1\n", "one\ntwo"),
        ("#4 0.1 other\n#5 0.2 mine\n#14 0.3 other\n#5 ERROR: x\n#4 CANCELED\n", "mine"),
        ("#15 0.1 mine\n#5 0.2 other\n#15 ERROR: x\n", "mine"),
        ("#4 ERROR: a\n#4 0.1 first\n#5 ERROR: b\n#5 0.1 last\n", "last"),
        ("#5 0.1   indented: [red] #3\n#5 ERROR: x\n", "  indented: [red] #3"),
        ("#2 ERROR: not found\n------\n > load:\n\n------\n", "#2 ERROR: not found\n > load:"),
        ("dockerfile parse error on line 3\n\n", "dockerfile parse error on line 3"),
        (MANY + "#5 ERROR: x\n", "\n".join(f"line {n}" for n in range(125, 140))),
        ("#5 0.1 error: a\n#5 0.2 raw\n#5 0.3 error: b\n#5 0.4 do\n#5 ERROR: x\n", "error: b\ndo"),
        ("#5 0.1 " + "x" * 500 + "\n#5 ERROR: x\n", "x" * 400 + " \u2026"),
        (
            "#5 0.1 error: a\n" + MANY + "#5 ERROR: x\n",
            "\n".join(["error: a", *(f"line {n}" for n in range(100, 139))])
            + "\n\u2026 and 1 more lines",
        ),
        ("#1 [internal] load .dockerignore\n#1 transferring context: 2B done\n#1 DONE 0.0s\n", ""),
        ("", ""),
    ],
)
def test_what_is_said_of_a_build(log: str, shown: str) -> None:
    assert explained(log) == shown


BASE = "debian:trixie@sha256:00"


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            f"#3 [internal] load metadata for {BASE}\n#3 ERROR: {BASE}: not found\n------\n"
            f" > [internal] load metadata for {BASE}:\n------\n",
            f"can't get {BASE}: `docker pull {BASE}` there says more. Another one is "
            "`pulumi config set --path image.base NAME:TAG@sha256:… -s STACK`",
        ),
        ("#5 [x] RUN a\n#5 0.1 one\n#5 ERROR: exit code 1\n------\n > [x] RUN a:\n------\n", ""),
    ],
)
def test_what_to_do_about_an_image_that_a_build_starts_from(log: str, says: str) -> None:
    said = without_base(explained(log))
    assert says in said
    assert bool(said) == bool(says)

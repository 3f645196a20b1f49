"""A release: everything that goes into an image, and the tag that is the hash of it.

The files are staged in a folder of their own below `.build/`, at a path relative to the program,
so that two clones at different places agree on every input of the image. Staging is the one thing
that a preview writes: copies, in a folder that only builds read.
"""

import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from docker.utils.build import PatternMatcher

import deploy_runtime

from ..checkout import FOLDER, close_to_others, folder_of
from ..errors import UserError
from .project import Project, export

RUNTIME_FOLDER = Path(deploy_runtime.__file__).parent
UV_VERSION = "0.13.9"

# What a project without a .dockerignore doesn't want in an image either: version control, other
# machines' environments, local databases and local secrets.
_DEFAULT_IGNORE = (
    "**/.git", "**/.venv", "**/venv", "**/node_modules", "**/__pycache__", "**/*.pyc",
    "**/*.sqlite3",
    "**/.env", "**/.env.*", "**/.DS_Store", "**/.mypy_cache", "**/.pytest_cache", "**/.ruff_cache",
)  # fmt: skip
_OTHER_WAYS = (
    "or add one (`pip freeze > requirements.txt` lists what your environment has), or "
    "`pulumi config set --path app.requirements FILE -s STACK` if it is called otherwise",
    "or have them installed by the project's own Dockerfile: `pulumi config set --path "
    "image.dockerfile PATH "
    "-s STACK`",
)
_STAGED = 5
_NOTHING_BUILT = "FROM scratch AS built\nWORKDIR /opt/results\n"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A content-addressed image, to be built unless it is there.

    Attributes:
        image: the image's name and content tag.
        tag: the content tag alone.
        context: the staged build context, relative to the program.
        build_args: arguments of the Dockerfile.
        dockerfile: the project's own Dockerfile, relative to its root; "" for this program's.
        app_image: name of the image that the project's own Dockerfile makes; "" without one.
        collects_in_line: where that Dockerfile runs collectstatic itself; 0 if it doesn't.
        kept: the image is on the host already, and is served as it is.
        health_path: the path that says whether it can serve; "" is the configured one.
        reference: what it is in a registry, by its digest, where it is pulled from there; else "".
    """

    image: str
    tag: str
    context: str
    build_args: Mapping[str, str]
    dockerfile: str
    app_image: str
    collects_in_line: int = 0
    kept: bool = False
    health_path: str = ""
    reference: str = ""


def prepare_release(
    project: Project,
    *,
    deployment: str,
    base_image: str,
    dockerfile: str,
    build_args: Mapping[str, str],
    environment: Mapping[str, str],
) -> Release:
    """Stage the build context of a release and name it after its content.

    Args:
        project: the Django project.
        deployment: the deployment, the image's name.
        base_image: the image that the project's image starts from.
        dockerfile: the project's own Dockerfile, relative to its root; "" for this program's.
        build_args: further arguments of the Dockerfile.
        environment: variables of the project's settings, needed while static files are collected.

    Raises:
        UserError: if a file of the project can't be read, or what the Dockerfile needs is missing.
    """
    _check(project, dockerfile)
    files = dict(_app_files(project, dockerfile))
    texts = _texts(dockerfile, environment, steps=bool(build_args.get("BUILD_STEPS")))
    args = {"BASE_IMAGE": base_image, "UV_VERSION": UV_VERSION, **build_args}
    tag = _hash(files, texts, args)
    context = folder_of(deployment) / tag
    _stage(context, files, texts)
    _prune(context.parent, keep=context)
    app_image = f"{deployment}:{tag}-app" if dockerfile else ""
    return Release(
        image=f"{deployment}:{tag}",
        tag=tag,
        context=context.as_posix(),
        build_args={**args, "APP_IMAGE": app_image} if dockerfile else args,
        dockerfile=dockerfile,
        app_image=app_image,
        collects_in_line=_collecting_line(project.root / dockerfile) if dockerfile else 0,
    )


def prepare_context(
    folder: Path, *, deployment: str, name: str, base_image: str
) -> tuple[str, str]:
    """Stage a folder of this program as a build context; returns its path and its content tag."""
    files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.iterdir()) if p.is_file()}
    tag = _hash(files, {}, {"BASE_IMAGE": base_image})
    context = folder_of(deployment) / f"{name}-{tag}"
    _stage(context, files, {})
    return context.as_posix(), tag


def _check(project: Project, dockerfile: str) -> None:
    if dockerfile and not (project.root / dockerfile).is_file():
        raise UserError(
            f"image.dockerfile is {dockerfile!r}: there is no such file in {project.root}",
            [
                "`pulumi config set --path image.dockerfile PATH -s STACK`, or `pulumi config rm "
                "--path image.dockerfile -s "
                "STACK` to have the program's own"
            ],
        )
    if not dockerfile and not project.requirements:
        raise UserError(
            f"no requirements.txt or pyproject.toml with dependencies in {project.root}",
            [*export(project.root, project.python_path), *_OTHER_WAYS],
        )


def _collecting_line(dockerfile: Path) -> int:
    lines = dockerfile.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if "collectstatic" in line and not line.lstrip().startswith("#"):
            return number
    return 0


def _app_files(project: Project, dockerfile: str) -> Iterator[tuple[str, Path]]:
    included = sorted(_included(project.root))
    for path in included:
        yield f"app/{path}", project.root / path
    if dockerfile:
        yield f"app/{dockerfile}", project.root / dockerfile
        return
    dependencies = included if project.dependency_files is None else project.dependency_files
    for path in dependencies:
        yield f"dependencies/{path}", project.root / path


def _included(root: Path) -> Iterator[str]:
    """The files of a project that go into its image, in no order: what its .dockerignore lets by.

    Where the Pulumi program is a folder of the project, it stays out: each update writes into it.
    """
    ignore_file = root / ".dockerignore"
    patterns = list(_DEFAULT_IGNORE)
    if ignore_file.is_file():
        lines = (line.strip() for line in ignore_file.read_text(encoding="utf-8").splitlines())
        patterns = [line for line in lines if line and not line.startswith("#")]
        patterns += ["**/.git", "**/__pycache__", "**/*.pyc"]
    patterns += _program_in(root)
    for path in PatternMatcher(patterns).walk(str(root)):
        full = root / path
        if path != ".dockerignore" and (full.is_symlink() or full.is_file()):
            yield path


def _program_in(root: Path) -> list[str]:
    here = Path.cwd().resolve()
    if here == root:
        return [FOLDER.as_posix(), "Pulumi.yaml", "Pulumi.*.yaml"]
    return [here.relative_to(root).as_posix()] if here.is_relative_to(root) else []


def _texts(
    dockerfile: str, environment: Mapping[str, str], *, steps: bool = False
) -> dict[str, str]:
    image = RUNTIME_FOLDER / "image"
    texts = {
        f"deploy/deploy_runtime/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(RUNTIME_FOLDER.glob("*.py"))
    }
    texts |= {
        f"scripts/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(image.glob("*.sh"))
    }
    exports = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    return {
        **texts,
        "Dockerfile": _dockerfile(image, own=bool(dockerfile), steps=steps),
        "scripts/build.env": "".join(exports),
    }


def _dockerfile(image: Path, *, own: bool, steps: bool) -> str:
    # Without steps there is nothing that they made; the stage is there to be mounted all the same.
    built = ("FROM workshop AS built", "prepare", "steps") if steps else (_NOTHING_BUILT,)
    order = ("uv", "own" if own else "app", *built, "FROM app AS release", "prepare", "release")
    return "\n".join(
        part if " " in part else (image / f"{part}.Dockerfile").read_text(encoding="utf-8")
        for part in order
    )


def _hash(files: Mapping[str, Path], texts: Mapping[str, str], args: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps([texts, args], sort_keys=True).encode())
    for name, path in sorted(files.items()):
        digest.update(f"\0{name}\0{_mode(path)}\0".encode())
        digest.update(hashlib.sha256(_content(path)).digest())
    return digest.hexdigest()[:16]


def _mode(path: Path) -> str:
    # Only what an image keeps: no time stamps, and of the permissions only "executable", since
    # the rest follows the umask of whoever checked the files out.
    if path.is_symlink():
        return "link"
    return "executable" if path.stat().st_mode & 0o100 else "file"


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return str(path.readlink()).encode()
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} can't be read: {error.strerror}",
            ["make it readable, or exclude it with a .dockerignore beside the project"],
        ) from None


def _stage(context: Path, files: Mapping[str, Path], texts: Mapping[str, str]) -> None:
    if context.is_dir():
        return
    close_to_others()
    half_made = context.with_name(f"{context.name}.{os.getpid()}.tmp")
    shutil.rmtree(half_made, ignore_errors=True)
    for name, source in files.items():
        _copy(source, half_made / name)
    for name, text in texts.items():
        _write(half_made / name, text)
    for folder in ("app", "dependencies"):
        (half_made / folder).mkdir(exist_ok=True)
    for directory in (half_made, *(p for p in half_made.rglob("*") if p.is_dir())):
        directory.chmod(0o755)
    half_made.rename(context)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o644)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)


def _prune(folder: Path, *, keep: Path) -> None:
    staged = sorted(
        (
            p
            for p in folder.iterdir()
            if p.is_dir() and p != keep and not p.name.startswith("edge-")
        ),
        key=lambda p: p.stat().st_mtime,
    )
    for old in staged[: -(_STAGED - 1)]:
        shutil.rmtree(old, ignore_errors=True)
        old.with_name(f"{old.name}.log").unlink(missing_ok=True)

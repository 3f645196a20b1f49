"""Hashed, compressed static files for projects that were not written with them in mind.

Used only where a project keeps Django's plain storage. A missing file that the project itself
refers to fails the build, as with WhiteNoise's own storage. Two things that nobody deploying the
project can mend do not: a reference inside an installed package's file, and a source map. And a
name that is made up while a page is shown gets a plain URL, as before, instead of an error page.
"""

from collections.abc import Callable, Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, tolerant where strictness helps nobody.

    Attributes:
        tolerated: what was let pass while collecting, in words.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tolerated: dict[str, None] = {}
        self._sources: dict[str, Any] = {}

    def post_process(self, paths: dict[str, Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Remember where files come from, then hash and compress."""
        self._sources = dict(paths)
        yield from super().post_process(paths, *args, **kwargs)

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[Any], str]:
        """What replaces a reference inside a file by the hashed one."""
        convert = super().url_converter(name, *args, **kwargs)

        def tolerant(match: Any) -> str:
            try:
                return str(convert(match))
            except ValueError:
                if "sourceMappingURL" not in match[0] and not self._is_installed(name):
                    raise
                self.tolerated[f"{name} refers to a file that does not exist: {match[0]}"] = None
                return str(match[0])

        return tolerant

    def strict_name(self, name: str) -> str:
        """The hashed name.

        Raises:
            ValueError: there is no such file.
        """
        return str(super().stored_name(name))

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one for a file that does not exist, which then answers 404."""
        try:
            return self.strict_name(name)
        except ValueError:
            return name

    def _is_installed(self, name: str) -> bool:
        if name not in self._sources:
            return False
        source, path = self._sources[name]
        return any(
            f"/{folder}/" in source.path(path) for folder in ("site-packages", "dist-packages")
        )

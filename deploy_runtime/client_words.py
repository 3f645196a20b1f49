"""What `dbshell` is told, taken apart: which database, and what its own client is told."""

from collections.abc import Sequence

_DATABASE = "--database"


def client_words(words: Sequence[str]) -> tuple[str, list[str]]:
    """The alias of the database, and the words for its client, with or without a `--` before them.

    Args:
        words: as `manage.py dbshell` takes them.
    """
    told, alias = list(words), "default"
    if told[:1] == [_DATABASE] and len(told) > 1:
        alias, told = told[1], told[2:]
    elif told and told[0].startswith(f"{_DATABASE}="):
        alias, told = told[0].partition("=")[2], told[1:]
    return alias, told[1:] if told[:1] == ["--"] else told

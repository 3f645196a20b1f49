"""What becomes of migrations that the serving version can't live with. Pure tables, no import.

No other file asks which policy it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is done about unsafe migrations, while a version serves.

    Attributes:
        refuses: the update ends before anything is changed.
        window: what serves is stopped first, behind the maintenance page.
        says: what is said of it before it goes on, or why it doesn't.
    """

    refuses: bool = False
    window: bool = False
    says: str


_REFUSED = Policy(
    refuses=True,
    says="the version that serves could not live with migrations of this release",
)
_WINDOW = Policy(
    window=True,
    says="what serves is stopped while these migrations run, and visitors see the maintenance "
    "page (migrations.window is true)",
)
_ALLOWED = Policy(
    says="the version that serves may fail from these migrations until traffic is switched "
    "(migrations.allow names them)",
)

UNSAFE: Mapping[tuple[bool, bool], Policy] = {
    (False, False): _REFUSED,
    (False, True): _WINDOW,
    (True, False): _ALLOWED,
    (True, True): _ALLOWED,
}
"""By whether `migrations.allow` names all of them, and by `migrations.window`."""

AHEAD: Mapping[bool, Policy] = {
    False: Policy(
        refuses=True,
        says="the database has migrations that this release doesn't know: a later one applied them",
    ),
    True: Policy(
        says="the database has migrations that this release doesn't know (migrations.allowAhead "
        "names them)",
    ),
}
"""By whether `migrations.allowAhead` names all of them."""

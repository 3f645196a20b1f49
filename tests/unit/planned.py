"""The settings that an execution plan follows from, without the rest of a config."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Config:
    """Those of a site that seeds in two steps, unless a test chooses others."""

    strategy: str = "recommended"
    collect_static_on_startup: bool = False
    seeding: bool = True
    seed_steps: tuple[str, ...] = ("a", "b")

"""What an execution plan follows from, as tests choose it."""

from components.ledger.plan import Switches


def switches(
    *,
    strategy: str = "recommended",
    collect_static_on_startup: bool = False,
    seed_steps: tuple[str, ...] = ("a", "b"),
) -> Switches:
    """Those of a site that seeds in two steps, unless a test chooses others."""
    return Switches(
        strategy=strategy,
        collect_static_on_startup=collect_static_on_startup,
        seed_steps=seed_steps,
    )

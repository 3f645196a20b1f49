"""What updates under load did, as tables."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.outcome import WHEN, Outcome, Updated
from components.text_table import figures_table

Outcomes = Mapping[str, Outcome]


def report(outcomes: Outcomes) -> str:
    """All tables."""
    parts = [
        f"Requests\n{requests(outcomes)}",
        f"Latency of short requests, from when they were due: p50 / p99 / max, ms\n"
        f"{latency(outcomes)}",
        f"Latency of 5-second requests: p50 / p99 / max, s\n{slow(outcomes)}",
    ]
    for name, outcome in outcomes.items():
        parts.append(f"Updates of {name}\n{updates(outcome)}")
        parts.append(f"Where the time goes in updates of {name} that succeed\n{phases(outcome)}")
    return "\n\n".join(parts)


def requests(outcomes: Outcomes) -> str:
    """How many were sent, what became of them, and of the writes among them."""
    rows = [["", *outcomes]]
    found = list(outcomes.values())
    kinds = sorted({error for outcome in found for error in outcome.errors()})
    rows += [
        ["sent", *(str(len(o.notes)) for o in found)],
        ["failed", *(str(len(o.failed)) for o in found)],
        *(["  " + kind, *(str(o.errors()[kind]) for o in found)] for kind in kinds),
        ["answers of releases that had to fail", *(str(o.strays) for o in found)],
        ["writes acknowledged", *(str(len(o.acknowledged)) for o in found)],
        ["  of them lost", *(_known(o, len(o.lost)) for o in found)],
        ["writes doubled", *(_known(o, len(o.doubled)) for o in found)],
        ["longest time without a good answer, s", *(f"{o.gap():.2f}" for o in found)],
    ]
    return figures_table(rows)


def _known(outcome: Outcome, count: int) -> str:
    return "?" if outcome.stored is None else str(count)


def latency(outcomes: Outcomes) -> str:
    """Of short requests that were answered well, in milliseconds."""
    return _spreads({name: o.latencies() for name, o in outcomes.items()}, 1000, "{:.0f}")


def slow(outcomes: Outcomes) -> str:
    """Of 5-second requests that were answered well, in seconds."""
    return _spreads({name: o.latencies(slow=True) for name, o in outcomes.items()}, 1, "{:.2f}")


def _spreads(found: Mapping[str, dict[str, dict[str, float]]], factor: int, form: str) -> str:
    rows = [["updates", *found]]
    for when in WHEN:
        cells = [when]
        for spreads in found.values():
            values = (spreads[when][key] * factor for key in ("p50", "p99", "max"))
            cells.append(" / ".join(form.format(value) for value in values))
        rows.append(cells)
    return figures_table(rows)


HEAD = ("release", "should", "came to serve", "old until", "over", "requests", "failed")


def updates(outcome: Outcome) -> str:
    """Each update, and what the load saw of it; seconds from the command's start."""
    return figures_table([HEAD, *(_row(update) for update in outcome.updates)])


def _row(update: Updated) -> Sequence[str]:
    serving = "never" if update.serving is None else f"{update.serving:.1f} s"
    return (
        f"{update.release} {update.what}",
        "fail" if update.fails else "serve",
        serving,
        "" if update.old is None else f"{update.old:.1f} s",
        f"{update.ended - update.began:.1f} s",
        str(update.requests),
        str(update.failed),
    )


def phases(outcome: Outcome) -> str:
    """Seconds by phase: median and longest, over the updates that succeeded."""
    good = [u for u in outcome.updates if not u.fails and u.serving is not None]
    rows = [["", "median, s", "longest, s"]]
    for name in dict.fromkeys(name for update in good for name in update.phases):
        rows.append(_middle(name, [u.phases[name] for u in good if name in u.phases]))
    if good:
        rows.append(_middle("until the new release serves", [u.serving or 0.0 for u in good]))
        rows.append(_middle("until the update is over", [u.ended - u.began for u in good]))
    return figures_table(rows)


def _middle(name: str, seconds: Sequence[float]) -> list[str]:
    return [name, f"{median(seconds):.2f}", f"{max(seconds):.2f}"]

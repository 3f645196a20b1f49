"""Results as tables: medians of the repetitions, and the ratio of each contender to the first."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.counts import Count, Point
from bench.life import CLEAN, REDEPLOY, RESTART, ROWS, UPDATE, Row
from components.text_table import figures_table

# Per contender, the rows of each of its lives.
Results = Mapping[str, Sequence[Mapping[str, Row]]]
Measure = Callable[[Mapping[str, Row]], float]

WHERE: tuple[tuple[str, str, Point], ...] = (
    ("Docker build", UPDATE, "build"),
    ("Container start", RESTART, "startup"),
    ("Deploy script or job", CLEAN, "job"),
)


def middle(lives: Sequence[Mapping[str, Row]], measure: Measure) -> float:
    """The median of a measure over a contender's lives."""
    return float(median(measure(life) for life in lives))


MEASURES: tuple[tuple[str, Measure], ...] = (
    ("clean deploy, s", lambda life: life[CLEAN].seconds),
    ("update by one line, s", lambda life: life[UPDATE].seconds),
    ("restart to first 200, s", lambda life: life[RESTART].seconds),
    ("  of it until started", lambda life: life[RESTART].stopping),
    ("  of it from start to 200", lambda life: life[RESTART].seconds - life[RESTART].stopping),
    ("re-deployment, s", lambda life: life[REDEPLOY].seconds),
)


def times(results: Results) -> str:
    """Seconds, and how many times as long as the first contender's they are."""
    names = list(results)
    header = ["", *(cell for name in names for cell in (name, "ratio"))]
    rows = [header]
    for title, measure in MEASURES:
        first = middle(results[names[0]], measure)
        cells = [title]
        for name in names:
            value = middle(results[name], measure)
            cells += [f"{value:.1f}", f"{value / first:.2f}" if first else "-"]
        rows.append(cells)
    return figures_table(rows)


def visits(results: Results) -> str:
    """What visitors met with during updates: all repetitions together, and the longest gap."""
    met = {
        name: [visits for life in lives if (visits := life[UPDATE].visits)]
        for name, lives in results.items()
    }
    gaps = [max((v.gap for v in found), default=0.0) for found in met.values()]
    slowest = [max((v.slowest for v in found), default=0.0) for found in met.values()]
    return figures_table(
        [
            ["", *met],
            ["requests", *(str(sum(v.requests for v in found)) for found in met.values())],
            ["failed", *(str(sum(v.failed for v in found)) for found in met.values())],
            ["longest time without a page, s", *(f"{gap:.1f}" for gap in gaps)],
            ["slowest answer, s", *(f"{seconds:.1f}" for seconds in slowest)],
        ]
    )


def matrix(results: Results) -> str:
    """Calls by row and execution point, as `calls (seconds)`; medians."""
    columns: tuple[tuple[str, str, Point], ...] = (
        ("migrate start-up", "migrate", "startup"),
        ("migrate job", "migrate", "job"),
        ("collect build", "collectstatic", "build"),
        ("collect start-up", "collectstatic", "startup"),
        ("collect job", "collectstatic", "job"),
    )
    rows = [
        ["row", "", *(title for title, _, _ in columns), "applied", "seed steps", "Django starts"]
    ]
    for row in ROWS:
        for name, lives in results.items():
            taken = [life[row].tally for life in lives]
            cells = [
                calls([one.get(operation, point) for one in taken])
                for _, operation, point in columns
            ]
            applied = median([one.all("migrate").result for one in taken])
            rows.append(
                [
                    row,
                    name,
                    *cells,
                    f"{applied:g}",
                    calls([one.all("seed") for one in taken]),
                    calls([one.all("start") for one in taken]),
                ]
            )
    return figures_table(rows)


def calls(counts: Sequence[Count]) -> str:
    """`calls (seconds)`, each the median; `-` where nothing ran."""
    number = median([count.calls for count in counts])
    seconds = median([count.seconds for count in counts])
    if not number:
        return "-"
    return f"{number:g} ({seconds:.1f} s)" if seconds else f"{number:g}"


def impact(results: Results) -> str:
    """The analysis' "Performance Impact": the seconds that collecting takes, place by place."""
    names = list(results)
    rows = [["collectstatic, seconds", *names]]
    totals = dict.fromkeys(names, 0.0)
    for title, row, point in WHERE:
        cells = [title]
        for name in names:
            taken = [life[row].tally.get("collectstatic", point) for life in results[name]]
            totals[name] += median([count.seconds for count in taken])
            cells.append(calls(taken))
        rows.append(cells)
    rows.append(["Total overhead", *(f"{totals[name]:.1f} s" for name in names)])
    saved = [f"{totals[names[0]] - totals[name]:.1f} s" for name in names[1:]]
    rows.append(["Savings per deployment", "", *saved])
    return figures_table(rows)


def report(results: Results) -> str:
    """All tables."""
    return "\n\n".join(
        [
            f"Time, and as many times as {next(iter(results))}'s\n{times(results)}",
            f"Visitors during updates\n{visits(results)}",
            "What ran, by row of the decision matrix: calls (seconds)\n" + matrix(results),
            f"Performance impact\n{impact(results)}",
        ]
    )

"""Tables of the bench."""

from bench.counts import Count, Tally
from bench.life import ROWS, UPDATE, Row
from bench.report import calls, impact, matrix, report, times, visits
from bench.visitor import Visits


def life(seconds: float, *, collects: bool = False) -> dict[str, Row]:
    rows = {}
    for name in ROWS:
        tally = Tally()
        tally.add("collectstatic", "build", 1.0)
        tally.add("migrate", "startup", 0.5, 4)
        if collects:
            tally.add("collectstatic", "startup", 2.0)
            tally.add("collectstatic", "job", 3.0)
        met = Visits(requests=100, failed=7, gap=1.5, slowest=2.5) if name == UPDATE else None
        rows[name] = Row(seconds=seconds, tally=tally, visits=met)
    return rows


RESULTS = {
    "original": [life(10, collects=True), life(20, collects=True), life(90, collects=True)],
    "recommended": [life(5), life(5), life(50)],
}


def lines(text: str) -> dict[str, list[str]]:
    """Cells by the first one; no cell of these tables holds two spaces."""
    split = [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.split("\n")
    ]
    return {cells[0]: cells[1:] for cells in split}


def test_times_are_medians_with_ratios() -> None:
    assert lines(times(RESULTS))["clean deploy, s"] == ["20.0", "1.00", "5.0", "0.25"]


def test_visits_of_all_repetitions() -> None:
    found = lines(visits(RESULTS))
    assert found["requests"] == ["300", "300"]
    assert found["failed"] == ["21", "21"]
    assert found["longest time without a page, s"] == ["1.5", "1.5"]
    assert found["slowest answer, s"] == ["2.5", "2.5"]


def test_calls_with_seconds() -> None:
    assert calls([Count()]) == "-"
    assert calls([Count(calls=1, seconds=2.04)]) == "1 (2.0 s)"
    assert calls([Count(calls=3)]) == "3"


def test_the_matrix_has_a_line_for_each_row_and_contender() -> None:
    text = matrix(RESULTS).splitlines()
    assert len(text) == 1 + len(ROWS) * len(RESULTS)
    assert text[1].startswith("clean server")
    assert "4" in text[1].split()


def test_the_performance_impact_adds_up() -> None:
    found = lines(impact(RESULTS))
    assert found["Docker build"] == ["1 (1.0 s)", "1 (1.0 s)"]
    assert found["Container start"] == ["1 (2.0 s)", "-"]
    assert found["Total overhead"] == ["6.0 s", "1.0 s"]
    assert found["Savings per deployment"] == ["5.0 s"]


def test_the_report_of_one_contender_alone() -> None:
    assert "Performance impact" in report({"recommended": RESULTS["recommended"]})


def test_a_row_as_data() -> None:
    data = life(10)[UPDATE].as_data()
    assert data["seconds"] == 10
    assert data["visits"]["failed"] == 7
    assert "stopping" not in data

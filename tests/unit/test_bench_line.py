"""What a line to the host costs, in tables; and when connections are broken."""

from bench import breaks, line
from tests.integration.interruption import Boundary, Cut, Moment
from tests.integration.trials import Trial

RELEASE = Boundary(side="before", operation="create", resource="release")
GATE = Boundary(side="after", operation="create", resource="gate")


def test_the_tables_have_a_column_for_each_place() -> None:
    found: line.Figures = {
        "here": {
            line.CLEAN: [{"preview": 2.0, "all": 9.0}],
            line.UPDATE: [{"gate": 1.0, "all": 4.0}, {"gate": 3.0, "all": 6.0}],
        },
        "ssh, 100 ms": {
            line.CLEAN: [{"preview": 4.0, "all": 18.0}],
            line.UPDATE: [{"gate": 2.5, "traffic": 1.0, "all": 8.0}],
        },
    }
    assert line.report(found).splitlines() == [
        "clean server, seconds",
        "         here  ssh, 100 ms",
        "preview   2.0          4.0",
        "all       9.0         18.0",
        "",
        "update, seconds",
        "         here  ssh, 100 ms",
        "gate      2.0          2.5",
        "all       5.0          8.0",
        "traffic                1.0",
    ]


def test_connections_break_at_boundaries_in_their_order_and_at_instants() -> None:
    options = breaks.parse(["--seed", "7", "--random", "2"])
    first, second, *instants = breaks.plan(options, [RELEASE, GATE, RELEASE], 10.0)
    assert (first, second) == (RELEASE, GATE)
    assert len(instants) == 2
    assert all(isinstance(at, float) and 0 <= at <= 10 for at in instants)
    again = breaks.plan(options, [RELEASE, GATE, RELEASE], 10.0)
    assert [first, second, *instants] == list(again)
    fewer = breaks.parse(["--boundaries", "1", "--random", "0"])
    assert len(list(breaks.plan(fewer, [RELEASE, GATE], 10.0))) == 1


def test_what_became_of_them_is_counted() -> None:
    def tried(code: int, problems: list[str]) -> Trial:
        return Trial(
            cut=Cut(), code=code, said="", problems=problems, visits=9, failed_visits=0, seconds=1
        )

    results: list[tuple[Moment, Trial]] = [
        (RELEASE, tried(1, [])),
        (GATE, tried(0, ["it is gone"])),
        (2.5, tried(1, [])),
    ]
    rows = [row.split() for row in breaks.table(results).splitlines()[1:]]
    assert [row[-5:] for row in rows] == [["2", "1", "1", "18", "0"], ["1", "1", "1", "9", "0"]]

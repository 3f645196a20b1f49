"""What a visitor meets with during a takeover is counted, and the old container's stop is not."""

import pytest

from bench.takeover import Answers, Takeover, line, report


@pytest.mark.parametrize(
    ("seen", "gap", "failed"),
    [
        ([], 0.0, {}),
        ([(1.0, 200)], 0.0, {}),
        (
            [(1.0, 200), (1.1, 200), (1.2, 0), (1.9, 503), (2.1, 200), (2.2, 200)],
            1.0,
            {0: 1, 503: 1},
        ),
        ([(1.0, 0), (5.0, 200)], 0.0, {0: 1}),
    ],
)
def test_the_gap_is_between_two_good_answers(
    seen: list[tuple[float, int]], gap: float, failed: dict[int, int]
) -> None:
    answers = Answers(seen=seen)
    assert answers.gap() == pytest.approx(gap)
    assert answers.failed() == failed


@pytest.mark.parametrize(("gap", "stop", "beyond"), [(1.5, 0.5, 1.0), (0.3, 0.5, 0.0)])
def test_the_old_ones_own_stop_does_not_count(gap: float, stop: float, beyond: float) -> None:
    assert Takeover(gap=gap, stop=stop, failed={}).beyond == beyond


def test_what_is_reported() -> None:
    found = [Takeover(gap=g, stop=0.1, failed={0: 3}) for g in (0.6, 0.9, 1.0)]
    assert report(found) == (
        "3 takeovers on the same port, seconds beyond the old container's own stop: median 0.80, "
        "from 0.50 to 0.90"
    )
    assert line(found[0]) == "0.60 s, 0.10 s of it the old one's stop; failed: none x3"

"""Tables as text."""

import pytest

from components.text_table import figures_table, text_table


def test_columns_are_aligned() -> None:
    assert text_table([("a", "b", "c"), ("longer", "", "d")]) == "a       b  c\nlonger     d"


def test_no_line_ends_with_blanks() -> None:
    assert text_table([("a", "longer"), ("b", "")]) == "a  longer\nb"


def test_figures_are_aligned_to_the_right() -> None:
    assert figures_table([["", "one"], ["longer", "2"]]) == "        one\nlonger    2"


def test_a_row_that_lacks_a_cell_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        text_table([("a", "b"), ("c",)])

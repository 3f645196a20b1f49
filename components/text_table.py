"""Tables as text, for people: whatever prints columns has them laid out here."""

from collections.abc import Iterable, Sequence

_GAP = "  "


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines, each column as wide as its widest cell.

    Args:
        rows: the cells, as many in each row; the head is a row, too.
    """
    widths = _widths(rows)
    return "\n".join(
        _line(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def figures_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of figures as lines: all columns but the first are aligned to the right.

    Args:
        rows: as of `text_table`.
    """
    widths = _widths(rows)
    lines = []
    for first, *figures in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True)]
        lines.append(_line(cells))
    return "\n".join(lines)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _line(cells: Iterable[str]) -> str:
    return _GAP.join(cells).rstrip()

"""Tables as HTML, all text in them escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from glassbrick.arrays import Array

__all__ = ["definitions", "matrix", "table"]


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers_from: int | None = None,
    numbers: Sequence[int] = (),
) -> str:
    """Return a table.

    Parameters
    ----------
    heads : sequence of str
        Of the columns.
    rows : sequence of sequence of str
        Their cells.
    numbers_from : int, optional
        The first of the columns that are aligned to the right.
    numbers : sequence of int
        Others of them.
    """
    places = set(numbers)
    if numbers_from is not None:
        places |= set(range(numbers_from, len(heads)))
    lines = [_row("th", heads, places), *(_row("td", row, places) for row in rows)]
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def matrix(classes: Sequence[str], counts: Array) -> str:
    """Return how many rows of each class were predicted to be of which, darker where more."""
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in classes)
    lines = [f"<tr><th></th>{head}</tr>"]
    for place, (name, row) in enumerate(zip(classes, counts.tolist(), strict=True)):
        total = sum(row) or 1
        cells = []
        for other, count in enumerate(row):
            kind = "right" if other == place else "wrong"
            share = f"{100.0 * count / total:.0f}"
            cells.append(f'<td class="number {kind}" style="--share:{share}%">{count or ""}</td>')
        lines.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
    return '<div class="wide"><table class="matrix">\n' + "\n".join(lines) + "\n</table></div>"


def definitions(told: Mapping[str, str]) -> str:
    """Return names and what they stand for."""
    pairs = (f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in told.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _row(tag: str, cells: Sequence[str], numbers: set[int]) -> str:
    kinds = (' class="number"' if place in numbers else "" for place in range(len(cells)))
    pairs = zip(cells, kinds, strict=True)
    return (
        "<tr>" + "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for cell, kind in pairs) + "</tr>"
    )

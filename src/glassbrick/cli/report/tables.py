"""Tables as HTML, all text in them escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TypeAlias

from glassbrick.arrays import Array

__all__ = ["Cell", "definitions", "matrix", "table"]

Cell: TypeAlias = str | tuple[str, str]
"""A text, or one and what stands below it in small type."""


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    caption: str,
    numbers_from: int | None = None,
    numbers: Sequence[int] = (),
) -> str:
    """Return a table.

    Parameters
    ----------
    heads : sequence of str
        Of the columns.
    rows : sequence of sequence of Cell
        Their cells; the first of each is its head.
    caption : str
        For who does not see it: what the table tells.
    numbers_from : int, optional
        The first of the columns that are aligned to the right.
    numbers : sequence of int
        Others of them.
    """
    places = set(numbers)
    if numbers_from is not None:
        places |= set(range(numbers_from, len(heads)))
    lines = [_row(row, places, heads_only=False) for row in rows]
    head = f"<thead>{_row(heads, places, heads_only=True)}</thead>"
    return _around(f"{head}\n<tbody>{''.join(lines)}</tbody>", caption)


def matrix(classes: Sequence[str], counts: Array) -> str:
    """Return how many rows of each class were predicted to be of which, darker where more."""
    head = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in classes)
    lines = [f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>"]
    for place, (name, row) in enumerate(zip(classes, counts.tolist(), strict=True)):
        total = sum(row) or 1
        cells = []
        for other, count in enumerate(row):
            kind = "right" if other == place else "wrong"
            share = f"{100.0 * count / total:.0f}"
            told = f"{count}<small>{share} %</small>" if count else ""
            cells.append(f'<td class="number {kind}" style="--share:{share}%">{told}</td>')
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
    caption = "Rows by true class, and across by the predicted one"
    return _around("\n".join([*lines, "</tbody>"]), caption, "matrix")


def definitions(told: Mapping[str, str]) -> str:
    """Return names and what they stand for."""
    pairs = (f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in told.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _around(rows: str, caption: str, kind: str = "plain") -> str:
    """Return a table that scrolls, by keys too, where it is too wide for the page."""
    label = escape(caption, quote=True)
    return (
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0">'
        f'<table class="{kind}">\n<caption>{escape(caption)}</caption>\n{rows}\n</table></div>'
    )


def _row(cells: Sequence[Cell], numbers: set[int], *, heads_only: bool) -> str:
    told = []
    for place, cell in enumerate(cells):
        text, below = (cell, "") if isinstance(cell, str) else cell
        kind = ' class="number"' if place in numbers else ""
        small = f"<small>{escape(below)}</small>" if below else ""
        tag, scope = "td", ""
        if heads_only or not place:
            tag, scope = "th", f' scope="{"col" if heads_only else "row"}"'
        told.append(f"<{tag}{scope}{kind}>{escape(text)}{small}</{tag}>")
    return f"<tr>{''.join(told)}</tr>\n"

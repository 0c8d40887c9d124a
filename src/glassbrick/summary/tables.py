"""The tables that a summary prints as: in a terminal, in a file, in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from io import StringIO
from typing import Any

from rich.box import Box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from glassbrick.summary.summary import Summary, SummaryRow

__all__ = ["as_html", "as_renderables", "as_text"]

_HEAD = ("layer", "output", "parameters", "share", "memory", "mult-adds", "share")
_NOTE = "mult-adds: multiplications, each with an addition, that one row takes forward"
_BLANK, _RULE = "    \n", " -- \n"
_DASHES = Box(2 * (2 * _BLANK + _RULE) + 2 * _BLANK, ascii=True)  # plain, for any file


def as_text(summary: Summary) -> str:
    """Return what any terminal and any file of 80 columns can take."""
    text = StringIO()
    Console(
        file=text, width=80, color_system=None, force_jupyter=False, legacy_windows=False
    ).print(summary)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def as_renderables(summary: Summary) -> Iterator[RenderableType]:
    """Yield what rich prints: a title, a table, a note."""
    table = Table(box=_DASHES, padding=(0, 1, 0, 0), show_edge=False, show_footer=True)
    for number, (head, total) in enumerate(zip(_HEAD, _total(summary), strict=True)):
        justify: Any = "right" if number else "left"
        table.add_column(head, total, justify=justify, overflow="fold", footer_style="bold")
    for row in summary.rows:
        name, *cells = _cells(row, summary)
        table.add_row(
            Text("  " * row.depth + name), *map(Text, cells), style="" if row.depth else "bold"
        )
    yield Text(summary.title, "bold")
    yield Text()
    yield table
    yield Text()
    yield Text(_NOTE, "dim")


def as_html(summary: Summary) -> str:
    """Return a table for notebooks, with a bar of its length behind each share."""
    rows = "".join(f"<tr>{''.join(_html_cells(row, summary))}</tr>" for row in summary.rows)
    return (
        f"<p><b>{escape(summary.title)}</b></p>"
        f"<table><thead><tr>{_html_heads(_HEAD)}</tr></thead><tbody>{rows}</tbody>"
        f"<tfoot><tr>{_html_heads(_total(summary))}</tr></tfoot></table><p>{_NOTE}</p>"
    )


def _cells(row: SummaryRow, summary: Summary) -> list[str]:
    shape = row.output_shape
    return [
        row.name.rsplit(".", 1)[-1],
        "-" if shape is None else "x".join(map(str, shape)) or "1",
        f"{row.parameters:,}" if row.parameters else "-",
        _percent(row.parameters, summary.parameters),
        _size(row.bytes),
        f"{row.multiply_adds:,}" if row.multiply_adds else "-",
        _percent(row.multiply_adds, summary.multiply_adds),
    ]


def _total(summary: Summary) -> list[str]:
    params, products = f"{summary.parameters:,}", f"{summary.multiply_adds:,}"
    return ["total", "", params, "", _size(summary.bytes), products, ""]


def _html_heads(texts: tuple[str, ...] | list[str]) -> str:
    left, right = (
        f'<th style="text-align: {side}; padding: 0.15em 0.6em">' for side in ("left", "right")
    )
    return f"{left}{texts[0]}</th>" + "".join(f"{right}{text}</th>" for text in texts[1:])


def _html_cells(row: SummaryRow, summary: Summary) -> Iterator[str]:
    bars = {
        3: row.parameters / max(summary.parameters, 1),
        6: row.multiply_adds / max(summary.multiply_adds, 1),
    }
    for number, cell in enumerate(_cells(row, summary)):
        style = "text-align: right; padding: 0.15em 0.6em"
        if number == 0:
            style = (
                f"text-align: left; padding: 0.15em 0.6em; padding-left: {0.5 + 1.5 * row.depth}em"
            )
        elif bars.get(number):
            bar = f"rgba(68, 119, 170, 0.3) {100.0 * bars[number]:.1f}%, transparent 0"
            style += f"; background: linear-gradient(to right, {bar})"
        text = escape(cell) if row.depth else f"<b>{escape(cell)}</b>"
        yield f'<td style="{style}">{text}</td>'


def _percent(part: int, whole: int) -> str:
    if not part:
        return "-"
    percent = 100.0 * part / whole
    return f"{percent:.1f}%" if percent >= 0.05 else "<0.1%"


def _size(count: int) -> str:
    """Write a number of bytes in the unit that leaves it few digits."""
    if not count:
        return "-"
    if count < 1000:
        return f"{count} B"
    power = min((len(str(count)) - 1) // 3, 4)
    return f"{count / 1000**power:.1f} {' kMGT'[power]}B"

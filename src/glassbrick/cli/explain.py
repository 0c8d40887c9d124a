"""`glassbrick explain`: every number of a training step on rows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassbrick.cli.batch import Batch, batch_of
from glassbrick.cli.outputs import require_ending, require_room
from glassbrick.cli.row_numbers import row_numbers
from glassbrick.cli.table_file import TableFile
from glassbrick.files import write_whole
from glassbrick.pages import page
from glassbrick.tape.as_page import page_data

if TYPE_CHECKING:
    from glassbrick.tape import Tape

__all__ = ["run"]


def run(
    model: Path,
    data: Path,
    rows: Sequence[str],
    targets: Sequence[str],
    out: Path | None,
    force: bool,
) -> int:
    """Explain, and print or write; return the exit status."""
    from rich.console import Console

    if out is not None:
        require_ending(out, "--out", (".html", ".htm"))
        require_room(out, "--out", force)
    table = TableFile.read(data, "explain")
    table = table.at(row_numbers(rows, table, "explain"))
    batch = batch_of(model, table, targets)
    tape = batch.net.explain(batch.x, batch.y)
    told = _rows(table, batch)
    if out is None:
        console = Console(highlight=False)
        for row in told:
            console.print(f"Row {row['row']}: {row['prediction']}", markup=False)
        if batch.note:
            console.print(batch.note, markup=False)
        console.print(tape)
        return 0
    title = f"One training step on {_named(told)} of {data.name}"
    content = _page(title, tape, told, batch)
    write_whole(out, content.encode(), "--out", overwrite=force)
    print(f"{title}, loss {tape.loss.total:.6g}, {tape.verdict}: {out}")  # noqa: T201
    return 0


def _rows(table: TableFile, batch: Batch) -> list[dict[str, Any]]:
    """Tell what the rows are, and what the model says of them."""
    places = range(len(table)) if table.rows is None else table.rows.tolist()
    targets = batch.target.split(", ")
    found = []
    for row, place in enumerate(places):
        values = {name: _text(table.table[name][row]) for name in table.names}
        truth = ", ".join(values.pop(name) for name in targets)
        said = f"{batch.told[row]} predicted, " if batch.told else ""
        found.append(
            {
                "row": str(place + 1),
                "values": list(values.items()),
                "target": batch.target,
                "prediction": f"{said}{truth} in the table",
            }
        )
    return found


def _text(value: Any) -> str:
    return "missing" if value is None else str(value)


def _named(told: list[dict[str, Any]]) -> str:
    if len(told) == 1:
        return f"row {told[0]['row']}"
    return f"{len(told)} rows"


def _page(title: str, tape: Tape, told: list[dict[str, Any]], batch: Batch) -> str:
    data = page_data(tape)
    more = {"title": title, "rows": told, "features": batch.features, "subject": batch.note}
    return page("explain", title, {**data, **more})

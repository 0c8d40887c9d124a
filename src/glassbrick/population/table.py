"""The table that a population prints as: in a terminal, in a file, in a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from io import StringIO
from typing import Any

from rich.box import Box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from glassbrick.population.group import PopulationGroup
from glassbrick.population.result import PopulationResult

__all__ = ["as_html", "as_renderables", "as_text", "shown"]

_BLANK, _RULE = "    \n", " -- \n"
_DASHES = Box(2 * (2 * _BLANK + _RULE) + 2 * _BLANK, ascii=True)  # plain, for any file
_MOST = 30  # settings that are printed


def as_text(result: PopulationResult) -> str:
    """Return what any terminal and any file of 80 columns can take."""
    text = StringIO()
    Console(
        file=text, width=80, color_system=None, force_jupyter=False, legacy_windows=False
    ).print(result)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def as_renderables(result: PopulationResult) -> Iterator[RenderableType]:
    """Yield what rich prints: a title, a table, a note."""
    table = Table(box=_DASHES, padding=(0, 1, 0, 0), show_edge=False)
    for head in _heads(result):
        table.add_column(head, justify="right", overflow="fold")
    for number, group in enumerate(result.groups[:_MOST]):
        table.add_row(*map(Text, _cells(result, group)), style="" if number else "bold")
    yield Text(_title(result), "bold")
    yield Text()
    yield table
    yield Text()
    yield Text(_note(result), "dim")


def as_html(result: PopulationResult) -> str:
    """Return a table for notebooks."""
    side = 'style="text-align: right"'
    head = "".join(f"<th {side}>{escape(text)}</th>" for text in _heads(result))
    rows = "".join(
        f"<tr>{''.join(f'<td {side}>{escape(cell)}</td>' for cell in _cells(result, group))}</tr>"
        for group in result.groups[:_MOST]
    )
    return (
        f"<p><b>{escape(_title(result))}</b></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table><p>{escape(_note(result))}</p>"
    )


def shown(value: Any) -> str:
    """Return a setting as short as it can be read."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else getattr(value, "__name__", repr(value))
    return text if len(text) <= 24 else f"{text[:23]}…"


def _heads(result: PopulationResult) -> list[str]:
    heads = [*result.settings, result.compared, "std. error", "std. dev.", "epochs"]
    return heads + (["diverged"] if any(group.diverged for group in result.groups) else [])


def _cells(result: PopulationResult, group: PopulationGroup) -> list[str]:
    """Return the row of a table."""
    settings = [shown(group.settings[n]) if n in group.settings else "" for n in result.settings]
    error = group.standard_error
    numbers = [_to(group.mean, error), _rounded(error), _rounded(group.std)]
    epochs = "" if math.isnan(group.epochs) else f"{group.epochs:.0f}"
    cells = [*settings, *numbers, epochs]
    if any(other.diverged for other in result.groups):
        cells.append(f"{group.diverged} of {len(group.members)}" if group.diverged else "")
    return cells


def _to(number: float, error: float) -> str:
    """Return a number with as many digits as its error lets it have."""
    if not math.isfinite(number):
        return ""
    if not math.isfinite(error) or error <= 0.0:
        return f"{number:.4g}"
    digits = 1 - math.floor(math.log10(error))
    return f"{number:.{min(12, digits)}f}" if digits > 0 else f"{round(number, digits):.0f}"


def _rounded(number: float) -> str:
    if not math.isfinite(number):
        return ""
    return _to(number, number)


def _title(result: PopulationResult) -> str:
    members = result.members
    parts = []
    if len(result.groups) > 1:
        parts.append(f"{len(result.groups):,} settings")
    seeds, folds = len({m.seed for m in members}), len({m.fold for m in members})
    parts.append(f"{seeds:,} seed{'s' if seeds != 1 else ''}")
    if folds > 1:
        parts.append(f"{folds:,} folds")
    return f"{len(members):,} network{'s' if len(members) != 1 else ''}: {', '.join(parts)}"


def _note(result: PopulationResult) -> str:
    """Say what the columns are."""
    folds = len({member.fold for member in result.members}) > 1
    text = (
        f"{result.compared}: the mean, each network in the epoch that it kept; std. error: how far "
        f"the mean may be off, judged by its {'folds' if folds else 'seeds'}; std. dev.: how far "
        "networks differ; epochs: the one kept, on average"
    )
    if len(result.groups) > _MOST:
        text += f". The best {_MOST} of {len(result.groups):,} settings are shown"
    waiting = sum(member.history.stop_reason == "interrupted" for member in result.members)
    return text + (f". {waiting:,} were interrupted" if waiting else "")

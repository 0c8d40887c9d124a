"""What a notebook shows of a history: its curves, and a table of their last and best values."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from glassbrick.svg import to_scroll
from glassbrick.training.curves import curves

if TYPE_CHECKING:
    from glassbrick.training.history import History

__all__ = ["as_html"]

_LEFT, _RIGHT = (f'style="text-align: {side}; padding: 0.15em 0.6em"' for side in ("left", "right"))


def as_html(history: History, caption: str = "") -> str:
    """Return HTML that needs nothing else.

    Parameters
    ----------
    history : History
        Also one without an epoch.
    caption : str
        What is said of the training; by default, how it ended.
    """
    if not history.epochs:
        return f"<p>{escape(caption or 'History: no epoch yet.')}</p>"
    best = history.best_epoch
    heads = ["", "last epoch"] + ([f"best epoch, {best:,}"] if best is not None else [])
    rows = "".join(
        _row([name, values[-1], *([values[best - 1]] if best is not None else [])])
        for name, values in history.history.items()
    )
    head = "".join(
        f"<th {_RIGHT if number else _LEFT}>{text}</th>" for number, text in enumerate(heads)
    )
    return (
        f"{to_scroll(curves(history), 460.0)}\n<p>{escape(caption or _ending(history))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(cells: list[str | float]) -> str:
    """Return the row of a table: a name, and numbers."""
    name, *numbers = cells
    told = "".join(f"<td {_RIGHT}>{number:.6g}</td>" for number in numbers)
    return f"<tr><th {_LEFT}>{escape(str(name))}</th>{told}</tr>"


def _ending(history: History) -> str:
    noun = "epoch" if history.epochs == 1 else "epochs"
    return (
        f"{history.epochs:,} {noun} in {history.seconds:.3g} s on {history.engine}: "
        f"{history.stop_reason}."
    )

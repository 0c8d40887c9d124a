"""The figures of the report, as SVG that takes its colours from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.training import History

__all__ = ["agreement", "bars", "curves"]

# Colours that are drawn nowhere else, and what the page has in their place.
_INK, _ACCENT, _OTHER, _FAINT = "#010203", "#040506", "#070809", "#0a0b0c"
_COLOURS = {
    _INK: "var(--ink)",
    _ACCENT: "var(--accent)",
    _OTHER: "var(--other)",
    _FAINT: "var(--faint)",
}
_MOST_POINTS = 2000
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of columns may have dollar signs
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "font.family": "sans-serif",
    "font.size": 10.5,
}


def curves(histories: Sequence[History]) -> str:
    """Draw the losses of all networks over the epochs, and the best epoch of each."""

    def draw(axes: Any) -> None:
        for number, history in enumerate(histories):
            epochs = history.epoch
            seen, not_seen = ("rows seen", "rows not seen") if number == 0 else (None, None)
            axes.plot(epochs, history.loss, color=_OTHER, linewidth=1, label=seen)
            axes.plot(epochs, history.val_loss, color=_ACCENT, linewidth=1.4, label=not_seen)
            if history.best_epoch is not None:
                axes.plot(history.best_epoch, history.best_loss, "o", color=_ACCENT, markersize=5)
        losses = [loss for history in histories for loss in (*history.loss, *history.val_loss)]
        if min(losses) > 0.0 and max(losses) > 10.0 * min(losses):
            axes.set_yscale("log")
            for which in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
                which(_plain_numbers)
        axes.set(xlabel="epoch", ylabel="loss")
        axes.legend(frameon=False)

    return _svg("curves", (4.8, 3.0), draw)


def agreement(actual: Array, predicted: Array, width: float | None, name: str) -> str:
    """Draw predicted against actual values, with the band that holds nine of ten."""

    def draw(axes: Any) -> None:
        low = min(actual.min(), predicted.min())
        high = max(actual.max(), predicted.max())
        margin = 0.04 * (high - low) or 1.0
        ends = np.array([low - margin, high + margin])
        if width is not None:
            label = "90 % interval"
            axes.fill_between(ends, ends - width, ends + width, color=_FAINT, lw=0, label=label)
        axes.plot(ends, ends, color=_INK, linewidth=1)
        step = -(-len(actual) // _MOST_POINTS)
        points = {"s": 14, "alpha": 0.7, "linewidths": 0}
        axes.scatter(actual[::step], predicted[::step], c=_ACCENT, **points)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
        axes.set(xlabel=f"actual {_short(name)}", ylabel=f"predicted {_short(name)}")
        if width is not None:
            axes.legend(frameon=False, loc="upper left")

    return _svg("agreement", (4.6, 4.3), draw)


def bars(named: Sequence[tuple[str, float]], label: str) -> str:
    """Draw a bar for each name, the first on top."""

    def draw(axes: Any) -> None:
        names = [_short(name) for name, _ in named]
        places = np.arange(len(named))
        axes.barh(places, [value for _, value in named], color=_ACCENT, height=0.66)
        axes.set_yticks(places, labels=names)
        axes.invert_yaxis()
        axes.axvline(0.0, color=_INK, linewidth=0.8)
        axes.set(xlabel=label)
        axes.tick_params(axis="y", length=0)

    return _svg("bars", (4.8, 0.8 + 0.27 * len(named)), draw)


def _svg(name: str, size: tuple[float, float], draw: Callable[[Any], None]) -> str:
    """Return a drawing as the element that stands in a page."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}), np.errstate(all="ignore"):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_visible(False)
        axes = figure.subplots()
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.2, color=_INK)
        axes.set_axisbelow(True)
        draw(axes)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return _for_a_page(file.getvalue(), name)


def _for_a_page(text: str, name: str) -> str:
    """Take an SVG file apart from all that a page has no use for."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(r' id="([\w-]+)"', lambda m: m[0] if m[1] in used else "", text)
    for colour, ours in _COLOURS.items():
        text = text.replace(colour, ours)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", text)
    size = re.search(r'<svg[^>]*? width="([\d.]+)pt"', text)
    width = 1.6 * float(size[1]) if size else 600.0
    shown = f'<svg class="figure" role="img" aria-label="{name}" style="max-width:{width:.0f}px"'
    head, rest = text.split(">", 1)
    head = re.sub(r' (width|height)="[\d.]+pt"', "", head).replace("<svg", shown, 1)
    return f"{head}>{rest}"


def _plain_numbers(value: float, place: int) -> str:  # noqa: ARG001
    """Label 1, 2 and 5 of each power of ten, without mathematical type."""
    digit = f"{value:e}"[0]
    return f"{value:g}" if digit in "125" else ""


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"

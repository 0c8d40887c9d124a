"""The figures of the report: displays as SVG that takes its colours from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.displays import CalibrationDisplay, HistoryDisplay, PredictionErrorDisplay
from glassbrick.drawing import BLUE, GREY, INK, PALE, RED, SOFT, dress, short, styled
from glassbrick.training import History

__all__ = ["agreement", "bars", "calibration", "curves", "residuals"]

# What the page has in the place of our colours, in light and in dark.
_COLOURS = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    GREY: "var(--mid)",
    PALE: "var(--pale)",
    BLUE: "var(--blue)",
    RED: "var(--red)",
    "#ffffff": "var(--page)",
}
_SETTINGS: dict[Any, Any] = {
    "text.color": INK,
    "axes.facecolor": "white",
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "legend.fontsize": 9.5,
}
_SIZE = (4.4, 3.9)


def curves(histories: Sequence[History]) -> str:
    """Draw the losses of all networks over the epochs, and the best epoch of each."""
    display = HistoryDisplay(histories, metrics=())

    def draw(axes: Any) -> str:
        display.plot(axes)
        return "Losses in training and in validation over the epochs."

    return _figure("curves", (5.6, 3.4), draw)


def agreement(
    actual: Array, predicted: Array, interval: float | None, coverage: float, name: str
) -> str:
    """Draw actual values over predicted ones, with the band that holds most of them."""
    told: dict[str, Any] = {"name": name, "interval": interval, "coverage": coverage}
    display = PredictionErrorDisplay(actual, predicted, **told)

    def draw(axes: Any) -> str:
        display.plot(axes)
        return f"Each row by predicted and actual {name}:"

    return _figure("agreement", _SIZE, draw)


def residuals(actual: Array, predicted: Array, interval: float | None, coverage: float) -> str:
    """Draw the errors over what was predicted."""
    display = PredictionErrorDisplay(actual, predicted, interval=interval, coverage=coverage)

    def draw(axes: Any) -> str:
        display.plot(axes, kind="residual_vs_predicted")
        axes.set_xlabel("predicted")
        return "What is left, actual minus predicted:"

    return _figure("residuals", _SIZE, draw)


def calibration(truth: Array, probabilities: Array, classes: Sequence[str], name: str) -> str:
    """Draw how often it is so, over how probable it was said to be."""
    numbers = np.arange(len(classes))

    def draw(axes: Any) -> str:
        right = probabilities.argmax(axis=1) == truth
        happened, said, what = right, probabilities.max(axis=1), "of the predicted class"
        if len(classes) == 2:
            happened, said = truth == numbers[1], probabilities[:, 1]
            what = f"that {name} is {classes[1]}"
        CalibrationDisplay(happened, np.clip(said, 0.0, 1.0), name=what).plot(axes)
        return "How often it is so, over how probable it was said to be:"

    return _figure("calibration", (4.4, 4.8), draw)


def bars(named: Sequence[tuple[str, float]], label: str) -> str:
    """Draw a bar for each name, the first on top."""

    def draw(axes: Any) -> str:
        dress(axes)
        places = np.arange(len(named))
        axes.barh(places, [value for _, value in named], color=BLUE, height=0.66)
        axes.set_yticks(places, labels=[short(name) for name, _ in named])
        axes.invert_yaxis()
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.set(xlabel=label)
        axes.tick_params(axis="y", length=0)
        return f"By column, {label}."

    return _figure("bars", (5.0, 0.8 + 0.27 * len(named)), draw)


def _figure(name: str, size: tuple[float, float], draw: Callable[[Any], str]) -> str:
    """Return a drawing as the element that stands in a page, with its figures below it."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with styled("--report"), mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_visible(False)
        axes = figure.subplots()
        axes.patch.set_visible(False)
        said = draw(axes)
        told = axes.get_title(loc="left").replace(r"\$", "$")
        axes.set_title("", loc="left")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    drawn = _for_a_page(file.getvalue(), f"{said} {told}".strip())
    caption = f"<figcaption>{escape(said)} {escape(told)}.</figcaption>" if told else ""
    return f"<figure>{drawn}{caption}</figure>"


def _for_a_page(text: str, said: str) -> str:
    """Take an SVG file apart from all that a page has no use for."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"\n\s*<!--.*?-->", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(r' id="([\w-]+)"', lambda m: m[0] if m[1] in used else "", text)
    for colour, ours in _COLOURS.items():
        text = text.replace(colour, ours)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", text)
    size = re.search(r'<svg[^>]*? width="([\d.]+)pt"', text)
    width = 1.45 * float(size[1]) if size else 600.0
    label = escape(said, quote=True)
    shown = f'<svg class="figure" role="img" aria-label="{label}" style="max-width:{width:.0f}px"'
    head, rest = text.split(">", 1)
    head = re.sub(r' (width|height)="[\d.]+pt"', "", head).replace("<svg", shown, 1)
    return f"{head}>{rest}"

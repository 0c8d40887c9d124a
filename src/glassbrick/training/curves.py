"""Learning curves as SVG: what a history shows in a notebook, without matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from glassbrick.svg import document, element, fit, label, room_of

if TYPE_CHECKING:
    from glassbrick.training.history import History

__all__ = ["curves"]

_WIDTH, _MARGIN, _HEAD, _FOOT = 640.0, 16.0, 30.0, 26.0
_TALL, _LOW, _SMALL = 200.0, 110.0, 11.0
_MOST_PANELS, _MOST_POINTS = 4, 300
_FEW = 25  # epochs, up to which each gets a dot
_WIDE = 10.0  # ratio of largest to smallest value, from which on the scale is logarithmic


@dataclass(frozen=True)
class _Scale:
    """From numbers to places."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.is_log:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def curves(history: History) -> str:
    """Draw losses and metrics over the epochs, and mark the best epoch.

    Parameters
    ----------
    history : History
        With at least one epoch.
    """
    names = _panels(history)
    left = _MARGIN + max(room_of("epoch", _SMALL), *(_label_room(history, n) for n in names)) + 8.0
    right = _WIDTH - _MARGIN
    epochs = _Scale(1.0, max(history.epochs, 2.0), left, right)
    top, found = _MARGIN, []
    for name in names:
        height = _TALL if name == "loss" else _LOW
        found += _panel(history, name, epochs, top + _HEAD, top + _HEAD + height)
        top += _HEAD + height + 12.0
    bottom = top - 12.0
    for epoch in _steps(1.0, epochs.high, 6):
        if epoch == int(epoch):
            text = f"{int(epoch):,}"
            found.append(label(text, epochs(epoch), bottom + 13.0, _SMALL, "soft", **_CENTRED))
    unit = label("epoch", _MARGIN, bottom + 13.0, _SMALL, "soft")
    return document(
        [*found, unit],
        (_WIDTH, bottom + _FOOT),
        f"Learning curves over {history.epochs} epochs",
        "; ".join(_told(history, name) for name in names) + ".",
    )


_CENTRED = {"text_anchor": "middle"}


def _panels(history: History) -> list[str]:
    """Return what is drawn: the loss, and metrics, without what stays as it is."""
    names = ["loss"]
    for name, values in history.metrics.items():
        short = name.removeprefix("val_")
        if short not in names and len(set(values)) > 1 and _finite(values):
            names.append(short)
    return names[:_MOST_PANELS]


def _lines(history: History, name: str) -> list[tuple[str, Sequence[float]]]:
    """Return the lines of a panel, and the class of their colours."""
    pairs = (("training", name), ("validation", f"val_{name}"))
    return [(ink, history[found]) for ink, found in pairs if found in history]


def _panel(history: History, name: str, epochs: _Scale, top: float, bottom: float) -> list[Element]:
    lines = _lines(history, name)
    scale = _scale_of([value for _, values in lines for value in values], top, bottom)
    found = []
    for value in _marks(scale):
        y = scale(value)
        found.append(element("line", "grid", x1=epochs.start, y1=y, x2=epochs.end, y2=y))
        text = f"{value:,g}"
        place = epochs.start - 8.0
        found.append(label(text, place, y, _SMALL, "soft", text_anchor="end"))
    for ink, values in lines:
        path = " ".join(_path(values, epochs, scale))
        shape = {"d": path, "fill": "none", "stroke_linejoin": "round"}
        found.append(element("path", ink, stroke_width=1.8, **shape))
        if len(values) <= _FEW:
            found += [
                element("circle", ink, cx=epochs(epoch), cy=scale(value), r=1.0, stroke_width=2.0)
                for epoch, value in enumerate(values, 1)
                if scale.low <= value <= scale.high
            ]
    best = history.best_epoch
    if best is not None and lines[-1][0] == "validation":
        value = lines[-1][1][best - 1]
        if scale.low <= value <= scale.high:
            found.append(element("circle", "best", cx=epochs(best), cy=scale(value), r=5.0))
    return found + _legend(history, name, lines, top - 15.0)


def _legend(
    history: History, name: str, lines: Sequence[tuple[str, Sequence[float]]], y: float
) -> list[Element]:
    """Name the panel and its lines, with their last values, and the best one."""
    title = fit(name, 13.0, 150.0, is_bold=True)
    found = [label(title, _MARGIN, y, 13.0, font_weight="bold")]
    x = _MARGIN + room_of(title, 13.0, is_bold=True) + 22.0
    for ink, values in lines:
        found.append(element("line", ink, x1=x, y1=y, x2=x + 20.0, y2=y, stroke_width=2.5))
        text = f"{ink} {values[-1]:.4g}"
        found.append(label(text, x + 26.0, y, _SMALL))
        x += 26.0 + room_of(text, _SMALL) + 16.0
    best = history.best_epoch
    if name == "loss" and best is not None:
        found.append(element("circle", "best", cx=x + 5.0, cy=y, r=5.0))
        text = f"best {history.val_loss[best - 1]:.4g}, epoch {best:,}"
        found.append(label(text, x + 15.0, y, _SMALL))
    return found


def _path(values: Sequence[float], epochs: _Scale, scale: _Scale) -> Iterator[str]:
    """Yield the steps of a line, which has gaps where there is no number."""
    is_down = False
    for epoch, value in _few(values):
        if not scale.low <= value <= scale.high:  # NaN, too
            is_down = False
            continue
        yield f"{'L' if is_down else 'M'}{epochs(epoch):.1f} {scale(value):.1f}"
        is_down = True


def _few(values: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Yield epochs and values, of many the smallest and the largest of each stretch."""
    size = -(-len(values) // _MOST_POINTS)
    for start in range(0, len(values), size):
        stretch = list(enumerate(values[start : start + size], start + 1))
        kept = {pick(stretch, key=_by_value) for pick in (min, max)} if size > 1 else stretch
        yield from sorted(kept)


def _by_value(pair: tuple[int, float]) -> float:
    return pair[1] if math.isfinite(pair[1]) else 0.0


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _scale_of(values: Sequence[float], top: float, bottom: float) -> _Scale:
    """Return the scale that holds all finite values."""
    finite = _finite(values) or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if low > 0.0 and high > _WIDE * low:
        return _Scale(low, high, bottom - 6.0, top + 6.0, is_log=True)
    if low == high:
        low, high = low - (abs(low) or 1.0), high + (abs(high) or 1.0)
    return _Scale(low, high, bottom - 6.0, top + 6.0)


def _marks(scale: _Scale) -> list[float]:
    """Return round numbers on a scale, about four."""
    if not scale.is_log:
        return _steps(scale.low, scale.high, 4)
    decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    digits = (1.0, 2.0, 5.0) if scale.high < 200.0 * scale.low else (1.0,)
    every = -(-len(decades) // 6)
    found = [digit * 10.0**power for power in decades[::every] for digit in digits]
    return [value for value in found if scale.low <= value <= scale.high]


def _steps(low: float, high: float, count: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten, at most about so many."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1.0, 2.0, 5.0, 10.0) if power * digit >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _label_room(history: History, name: str) -> float:
    values = [value for _, line in _lines(history, name) for value in line]
    marks = _marks(_scale_of(values, 0.0, 1.0))
    return max((room_of(f"{value:,g}", _SMALL) for value in marks), default=30.0)


def _told(history: History, name: str) -> str:
    """Tell in words what a panel shows."""
    lines = [f"{ink} {values[-1]:.4g}" for ink, values in _lines(history, name)]
    best = history.best_epoch
    if name == "loss" and best is not None:
        lines.append(f"best {history.val_loss[best - 1]:.4g} after epoch {best}")
    return f"{name} at the end: {', '.join(lines)}"

"""The boxes of a diagram: of an operation, a layer, the data, the loss; and arrows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from glassbrick.diagram.parts import Part
from glassbrick.svg import element, fit, label, room_of

__all__ = [
    "PAD",
    "Box",
    "arrow",
    "end_box",
    "head",
    "head_room",
    "heading",
    "line",
    "nothing",
    "pills",
]

PAD = 12.0
"""How far things are from the border of the box that they are in."""

_PILL, _GAP = 24.0, 6.0
_NAME, _SMALL = 13.0, 11.0
_MOST = 210.0  # room for a text

_STROKE: dict[str, float | str] = {
    "fill": "none",
    "stroke_width": 1.4,
    "stroke_linejoin": "round",
    "stroke_linecap": "round",
}

_Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """Something with a size that can be drawn at a place.

    Attributes
    ----------
    width, height : float
        The size.
    axis : float
        Where data passes through, counted across its way from the left or the top.
    draw : callable
        Returns the elements, given the place of the upper left corner.
    """

    width: float
    height: float
    axis: float
    draw: Callable[[float, float], list[Element]]


def heading(part: Part) -> tuple[str, str]:
    """Return the name of a layer, and what it is, as two lines."""
    count = part.parameters
    noun = "parameter" if count == 1 else "parameters"
    return part.name, f"{part.kind}, {count:,} {noun}" if count else part.kind


def head_room(texts: tuple[str, str]) -> float:
    """Return the width of two lines at the head of a box."""
    name, what = texts
    return min(_MOST, max(room_of(name, _NAME, is_bold=True), room_of(what, _SMALL)))


def head(texts: tuple[str, str], x: float, y: float, room: float) -> list[Element]:
    """Draw two lines at the head of a box; they are 34 high."""
    name, what = texts
    return [
        label(fit(name, _NAME, room, is_bold=True), x, y + 8.0, _NAME, font_weight="bold"),
        label(fit(what, _SMALL, room), x, y + 25.0, _SMALL, "soft"),
    ]


def _pill(text: str) -> Box:
    """Return the box of an operation."""
    text = fit(text, _SMALL, _MOST)
    width = room_of(text, _SMALL) + 20.0

    def draw(x: float, y: float, width: float = width) -> list[Element]:
        return [
            element("rect", "pill", x=x, y=y, width=width, height=_PILL, rx=_PILL / 2.0),
            label(text, x + width / 2.0, y + _PILL / 2.0, _SMALL, text_anchor="middle"),
        ]

    return Box(width, _PILL, _PILL / 2.0, draw)


def pills(labels: Sequence[str], *, in_a_row: bool) -> Box:
    """Return the boxes of operations, one below the other or side by side, in their order."""
    boxes = [_pill(text) for text in labels]
    if not boxes:
        return Box(0.0, 0.0, 0.0, nothing)
    if in_a_row:
        width = sum(box.width for box in boxes) + _GAP * (len(boxes) - 1)
        height = _PILL
    else:
        width = max(box.width for box in boxes)
        height = (_PILL + _GAP) * len(boxes) - _GAP

    def draw(x: float, y: float) -> list[Element]:
        found = []
        for box in boxes:
            left = x if in_a_row else x + (width - box.width) / 2.0
            found += box.draw(left, y)
            x, y = (x + box.width + _GAP, y) if in_a_row else (x, y + _PILL + _GAP)
        return found

    return Box(width, height, 0.0, draw)


def end_box(name: str, what: str, more: str = "") -> Box:
    """Return the box of what goes in or comes out: the data, the prediction, the target."""
    lines = [line for line in (fit(what, _SMALL, _MOST), fit(more, _SMALL, 150.0)) if line]
    rooms = [room_of(name, _NAME, is_bold=True), *(room_of(line, _SMALL) for line in lines)]
    width, height = max(rooms) + 28.0, 28.0 + 16.0 * len(lines)

    def draw(x: float, y: float) -> list[Element]:
        middle = x + width / 2.0
        found = [
            element("rect", "end", x=x, y=y, width=width, height=height, rx=14.0),
            label(name, middle, y + 14.0, _NAME, font_weight="bold", text_anchor="middle"),
        ]
        for number, line in enumerate(lines):
            below = y + 31.0 + 16.0 * number
            found.append(label(line, middle, below, _SMALL, "soft", text_anchor="middle"))
        return found

    return Box(width, height, height / 2.0, draw)


def nothing(x: float, y: float) -> list[Element]:  # noqa: ARG001
    """Draw nothing."""
    return []


def line(*points: _Point) -> Element:
    """Draw a line through points."""
    return element("path", "wire", d=_path(points), **_STROKE)


def arrow(*points: _Point) -> Element:
    """Draw a line with a tip at its end."""
    (x0, y0), (x1, y1) = points[-2:]
    length = max(abs(x1 - x0), abs(y1 - y0)) or 1.0
    along, across = (x1 - x0) / length, (y1 - y0) / length
    wings = [
        (x1 - 6.0 * along + 4.0 * turn * across, y1 - 6.0 * across - 4.0 * turn * along)
        for turn in (1.0, -1.0)
    ]
    tip = [wings[0], (x1, y1), wings[1]]
    return element("path", "wire", d=_path(points) + _path(tip), **_STROKE)


def _path(points: Sequence[_Point]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)

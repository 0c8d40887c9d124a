"""The diagram of a small network: circles are neurons, lines are weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

from glassbrick.diagram.blocks import columns, loss_box, summary_of
from glassbrick.diagram.boxes import PAD, arrow, head, head_room, heading, pills
from glassbrick.diagram.flow import Flow
from glassbrick.diagram.links import Link, links_of, widths_of
from glassbrick.diagram.parts import Part, Plan
from glassbrick.operations import BiasAdd
from glassbrick.svg import element, fit, label, room_of

__all__ = ["draw_neurons"]

_MARGIN, _HEAD, _GAP, _FOOT = 20.0, 46.0, 20.0, 40.0
_SMALL, _MOST_NAME, _LINES = 11.0, 130.0, 76.0
_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class _Grid:
    """The heights that all columns share."""

    def __init__(self, plan: Plan):
        most = max(widths_of(plan))
        self.pitch = 44.0 if most <= 4 else 34.0 if most <= 8 else 27.0
        self.radius = 0.32 * self.pitch
        self.room = max(most * self.pitch, 110.0)
        self.pills = _MARGIN + _HEAD + self.room + 4.0
        deepest = max(pills(part.labels, in_a_row=False).height for part in plan.parts)
        self.bottom = self.pills + (deepest + PAD if deepest else 4.0)

    @property
    def middle(self) -> float:
        """The height of the middle of all circles."""
        return _MARGIN + _HEAD + self.room / 2.0

    def heights(self, count: int) -> list[float]:
        """Return the heights of so many circles."""
        return [self.middle + (row - (count - 1) / 2.0) * self.pitch for row in range(count)]

    def end(self, left: float, width: float, count: int) -> Element:
        """Draw the box of data or prediction, around so many columns, with room for a head."""
        top, room = self.end_top(count), count * self.pitch + _HEAD + 4.0
        return element("rect", "end", x=left, y=top, width=width, height=room, rx=14.0)

    def end_top(self, count: int) -> float:
        """Return the height where that box begins."""
        return self.middle - count * self.pitch / 2.0 - _HEAD


@dataclass(frozen=True)
class _Column:
    """The neurons of a layer, or the columns of the data, and the box around them."""

    left: float
    width: float
    x: float  # of the circles
    heights: Sequence[float]
    names: Sequence[str]
    part: Part | None = None

    @property
    def right(self) -> float:
        return self.left + self.width


def draw_neurons(plan: Plan) -> tuple[list[Element], tuple[float, float]]:
    """Draw a network from left to right.

    Returns
    -------
    list of Element, (width, height)
    """
    grid = _Grid(plan)
    widths = widths_of(plan)
    row = [_data(plan, grid)]
    for part, width in zip(plan.parts, widths[1:], strict=True):
        row.append(_layer(part, width, row[-1].right + _GAP, grid))
    links = [
        list(links_of(part, width, has_weights=plan.has_weights))
        for part, width in zip(plan.parts, widths, strict=False)
    ]
    sizes = [abs(link.weight) for lines in links for link in lines if math.isfinite(link.weight)]
    largest = max(sizes, default=0.0)
    found = _data_frame(plan, row[0], grid)
    for part, column in zip(plan.parts, row[1:], strict=True):
        found += _frame(part, column, grid)
    for lines, ends in zip(links, pairwise(row), strict=True):
        found.append(_lines(lines, *ends, grid.radius, largest))
    found += [_circles(column, grid.radius, has_weights=plan.has_weights) for column in row]
    end, right = _ends(plan, row[-1], grid)
    foot, foot_right = _foot(plan, largest, grid.bottom + 22.0)
    return found + end + foot, (max(right, foot_right) + _MARGIN, grid.bottom + _FOOT)


def _data(plan: Plan, grid: _Grid) -> _Column:
    width = widths_of(plan)[0]
    names = plan.features or tuple(_numbered("x", width))
    texts = ("data", columns(plan.inputs, "feature"))
    room = max(map(_name_room, names)) + 8.0 + 2.0 * grid.radius
    whole = max(room, head_room(texts)) + 2.0 * PAD
    x = _MARGIN + whole - PAD - grid.radius
    return _Column(_MARGIN, whole, x, grid.heights(width), names)


def _layer(part: Part, width: int, left: float, grid: _Grid) -> _Column:
    room = max(
        pills(part.labels, in_a_row=False).width,
        head_room(heading(part)),
        _LINES + 2.0 * grid.radius,
    )
    whole = room + 2.0 * PAD
    x = left + whole - PAD - grid.radius
    names = [f"neuron {number + 1} of {part.name}" for number in range(width)]
    return _Column(left, whole, x, grid.heights(width), names, part)


def _data_frame(plan: Plan, column: _Column, grid: _Grid) -> list[Element]:
    texts = ("data", columns(plan.inputs, "feature"))
    count, room = len(column.heights), column.width - 2.0 * PAD
    found = [grid.end(column.left, column.width, count)]
    found += head(texts, column.left + PAD, grid.end_top(count) + 6.0, room)
    right = column.x - grid.radius - 7.0
    for name, height in zip(column.names, column.heights, strict=True):
        text = fit(name, _SMALL, _MOST_NAME)
        found.append(label(text, right, height, _SMALL, text_anchor="end"))
    return found


def _frame(part: Part, column: _Column, grid: _Grid) -> list[Element]:
    """Draw the box of a layer, its head and its operations."""
    x, width = column.left, column.width
    sizes = {"width": width, "height": grid.bottom - _MARGIN}
    operations = pills(part.labels, in_a_row=False)
    return [
        element("rect", "frame", x=x, y=_MARGIN, rx=9.0, **sizes),
        *head(heading(part), x + PAD, _MARGIN + 6.0, width - 2.0 * PAD),
        *operations.draw(x + (width - operations.width) / 2.0, grid.pills),
    ]


def _lines(
    links: Sequence[Link], before: _Column, after: _Column, radius: float, largest: float
) -> Element:
    """Draw the weights of a layer: colour tells the sign, width and opacity the size."""
    group = element("g", **{"class": "weights"})
    for source, target, weight in sorted(links, key=lambda link: _share(link.weight, largest)):
        share = _share(weight, largest)
        is_known = math.isfinite(weight)
        ink = "zero" if not is_known or weight == 0.0 else "plus" if weight > 0.0 else "minus"
        line = element(
            "line",
            ink,
            x1=before.x + radius,
            y1=before.heights[source],
            x2=after.x - radius,
            y2=after.heights[target],
            stroke_width=0.5 + 3.0 * share if is_known else 0.9,
            stroke_opacity=0.3 + 0.7 * share if is_known else 0.6,
        )
        told = f": {weight:.4g}" if is_known else ""
        title = f"{before.names[source]} to {after.names[target]}{told}"
        line.append(element("title", text=title))
        group.append(line)
    return group


def _share(weight: float, largest: float) -> float:
    """Return the size of a weight as a share of the largest one."""
    if not math.isfinite(weight):
        return 0.0
    return abs(weight) / largest if largest else 0.0


def _circles(column: _Column, radius: float, *, has_weights: bool) -> Element:
    """Draw neurons; pointing at one tells its bias."""
    group = element("g", **{"class": "neurons"})
    operations = column.part.operations if column.part else ()
    biases = [op.param.ravel() for op in operations if isinstance(op, BiasAdd)]
    for number, (name, height) in enumerate(zip(column.names, column.heights, strict=True)):
        circle = element("circle", "neuron", cx=column.x, cy=height, r=radius, stroke_width=1.4)
        bias = f", bias {biases[0][number]:.4g}" if biases and has_weights else ""
        circle.append(element("title", text=f"{name}{bias}"))
        group.append(circle)
    return group


def _ends(plan: Plan, last: _Column, grid: _Grid) -> tuple[list[Element], float]:
    """Draw the prediction, and the loss that compares it with the target."""
    count = len(last.heights)
    names = plan.outputs or tuple(_numbered("ŷ", count))
    texts = ("prediction", columns(plan.parts[-1].shape, "output"))
    left = last.right + _GAP + 14.0
    width = max(*map(_name_room, names), head_room(texts)) + 2.0 * PAD
    found = [grid.end(left, width, count)]
    found += head(texts, left + PAD, grid.end_top(count) + 6.0, width - 2.0 * PAD)
    for name, height in zip(names, last.heights, strict=True):
        found.append(arrow((last.x + grid.radius, height), (left, height)))
        found.append(label(fit(name, _SMALL, _MOST_NAME), left + PAD, height, _SMALL))
    loss = loss_box(plan.loss, Flow(is_across=True))
    start = left + width + 36.0
    found.append(arrow((left + width, grid.middle), (start, grid.middle)))
    found += loss.draw(start, grid.middle - loss.axis)
    return found, start + loss.width


def _foot(plan: Plan, largest: float, y: float) -> tuple[list[Element], float]:
    """Say how many parameters there are, and what the lines mean."""
    x, found = _MARGIN, []
    for ink, text in _legend(plan, largest):
        if ink:
            found.append(element("line", ink, x1=x, y1=y, x2=x + 22.0, y2=y, stroke_width=2.5))
            x += 29.0
        found.append(label(text, x, y, _SMALL, "soft"))
        x += room_of(text, _SMALL) + 20.0
    return found, x - 20.0


def _legend(plan: Plan, largest: float) -> Iterator[tuple[str, str]]:
    yield "", summary_of(plan)
    if largest:
        yield "plus", "positive weight"
        yield "minus", "negative weight"
        yield "", f"the wider, the larger: at most {largest:.3g}"


def _numbered(letter: str, count: int) -> Iterator[str]:
    return (f"{letter}{str(number + 1).translate(_DIGITS)}" for number in range(count))


def _name_room(name: str) -> float:
    return min(_MOST_NAME, room_of(name, _SMALL))

"""How boxes follow each other on the way of the data: left to right, or top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from glassbrick.diagram.boxes import (
    PAD,
    Box,
    arrow,
    head,
    head_room,
    heading,
    line,
    nothing,
    pills,
)
from glassbrick.diagram.parts import Part, by
from glassbrick.svg import element, label, room_of

__all__ = ["Flow", "note"]

_LEAD, _GAP, _HEAD, _NOTE, _RING = 26.0, 36.0, 44.0, 10.5, 9.0

_Place = tuple[float, float]  # along the way of the data, and across it


@dataclass(frozen=True)
class _Way:
    """Boxes at their places, and what joins them, both relative to where data comes in."""

    length: float
    before: float  # how far it reaches to the left or the top of the axis
    after: float
    boxes: Sequence[tuple[float, float, Box]] = ()  # where each begins, and its axis
    paths: Sequence[tuple[bool, Sequence[_Place]]] = ()  # whether with a tip; through what
    notes: Sequence[tuple[float, str]] = ()
    signs: Sequence[tuple[str, _Place, float]] = ()


class Flow:
    """A direction, in which boxes are put together.

    Parameters
    ----------
    is_across : bool
        Whether data goes from left to right, and not down.
    """

    def __init__(self, is_across: bool):
        self.is_across = is_across

    def box_of(self, part: Part) -> Box:
        """Return the box of a layer, with all that is in it."""
        return self._frame(part) if part.parts else self._leaf(part)

    def row(self, boxes: Sequence[Box], notes: Sequence[str]) -> Box:
        """Return boxes one after the other, and the arrows between them with their notes."""
        way = self._row(boxes, notes)
        return self._as_box(way, nothing)

    def length(self, box: Box) -> float:
        """Return the size of a box on the way of the data."""
        return box.width if self.is_across else box.height

    def breadth(self, box: Box) -> float:
        """Return the size of a box across it."""
        return box.height if self.is_across else box.width

    def _leaf(self, part: Part) -> Box:
        inside, texts = pills(part.labels, in_a_row=not self.is_across), heading(part)
        width = max(inside.width, head_room(texts)) + 2.0 * PAD
        height = _HEAD + (inside.height + PAD if part.labels else 0.0)

        def draw(x: float, y: float) -> list[Element]:
            start = x + (width - inside.width) / 2.0
            return [
                element("rect", "frame", x=x, y=y, width=width, height=height, rx=9.0),
                *head(texts, x + PAD, y + 6.0, width - 2.0 * PAD),
                *inside.draw(start if self.is_across else x + PAD, y + _HEAD),
            ]

        return Box(width, height, (height if self.is_across else width) / 2.0, draw)

    def _frame(self, part: Part) -> Box:
        ways = {"series": self._inside, "residual": self._round, "concatenate": self._side_by_side}
        way, texts = ways[part.join](part), heading(part)
        before = way.before + (_HEAD if self.is_across else PAD)
        if not self.is_across:  # the way goes past the head
            before = max(before, head_room(texts) + 2.0 * PAD)
        way = replace(way, before=before, after=way.after + PAD)

        def frame(x: float, y: float) -> list[Element]:
            sizes = (way.length, way.before + way.after)
            width, height = sizes if self.is_across else sizes[::-1]
            room = (width if self.is_across else way.before) - 2.0 * PAD
            outline = element("rect", "frame", x=x, y=y, width=width, height=height, rx=12.0)
            return [outline, *head(texts, x + PAD, y + 6.0, room)]

        return self._as_box(way, frame)

    def _row(self, boxes: Sequence[Box], notes: Sequence[str], lead: float = 0.0) -> _Way:
        """Put boxes one after the other."""
        places, paths, told, at = [], [], [], lead
        for number, box in enumerate(boxes):
            if number:
                gap = self._gap(notes[number - 1])
                paths.append((True, [(at, 0.0), (at + gap, 0.0)]))
                told.append((at + gap / 2.0, notes[number - 1]))
                at += gap
            places.append((at, 0.0, box))
            at += self.length(box)
        before = max(box.axis for box in boxes)
        after = max(self.breadth(box) - box.axis for box in boxes)
        return _Way(at, before, after, places, paths, told)

    def _inside(self, part: Part) -> _Way:
        """Put layers into a frame, one after the other, and lead data in and out."""
        lead = self._lead
        boxes = [self.box_of(child) for child in part.parts]
        row = self._row(boxes, [note(child) for child in part.parts[:-1]], lead)
        ends = [(True, [(0.0, 0.0), (lead, 0.0)])]
        ends += [(False, [(row.length, 0.0), (row.length + _LEAD, 0.0)])]
        paths = [*row.paths, *ends]
        return _Way(row.length + _LEAD, row.before, row.after, row.boxes, paths, row.notes)

    def _round(self, part: Part) -> _Way:
        """Lead data through layers and round them, and add both."""
        way = self._inside(part)
        end, split = way.length, self._lead - 0.6 * _LEAD
        side, ring = -way.before - 14.0, end + _RING
        paths = [
            *way.paths[:-1],
            (True, [(end - _LEAD, 0.0), (end, 0.0)]),
            (True, [(split, 0.0), (split, side), (ring, side), (ring, -_RING)]),
            (False, [(end + 2.0 * _RING, 0.0), (end + 2.0 * _RING + _LEAD, 0.0)]),
        ]
        signs = [("dot", (split, 0.0), 0.0), ("plus", (ring, 0.0), _RING)]
        length = end + 2.0 * _RING + _LEAD
        before, after = 4.0 - side, max(way.after, _RING)
        return replace(way, length=length, before=before, after=after, paths=paths, signs=signs)

    def _side_by_side(self, part: Part) -> _Way:
        """Lead data through each branch, and put their outputs side by side."""
        boxes = [self.box_of(branch) for branch in part.parts]
        start = self._lead + 0.6 * _LEAD
        split, at, lanes = start - _LEAD, 0.0, []
        for box in boxes:
            lanes.append(at + box.axis)
            at += self.breadth(box) + 14.0
        half = len(lanes) // 2  # an odd number has one straight ahead
        middle = lanes[half] if len(lanes) % 2 else (lanes[half - 1] + lanes[half]) / 2.0
        bar = start + max(map(self.length, boxes)) + max(self._gap(note(p)) for p in part.parts)
        places, paths = [], [(False, [(0.0, 0.0), (split, 0.0)])]
        for box, lane in zip(boxes, lanes, strict=True):
            across, end = lane - middle, start + self.length(box)
            places.append((start, across, box))
            paths += [(True, [(split, 0.0), (split, across), (start, across)])]
            paths += [(True, [(end, across), (bar, across)])]
        paths += [(False, [(bar + 5.0, 0.0), (bar + 5.0 + _LEAD, 0.0)])]
        centre = (lanes[0] + lanes[-1]) / 2.0 - middle
        signs = [("dot", (split, 0.0), 0.0), ("bar", (bar, centre), lanes[-1] - lanes[0] + 24.0)]
        after = at - 14.0 - middle
        return _Way(bar + 5.0 + _LEAD, middle, after, places, paths, (), signs)

    @property
    def _lead(self) -> float:
        """How long the way is before the first box in a frame; down, it goes past the head."""
        return _LEAD if self.is_across else _HEAD + _LEAD - 8.0

    def _gap(self, text: str) -> float:
        return max(_GAP, room_of(text, _NOTE) + 16.0) if self.is_across else _GAP

    def _as_box(self, way: _Way, frame: Callable[[float, float], list[Element]]) -> Box:
        def draw(x: float, y: float) -> list[Element]:
            def at(place: _Place) -> _Place:
                along, across = place[0], place[1] + way.before
                return (x + along, y + across) if self.is_across else (x + across, y + along)

            found = frame(x, y)
            for has_tip, places in way.paths:
                found.append((arrow if has_tip else line)(*map(at, places)))
            found += [self._note(text, *at((along, 0.0))) for along, text in way.notes if text]
            for along, across, box in way.boxes:
                found += box.draw(*at((along, across - box.axis)))
            for kind, place, size in way.signs:
                found += self._sign(kind, *at(place), size)
            return found

        sizes = (way.length, way.before + way.after)
        width, height = sizes if self.is_across else sizes[::-1]
        return Box(width, height, way.before, draw)

    def _note(self, text: str, x: float, y: float) -> Element:
        """Write the shape of what passes at an arrow."""
        if self.is_across:
            return label(text, x - 2.0, y - 9.0, _NOTE, "soft", text_anchor="middle")
        return label(text, x + 9.0, y - 2.0, _NOTE, "soft")

    def _sign(self, kind: str, x: float, y: float, size: float) -> list[Element]:
        """Draw where ways part, where they are added, or put side by side."""
        if kind == "dot":
            return [element("circle", "soft", cx=x, cy=y, r=3.0)]
        if kind == "plus":
            ring = element("circle", "end", cx=x, cy=y, r=size)
            arms = [line((x - 5.0, y), (x + 5.0, y)), line((x, y - 5.0), (x, y + 5.0))]
            return [ring, *arms]
        width, height = (5.0, size) if self.is_across else (size, 5.0)
        corner = (x, y - size / 2.0) if self.is_across else (x - size / 2.0, y)
        return [
            element("rect", "soft", x=corner[0], y=corner[1], width=width, height=height, rx=2.5)
        ]


def note(part: Part) -> str:
    """Return what is told of the output of a layer."""
    return "" if part.shape is None else by(part.shape)

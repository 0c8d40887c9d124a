"""The diagram of a large network: a box for each layer, with its operations in it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from glassbrick.diagram.boxes import Box, arrow, end_box
from glassbrick.diagram.flow import Flow, note
from glassbrick.diagram.parts import Part, Plan, by
from glassbrick.svg import label

__all__ = ["columns", "draw_blocks", "loss_box", "summary_of"]

_MARGIN, _WIDEST, _FOOT = 20.0, 1120.0, 26.0


def draw_blocks(plan: Plan) -> tuple[list[Element], tuple[float, float]]:
    """Draw a network from left to right, or from top to bottom if it is too long for that.

    Returns
    -------
    list of Element, (width, height)
    """
    whole = _whole(plan, Flow(is_across=True))
    if whole.width > _WIDEST:
        whole = _whole(plan, Flow(is_across=False))
    found = whole.draw(_MARGIN, _MARGIN)
    text, width = summary_of(plan), whole.width + 2.0 * _MARGIN
    height = whole.height + 2.0 * _MARGIN
    if text:
        found.append(label(text, _MARGIN, height + 4.0, ink="soft"))
        height += _FOOT
    return found, (max(width, 300.0), height)


def _ends(plan: Plan) -> list[Box]:
    """Return the boxes of the data and of the prediction."""
    shape = plan.parts[-1].shape
    return [
        end_box("data", columns(plan.inputs, "feature"), ", ".join(plan.features)),
        end_box("prediction", columns(shape, "output"), ", ".join(plan.outputs)),
    ]


def columns(shape: tuple[int, ...] | None, noun: str) -> str:
    """Say how many columns there are: "13 features"; nothing if that is not known."""
    if shape is None:
        return ""
    return f"{by(shape)} {noun}" if shape == (1,) else f"{by(shape)} {noun}s"


def summary_of(plan: Plan) -> str:
    """Return one line on the whole."""
    if plan.parameters is None:
        return ""
    noun = "parameter" if plan.parameters == 1 else "parameters"
    state = "" if plan.has_weights else ", once it is built"
    return f"{plan.parameters:,} {noun}{state}"


def _whole(plan: Plan, flow: Flow) -> Box:
    ends = _ends(plan)
    if not flow.is_across:
        ends = [replace(box, axis=box.width / 2.0) for box in ends]
    data, prediction = ends
    layers = [flow.box_of(part) for part in plan.parts]
    boxes = [data, *layers, prediction, loss_box(plan.loss, flow)]
    shapes = [note(part) for part in plan.parts]
    first = "" if plan.inputs is None else by(plan.inputs)
    return flow.row(boxes, [first, *shapes, ""])


def loss_box(kind: str, flow: Flow) -> Box:
    """Return the box of the loss, with the target that it compares the prediction with."""
    name = Part("loss", kind, (), (), (), "series", None, None)
    loss, target = flow.box_of(name), end_box("target", "")
    gap = 26.0
    if flow.is_across:
        width, height = loss.width, loss.height + gap + target.height
    else:
        width, height = loss.width + gap + target.width, loss.height

    def draw(x: float, y: float) -> list[Element]:
        if flow.is_across:
            middle, below = x + width / 2.0, y + loss.height
            tip = arrow((middle, below + gap), (middle, below))
            corner = (middle - target.width / 2.0, below + gap)
        else:
            middle, right = y + height / 2.0, x + loss.width
            tip = arrow((right + gap, middle), (right, middle))
            corner = (right + gap, middle - target.height / 2.0)
        return [*loss.draw(x, y), tip, *target.draw(*corner)]

    return replace(loss, width=width, height=height, draw=draw)

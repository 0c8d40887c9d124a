"""Diagram: a network drawn as SVG."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glassbrick.checks import one_of, positive_integer, refuse, true_or_false
from glassbrick.diagram.blocks import columns, draw_blocks
from glassbrick.diagram.links import MOST_LINES, can_be_neurons, is_small, lines_of
from glassbrick.diagram.neurons import draw_neurons
from glassbrick.diagram.parts import Part, Plan, plan_of
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.files import as_path, write_whole
from glassbrick.svg import document, to_scroll

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["Diagram", "diagram_of"]


_LONGEST = 80  # of what a reader who points at something is told


class Diagram:
    """What `NeuralNetwork.diagram` returns. Notebooks show it.

    Attributes
    ----------
    svg : str
        The picture, which has the colours of light or dark as the reader's system is, in any
        browser; other programs show it light.
    view : str
        "neurons" or "blocks".

    Examples
    --------
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1, "linear")], MeanSquaredError())
    >>> net.diagram()
    <Diagram as neurons, 798 x 338>
    """

    def __init__(self, svg: str, view: str, size: tuple[float, float]):
        self.svg = svg
        self.view = view
        self._size = size

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path
            Of the file, which ends in ".svg".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        ArgumentError
            If the name ends in something else.
        FileError
            If there is a file already, or it cannot be written.
        """
        who = "Diagram.save"
        place = as_path(path, f"{who}, path")
        if place.suffix.lower() != ".svg":
            advice = "Browsers and drawing programs make other kinds of it."
            refuse(ArgumentError, f"{who}, path", 'a name that ends in ".svg"', str(path), advice)
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        write_whole(place, self.svg.encode(), who, overwrite=overwrite)

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        width, height = self._size
        return f"<Diagram as {self.view}, {width:.0f} x {height:.0f}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return to_scroll(self.svg, 0.7 * self._size[0])


def diagram_of(
    net: NeuralNetwork, view: str, inputs: int | None, features: Any, outputs: Any, who: str
) -> Diagram:
    """Draw a network; see `NeuralNetwork.diagram`."""
    view = one_of(view, {name: name for name in ("auto", "neurons", "blocks")}, f"{who}, view")
    features = _names(features, f"{who}, features")
    outputs = _names(outputs, f"{who}, outputs")
    if inputs is not None:
        inputs = positive_integer(inputs, f"{who}, inputs")
    plan = plan_of(net, inputs or len(features) or None)
    plan = replace(plan, features=features, outputs=outputs)
    _require_as_many(features, plan.inputs, f"{who}, features")
    _require_as_many(outputs, plan.parts[-1].shape, f"{who}, outputs")
    if view == "auto":
        view = "neurons" if can_be_neurons(plan) and is_small(plan) else "blocks"
    elif view == "neurons":
        _require_neurons(plan, f"{who}, view")
    elements, size = draw_neurons(plan) if view == "neurons" else draw_blocks(plan)
    svg = document(elements, size, f"Diagram of a network: {_title(plan)}", _described(plan, view))
    return Diagram(svg, view, size)


def _require_neurons(plan: Plan, who: str) -> None:
    if not can_be_neurons(plan):
        expected = '"blocks", because neurons are only drawn of weights and what follows them'
        advice = "Or say the number of features, if that is not known: inputs=13."
        refuse(ArgumentError, who, expected, "neurons", advice)
    if lines_of(plan) > MOST_LINES:
        refuse(ArgumentError, who, f'"blocks", for more than {MOST_LINES:,} lines', "neurons")


def _names(names: Any, who: str) -> tuple[str, ...]:
    if names is None:
        return ()
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        refuse(ArgumentTypeError, who, "a list of names", names)
    return tuple(str(name)[:_LONGEST] for name in names)


def _require_as_many(names: tuple[str, ...], shape: tuple[int, ...] | None, who: str) -> None:
    if names and shape is not None and shape != (len(names),):
        refuse(ArgumentError, who, f"as many names as there are, {shape}", list(names))


def _title(plan: Plan) -> str:
    sizes = [plan.inputs, *(part.shape for part in plan.parts)]
    known = [str(size[0]) if size and len(size) == 1 else "?" for size in sizes]
    return "-".join(known)


def _described(plan: Plan, view: str) -> str:
    """Tell in words what the picture shows."""
    parts = [f"Data ({columns(plan.inputs, 'feature')})" if plan.inputs else "Data"]
    parts += [text for part in plan.parts for text in _told(part)]
    parts.append(f"Loss: {plan.loss}")
    meaning = ""
    if view == "neurons" and plan.has_weights:
        meaning = " Lines are weights: their colour is the sign, their width the size."
    return f"{'. '.join(parts)}.{meaning}"


def _told(part: Part) -> Iterator[str]:
    shape = f", {columns(part.shape, 'output')}" if part.shape else ""
    inside = ", ".join(part.labels)
    if part.parts:
        inside = "; ".join(text for child in part.parts for text in _told(child))
        inside = f"[{inside}]"
    yield f"{part.name} ({part.kind}{shape}): {inside}" if inside else part.name

"""Tape: one training step of a network, all its numbers, each gradient with its proof."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from glassbrick.arrays import Array
from glassbrick.checks import complaint, refuse, true_or_false
from glassbrick.errors import ArgumentTypeError, UnknownNameError
from glassbrick.files import as_path, write_whole
from glassbrick.numeric.gradient_report import GradientResult
from glassbrick.tape.step import LossStep, Step, verdict_of

if TYPE_CHECKING:
    from anywidget import AnyWidget
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["Tape"]


class Tape:
    """What `NeuralNetwork.explain` and `Trainer.explain` return.

    It has a `Step` for each operation, in the order of the forward pass; iterate over it, or ask
    for one by its name. It prints as a listing of at most 80 columns.

    Attributes
    ----------
    network : str
        Whose step it is.
    x : ndarray
        The data, read-only.
    loss : LossStep
        The loss, with prediction, target and gradient.

    Examples
    --------
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> net = NeuralNetwork([Dense(1, "tanh", inputs=2)], MeanSquaredError(), rng=0)
    >>> tape = net.explain([[1.0, 2.0], [3.0, 4.0]], [0.5, 1.0])
    >>> [step.name for step in tape]
    ['dense_1.weight_multiply', 'dense_1.bias_add', 'dense_1.tanh']
    >>> tape["dense_1.weight_multiply"].input_rule, tape.is_right
    ('∂L/∂X = G Wᵀ', True)
    """

    def __init__(
        self,
        network: str,
        steps: Sequence[Step],
        loss: LossStep,
        x: Array,
        backward: Sequence[str],
    ):
        self.network = network
        self.x = x
        self.loss = loss
        self._steps = {step.name: step for step in steps}
        self._backward = backward

    @property
    def names(self) -> list[str]:
        """The names of the steps."""
        return list(self._steps)

    @property
    def backward(self) -> list[Step]:
        """The steps in the order of the backward pass; what it left out comes last."""
        names = dict.fromkeys([*self._backward, *self.names])
        return [self._steps[name] for name in names if name in self._steps]

    @property
    def checks(self) -> list[GradientResult]:
        """All checks of gradients, as they were made: those of the loss at the end."""
        return [check for step in self for check in step.checks] + [self.loss.input_check]

    @property
    def wrong(self) -> list[GradientResult]:
        """The checks of gradients that are wrong."""
        return [check for check in self.checks if verdict_of(check) == "WRONG"]

    @property
    def is_right(self) -> bool:
        """Whether no gradient is wrong."""
        return not self.wrong

    @property
    def verdict(self) -> str:
        """One line on all gradients."""
        verdicts = [verdict_of(check) for check in self.checks]
        known = len(verdicts) - verdicts.count("not checked")
        noun = "gradient" if known == 1 else "gradients"
        wrong = verdicts.count("WRONG")
        text = f"{wrong} of {known} {noun} WRONG" if wrong else f"all of {known} {noun} right"
        return text + (f", {len(verdicts) - known} not checked" if known < len(verdicts) else "")

    def to_json(self, indent: int | None = None) -> str:
        """Return all of it as JSON, arrays as lists of numbers, exact to the last bit.

        What is not finite becomes a text, "nan", "inf" or "-inf", for JSON has no such numbers.

        Parameters
        ----------
        indent : int, optional
            As of `json.dumps`.
        """
        from glassbrick.tape.as_json import as_json

        return as_json(self, indent)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write what `to_json` returns to a file.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".json".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        FileError
            If there is a file already, or it cannot be written.
        """
        who = "Tape.save"
        place = as_path(path, f"{who}, path")
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        write_whole(place, self.to_json().encode(), who, overwrite=overwrite)

    def to_html(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a page on which to walk through the step: one file, which needs no network.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".html".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        FileError
            If there is a file already, or it cannot be written.
        """
        from glassbrick.pages import page
        from glassbrick.tape.as_page import page_data

        who = "Tape.to_html"
        place = as_path(path, f"{who}, path")
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        data = page_data(self)
        write_whole(place, page("explain", data["title"], data).encode(), who, overwrite=overwrite)

    def widget(self) -> AnyWidget:
        """Return the page on the step as a Jupyter widget.

        A notebook shows the page of a tape anyway, in a frame that needs no kernel. A widget is
        a part of the notebook, as high as what it shows, and can be put into layouts of
        ipywidgets. It takes the notebook's own widgets to show it, which saved pages often lack.

        Returns
        -------
        anywidget.AnyWidget

        Raises
        ------
        MissingExtraError
            If anywidget is not installed.
        """
        from glassbrick.tape.in_notebook import as_widget

        return as_widget(self)

    def _repr_html_(self) -> str:
        from glassbrick.tape.in_notebook import as_frame

        return as_frame(self)

    def __getitem__(self, name: str) -> Step:
        """Return the step of a name, such as "dense_1.sigmoid".

        Raises
        ------
        UnknownNameError
            If there is none; it tells names that are like it.
        ArgumentTypeError
            If `name` is no text.
        """
        if not isinstance(name, str):
            refuse(ArgumentTypeError, "Tape, name", "the name of a step", name)
        step = self._steps.get(name)
        if step is None:
            near = get_close_matches(name, self._steps, n=3, cutoff=0.4) or self.names[:6]
            advice = f"There are: {', '.join(near)}."
            raise UnknownNameError(complaint("Tape", "the name of a step", repr(name), advice))
        return step

    def __contains__(self, name: object) -> bool:
        return name in self._steps

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps.values())

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        from glassbrick.tape.listing import as_text

        return as_text(self)

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} steps, loss {self.loss.total:g}, {self.verdict}>"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as a listing."""
        from glassbrick.tape.listing import as_renderables

        return as_renderables(self)

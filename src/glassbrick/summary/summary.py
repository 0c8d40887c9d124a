"""Summary: what a network is made of: shapes, parameters and cost, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["Summary", "SummaryRow"]


@dataclass(frozen=True)
class SummaryRow:
    """One layer with all that is in it, or one operation.

    Attributes
    ----------
    name : str
        For example "dense_1", or "dense_1.weight_multiply".
    kind : str
        Its class, for example "Dense".
    depth : int
        0 for a layer of the network; what is in a layer is one deeper.
    output_shape : tuple of int or None
        Of one row of data; None of an operation that its layer did not run.
    parameters, bytes : int
        Numbers that are learned, and the memory that they take.
    multiply_adds : int
        Multiplications, each with an addition, that a row takes forward.
    """

    name: str
    kind: str
    depth: int
    output_shape: tuple[int, ...] | None
    parameters: int
    bytes: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """What a network is made of.

    It prints as a table of at most 80 columns, in notebooks too. `NeuralNetwork.summary`
    makes it.

    Attributes
    ----------
    inputs : int
        Number of features.
    dtype : str
        What the network computes in.
    loss : str
        The class of its loss.
    rows : tuple of SummaryRow
        Each layer, followed by what is in it.

    Examples
    --------
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> net = NeuralNetwork([Dense(13, "tanh"), Dense(1, "linear")], MeanSquaredError())
    >>> summary = net.summary(inputs=13)
    >>> summary.parameters, summary.bytes, [row.name for row in summary.layers]
    (196, 1568, ['dense_1', 'dense_2'])
    """

    inputs: int
    dtype: str
    loss: str
    rows: tuple[SummaryRow, ...]

    @property
    def layers(self) -> tuple[SummaryRow, ...]:
        """The rows of the network's own layers, which together are the whole."""
        return tuple(row for row in self.rows if row.depth == 0)

    @property
    def parameters(self) -> int:
        """Number of all parameters."""
        return sum(row.parameters for row in self.layers)

    @property
    def bytes(self) -> int:
        """Memory that all parameters take."""
        return sum(row.bytes for row in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition that a row takes through the whole network."""
        return sum(row.multiply_adds for row in self.layers)

    @property
    def title(self) -> str:
        """One line on the whole."""
        features = "feature" if self.inputs == 1 else "features"
        return f"NeuralNetwork: {self.inputs:,} {features}, {self.dtype}, {self.loss}"

    def __str__(self) -> str:
        from glassbrick.summary.tables import as_text

        return as_text(self)

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as a table."""
        from glassbrick.summary.tables import as_renderables

        return as_renderables(self)

    def _repr_html_(self) -> str:
        from glassbrick.summary.tables import as_html

        return as_html(self)

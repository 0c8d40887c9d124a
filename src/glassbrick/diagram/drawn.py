"""What can draw itself: a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glassbrick.diagram.diagram import Diagram, diagram_of

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["Drawn"]


class Drawn:
    """A network that can draw itself."""

    def diagram(
        self,
        view: str = "auto",
        *,
        inputs: int | None = None,
        features: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> Diagram:
        """Draw the network.

        Small networks are drawn as neurons: circles in a box for each layer, with its
        operations, and a line for each weight, whose colour is the sign and whose width is the
        size. All others are drawn as blocks: boxes with operations, shapes, and numbers of
        parameters, and the ways of data through `Residual` and `Concatenate`.

        Parameters
        ----------
        view : {"auto", "neurons", "blocks"}
            Neurons are the choice for up to 16 in a layer, 600 lines, and 7 layers.
        inputs : int, optional
            Number of features, for a network that is not built; it stays so. Without it the
            shapes that depend on it are left out.
        features, outputs : sequence of str, optional
            Names of the columns of data and prediction.

        Returns
        -------
        Diagram
            Show it in a notebook, or ``save("net.svg")``.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If there are more or fewer names than columns, or `view` is "neurons" and layers are
            not in a row, or their sizes not known.

        Examples
        --------
        >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
        >>> net = NeuralNetwork([Dense(128, "relu"), Dense(10, "linear")], MeanSquaredError())
        >>> net.diagram(inputs=784).view
        'blocks'
        """
        net: NeuralNetwork = self  # type: ignore[assignment]
        return diagram_of(net, view, inputs, features, outputs, "NeuralNetwork.diagram")

    def _repr_html_(self) -> str:
        """Show the diagram in notebooks, and the summary, if it is known, folded away."""
        net: NeuralNetwork = self  # type: ignore[assignment]
        if not net.is_built:
            return f"{self.diagram()._repr_html_()}<p>It has no parameters yet.</p>"
        summary = net.summary()
        title = f"{summary.parameters:,} parameters, layer by layer"
        table = summary._repr_html_()
        return f"{self.diagram()._repr_html_()}<details><summary>{title}</summary>{table}</details>"

"""What can explain a training step: a network, and a trainer with its optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from glassbrick.tape.explain import explain
from glassbrick.tape.tape import Tape

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork
    from glassbrick.training.trainer import Trainer

__all__ = ["Explained", "ExplainedWithUpdate"]


class Explained:
    """A network that can explain a training step."""

    def explain(
        self, x: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> Tape:
        """Return every number of one training step, forward and backward, gradients proven.

        A copy does the step: parameters, running statistics, random numbers and what the network
        remembers of its last batch stay as they are. Dropout draws what it would draw next. If
        there are no parameters yet, the copy draws those that the network would draw.

        Parameters
        ----------
        x : array_like, shape (rows, features)
            A batch. Explanations are best read of a few rows.
        y : array_like, shape (rows, outputs) or (rows,)
            Its targets.
        sample_weight : array_like, shape (rows,), optional
            What each row counts, taken as it is. The mean of weights that `Trainer.fit` takes
            is made 1.

        Returns
        -------
        Tape
            A `Step` for each operation; print it.

        Raises
        ------
        DataError, ShapeError, ArgumentError, ArgumentTypeError
            If the batch does not fit the network, or a block returns something of wrong shape.

        Notes
        -----
        Each operation's gradients are compared with numeric ones of that operation by itself, at
        the very numbers of the step: at 24 elements, chosen at random, of arrays with more, or at 8
        if they are more than 10,000; and then, if the operation is analytic, at all elements
        together along a random direction.
        So a wrong rule is marked where it stands, and not where its error arrives. Layers that
        join others are judged by how they join them; a layer with a forward or backward of its
        own as a whole, from input to output, if the operations in it are right. In a network of
        float32 the rules are judged in float64.

        Examples
        --------
        >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
        >>> net = NeuralNetwork([Dense(1, "sigmoid", inputs=2)], MeanSquaredError(), rng=0)
        >>> tape = net.explain([[1.0, 2.0], [3.0, 4.0]], [[0.0], [1.0]])
        >>> tape.verdict
        'all of 6 gradients right'
        >>> tape["dense_1.sigmoid"].formula
        'y = 1/(1+e^(-x))'
        """
        net: NeuralNetwork = self  # type: ignore[assignment]
        return explain(net, x, y, sample_weight, None, "NeuralNetwork.explain")


class ExplainedWithUpdate:
    """A trainer that can explain a training step, with what its optimizer makes of it."""

    def explain(
        self, x: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> Tape:
        """Return every number of one training step, with the update of each parameter.

        Copies of network and optimizer do the step, with what the optimizer remembers by now,
        in NumPy whatever the engine. Both stay as they are; see `NeuralNetwork.explain`.

        Parameters
        ----------
        x, y, sample_weight
            As of `NeuralNetwork.explain`.

        Returns
        -------
        Tape
            In which `Step.update` and `Step.new_param` are known.

        Raises
        ------
        NotReadyError
            If the optimizer cannot make a single step: `LBFGS`, or a schedule before it knows
            how long training takes.
        DataError, ShapeError, ArgumentError, ArgumentTypeError
            If the batch does not fit the network, or a block returns something of wrong shape.

        Examples
        --------
        >>> from glassbrick import SGD, Dense, MeanSquaredError, NeuralNetwork, Trainer
        >>> net = NeuralNetwork([Dense(1, "linear", inputs=1)], MeanSquaredError(), rng=0)
        >>> step = Trainer(net, SGD(lr=0.5)).explain([[1.0]], [[0.0]])["dense_1.bias_add"]
        >>> bool(step.update == -0.5 * step.param_grad)
        True
        """
        trainer: Trainer = self  # type: ignore[assignment]
        return explain(trainer.net, x, y, sample_weight, trainer.optim, "Trainer.explain")

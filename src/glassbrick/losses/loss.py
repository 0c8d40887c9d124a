"""Loss and RowLoss: one number that says how wrong a prediction is, and its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NoReturn

import numpy as np

from glassbrick.arrays import Array, is_traced
from glassbrick.blocks import Block
from glassbrick.checks import complaint, describe, refuse, require_array, require_shape
from glassbrick.errors import ArgumentError, ArgumentTypeError, ShapeError
from glassbrick.losses.values import require_values
from glassbrick.quiet import quiet

__all__ = ["Loss", "RowLoss"]


class Loss(Block, ABC):
    """One number that says how wrong a prediction is.

    A subclass writes `_output`, which computes the number from ``self.prediction`` and
    ``self.target``, and `_input_grad`, its gradient with respect to the prediction. To
    take weights of rows, write a `RowLoss`. A loss that needs targets of another width
    than the prediction, or only of some values, overrides `_require_columns` and
    `_require_values`.

    Attributes
    ----------
    prediction, target : ndarray, shape (rows, outputs) and (rows, columns)
        What the last `forward` received.
    weights : ndarray, shape (rows, 1), or None
        Of the rows, from the last `forward`; None stands for weights of 1.
    input_grad : ndarray
        What the last `backward` returned, shaped like `prediction`.

    Notes
    -----
    Chapter section 3.5.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Loss
    >>> class SumOfErrors(Loss):
    ...     def _output(self):
    ...         return np.sum(self.prediction - self.target)
    ...
    ...     def _input_grad(self):
    ...         return np.ones_like(self.prediction)
    >>> loss = SumOfErrors()
    >>> print(loss.forward(np.array([[3.0], [5.0]]), np.array([[1.0], [1.0]])))
    6.0
    """

    memory: ClassVar[tuple[str, ...]] = ("prediction", "target", "input_grad", "weights")

    prediction: Array
    target: Array
    input_grad: Array
    weights: Array | None = None

    def forward(self, prediction: Array, target: Array, weights: Array | None = None) -> float:
        """Compute the loss, and remember what it was computed from.

        Parameters
        ----------
        prediction : ndarray, shape (rows, outputs)
            What the network said.
        target : ndarray, shape (rows, columns)
            What it should have said. Whole numbers become floats like the prediction.
        weights : ndarray, shape (rows, 1) or (rows,), optional
            How much each row counts, at least 0; without them all count 1.

        Returns
        -------
        float
            The loss; for float32 data a NumPy float32.

        Raises
        ------
        ArgumentTypeError
            If one of them is not an array of numbers.
        ShapeError
            If they do not go together, or `_output` returns more than one number.
        DataError
            If targets or weights have values that the loss cannot take.
        ArgumentError
            If there are weights, and this is no `RowLoss`.
        """
        if type(prediction) is not np.ndarray:
            require_array(prediction, f"{type(self).__name__}, prediction")
        if type(target) is not np.ndarray:
            require_array(target, f"{type(self).__name__}, target")
        shape = prediction.shape
        if len(shape) != 2 or 0 in shape or target.shape[:1] != shape[:1]:
            self._refuse_rows(prediction, target)
        if target.dtype is not prediction.dtype:
            target = self._as_numbers(target, prediction.dtype)
        self.require_targets(target, shape[1])
        if weights is not None:
            weights = self._usable_weights(weights, prediction)
        self.prediction, self.target, self.weights = prediction, target, weights
        value = self._output()
        if getattr(value, "shape", None) != ():
            _require_number(value, f"{type(self).__name__}._output")
        return value

    def backward(self) -> Array:
        """Compute the gradient of the loss with respect to the prediction.

        Returns
        -------
        ndarray, shape of `prediction`
            The gradient.

        Raises
        ------
        NotReadyError
            If there was no `forward` before.
        ShapeError
            If `_input_grad` returns another shape.
        """
        if "prediction" not in self.__dict__:
            raise self.not_ready("prediction")
        prediction = self.prediction
        self.input_grad = input_grad = self._input_grad()
        if type(input_grad) is not np.ndarray or input_grad.shape != prediction.shape:
            require_shape(input_grad, prediction.shape, f"{type(self).__name__}._input_grad")
        return input_grad

    def require_targets(self, target: Array, outputs: int) -> None:
        """Refuse targets that do not go with a network of so many outputs.

        Parameters
        ----------
        target : ndarray, shape (rows, columns)
            Of a batch, or all that are to be trained on. While a step is compiled only its
            shape is looked at.
        outputs : int
            How many numbers the network gives for a row.

        Raises
        ------
        ShapeError
            If it has not the columns that the loss needs.
        DataError
            If it has values that the loss cannot take.
        """
        if target.ndim != 2:
            who = f"{type(self).__name__}, target"
            refuse(ShapeError, who, "two axes, (rows, columns)", target)
        self._require_columns(target.shape[1], outputs)
        if not is_traced(target):
            self._require_values(target, outputs)

    def interpret(self, prediction: Array) -> Array:
        """Return what the network's output means to this loss: here, the prediction itself.

        Parameters
        ----------
        prediction : ndarray, shape (rows, outputs)
            What the network said.
        """
        return prediction

    @abstractmethod
    def _output(self) -> float:
        """Compute the loss from ``self.prediction`` and ``self.target``."""

    @abstractmethod
    def _input_grad(self) -> Array:
        """Compute the gradient with respect to ``self.prediction``."""

    def _require_columns(self, columns: int, outputs: int) -> None:
        """Refuse targets of so many columns, unless there is one for each output."""
        if columns != outputs:
            self._refuse_columns(f"{outputs}, one for each output of the network", columns)

    def _require_values(self, target: Array, outputs: int) -> None:
        """Refuse values that the loss cannot take: none, by default."""

    def _refuse_columns(self, expected: str, columns: int, advice: str = "") -> NoReturn:
        who = f"{type(self).__name__}, columns of the target"
        raise ShapeError(complaint(who, expected, str(columns), advice))

    def _refuse_outputs(self, expected: str, outputs: int, advice: str = "") -> NoReturn:
        who = f"{type(self).__name__}, outputs of the network"
        raise ShapeError(complaint(who, expected, str(outputs), advice))

    def _refuse_rows(self, prediction: Array, target: Array) -> NoReturn:
        who = type(self).__name__
        if prediction.ndim != 2 or 0 in prediction.shape:
            expected = "a matrix, (rows, outputs), that is not empty"
            refuse(ShapeError, f"{who}, prediction", expected, prediction)
        expected = f"{len(prediction)} rows, as in the prediction"
        refuse(ShapeError, f"{who}, target", expected, target)

    def _as_numbers(self, target: Array, dtype: np.dtype[Any]) -> Array:
        """Return a target of whole numbers as floats, others as they are; refuse no numbers."""
        if target.dtype.kind not in "biufc":
            who = f"{type(self).__name__}, target"
            refuse(ArgumentTypeError, who, "an array of numbers", target)
        return target.astype(dtype) if target.dtype.kind in "biu" else target

    def _usable_weights(self, weights: Array, prediction: Array) -> Array:  # noqa: ARG002
        """Refuse weights: a subclass that is no `RowLoss` gives no loss of each row."""
        refuse(
            ArgumentError,
            f"{type(self).__name__}, weights",
            "None",
            weights,
            "For a loss that takes weights, write _row_losses and _row_grads of a RowLoss instead "
            "of _output and _input_grad.",
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RowLoss(Loss):
    r"""A loss that is a mean over rows, each of which can have a weight.

    A subclass writes `_row_losses`, the loss of each row, and `_row_grads`, the gradient
    of each row's loss with respect to that row of the prediction. This class takes the
    means: :math:`L = \frac{1}{n}\sum_{i=1}^{n} w_i L_i`. It divides by the number of rows
    :math:`n`, not by the sum of the weights: scale weights to a mean of 1.

    Notes
    -----
    `_row_grads` is called after `_row_losses`, and may use what that left behind in
    attributes whose names the subclass adds to `memory`. A loss too large for its dtype
    is infinite, without a warning.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import RowLoss
    >>> class MeanFourthPower(RowLoss):
    ...     def _row_losses(self):
    ...         return np.sum((self.prediction - self.target) ** 4, axis=1)
    ...
    ...     def _row_grads(self):
    ...         return 4.0 * (self.prediction - self.target) ** 3
    >>> loss, prediction, target = MeanFourthPower(), np.array([[2.0], [1.0]]), np.zeros((2, 1))
    >>> print(loss.forward(prediction, target))
    8.5
    >>> print(loss.forward(prediction, target, weights=np.array([0.5, 1.5])))
    4.75
    """

    @abstractmethod
    def _row_losses(self) -> Array:
        """Compute the loss of each row, (rows,), from ``self.prediction`` and ``self.target``."""

    @abstractmethod
    def _row_grads(self) -> Array:
        """Compute the gradient of each row's loss, of the shape of ``self.prediction``."""

    @quiet(over="ignore", under="ignore")
    def _output(self) -> float:
        losses = self._row_losses()
        if losses.shape != (len(self.prediction),):
            require_shape(losses, (len(self.prediction),), f"{type(self).__name__}._row_losses")
        total = losses.sum() if self.weights is None else losses.dot(self.weights[:, 0])
        return total / len(losses)

    @quiet(over="ignore", under="ignore")
    def _input_grad(self) -> Array:
        grads = self._row_grads()
        if grads.shape != self.prediction.shape:
            require_shape(grads, self.prediction.shape, f"{type(self).__name__}._row_grads")
        weights = 1.0 if self.weights is None else self.weights
        return grads * (weights / len(grads))

    def _usable_weights(self, weights: Array, prediction: Array) -> Array:
        """Return weights as (rows, 1) and of the prediction's dtype, or refuse them."""
        who = f"{type(self).__name__}, weights"
        rows = len(prediction)
        require_array(weights, who)
        if weights.shape not in ((rows,), (rows, 1)):
            refuse(ShapeError, who, f"one weight a row, ({rows}, 1)", weights)
        if weights.dtype.kind not in "biuf":
            refuse(ArgumentTypeError, who, "an array of numbers", weights)
        weights = weights.reshape(rows, 1)
        if not is_traced(weights):
            usable = (weights >= 0) & (weights < np.inf)
            require_values(weights, usable, who, "finite weights of at least 0")
        return weights.astype(prediction.dtype, copy=False)


def _require_number(value: object, who: str) -> None:
    if not isinstance(value, int | float | complex):
        raise ShapeError(f"{who}: expected a single number; received {describe(value)}.")

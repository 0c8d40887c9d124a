"""Losses: how far a prediction is from its target, and the gradient that training starts from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.checks import describe, refuse, require_array, require_shape
from glassbrick.errors import ArgumentTypeError, ShapeError

__all__ = ["Loss", "MeanSquaredError"]


class Loss(Block, ABC):
    """One number that says how wrong a prediction is.

    A subclass writes `_output`, which computes the number from ``self.prediction`` and
    ``self.target``, and `_input_grad`, its gradient with respect to the prediction.

    Attributes
    ----------
    prediction, target : ndarray
        What the last `forward` received.
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

    memory: ClassVar[tuple[str, ...]] = ("prediction", "target", "input_grad")

    prediction: Array
    target: Array
    input_grad: Array

    def forward(self, prediction: Array, target: Array) -> float:
        """Compute the loss, and remember what it was computed from.

        Parameters
        ----------
        prediction, target : ndarray, shape (rows, outputs)
            What the network said, and what it should have said.

        Returns
        -------
        float
            The loss; for float32 data a NumPy float32.

        Raises
        ------
        ArgumentTypeError
            If one of them is not an array, or the target holds no numbers.
        ShapeError
            If their shapes differ, or `_output` returns more than one number.
        """
        who = type(self).__name__
        if type(prediction) is not np.ndarray:
            require_array(prediction, f"{who}, prediction")
        if type(target) is not np.ndarray or target.shape != prediction.shape:
            advice = "Prediction and target must have the same rows and the same columns."
            require_shape(target, prediction.shape, f"{who}, target", advice)
        if target.dtype is not prediction.dtype:
            _require_real(target, f"{who}, target")
        self.prediction = prediction
        self.target = target
        value = self._output()
        if getattr(value, "shape", None) != ():
            _require_number(value, f"{who}._output")
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

    @abstractmethod
    def _output(self) -> float:
        """Compute the loss from ``self.prediction`` and ``self.target``."""

    @abstractmethod
    def _input_grad(self) -> Array:
        """Compute the gradient with respect to ``self.prediction``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class MeanSquaredError(Loss):
    r"""Squared errors, summed over outputs, averaged over rows.

    Notes
    -----
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j (p_{ij}-t_{ij})^2` and
    :math:`\partial L/\partial p_{ij} = \frac{2}{n}(p_{ij}-t_{ij})`.

    Chapter section 3.5. With several outputs other libraries also divide by their
    number: three outputs, each wrong by 1, cost 3 here and 1 there.

    Examples
    --------
    >>> import numpy as np
    >>> print(MeanSquaredError().forward(np.ones((2, 3)), np.zeros((2, 3))))
    3.0
    """

    def _output(self) -> float:
        error = (self.prediction - self.target).ravel()
        return error.dot(error) / len(self.prediction)  # type: ignore[no-any-return]

    def _input_grad(self) -> Array:
        return (2.0 / len(self.prediction)) * (self.prediction - self.target)


def _require_real(array: Array, who: str) -> None:
    if array.dtype.kind not in "biufc":
        refuse(ArgumentTypeError, who, "an array of numbers", array)


def _require_number(value: object, who: str) -> None:
    if not isinstance(value, int | float | complex):
        raise ShapeError(f"{who}: expected a single number; received {describe(value)}.")

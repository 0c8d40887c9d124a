"""Operation and ParamOperation: a forward rule, and the backward rule that belongs to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.checks import describe, refuse, require_array, require_shape
from glassbrick.errors import ArgumentTypeError, ShapeError
from glassbrick.modes import is_predicting

__all__ = ["Operation", "ParamOperation"]


class Operation(Block, ABC):
    r"""One function of a network, with the rule that sends gradients back through it.

    A subclass writes `_output`, which computes the result from ``self.input_``, and
    `_input_grad`, which turns the gradient of the loss with respect to the output into
    that with respect to the input. This class stores and checks.

    An operation that acts otherwise in prediction than in training, as dropout does, also
    writes `_prediction`. One that takes only some numbers says so in `require_input`. One
    that begins anew when a network draws new parameters does so in `set_up`.

    Attributes
    ----------
    input_, output : ndarray
        What the last `forward` received and returned. Do not write into them: the
        backward pass needs them as they are.
    input_grad : ndarray
        What the last `backward` returned, shaped like `input_`.
    weight_init : str
        How the weights of a dense layer should start in front of this activation.

    Notes
    -----
    With :math:`y = f(x)` and loss :math:`L`, backward is the chain rule
    :math:`\partial L/\partial x_i = \sum_j \partial L/\partial y_j\;\partial y_j/\partial x_i`.
    Chapter section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Operation
    >>> class Square(Operation):
    ...     def _output(self):
    ...         return self.input_**2
    ...
    ...     def _input_grad(self, output_grad):
    ...         return output_grad * 2.0 * self.input_
    >>> square = Square()
    >>> square.forward(np.array([[3.0, -1.0]]))
    array([[9., 1.]])
    >>> square.backward(np.array([[1.0, 1.0]]))
    array([[ 6., -2.]])
    """

    memory: ClassVar[tuple[str, ...]] = ("input_", "output", "input_grad")
    weight_init: ClassVar[str] = "glorot_uniform"

    input_: Array
    output: Array
    input_grad: Array

    def forward(self, input_: Array) -> Array:
        """Compute and remember the output.

        Parameters
        ----------
        input_ : ndarray, shape (rows, ...)
            Kept, not copied, until the next forward or `release`.

        Returns
        -------
        ndarray
            The output, which `backward` will need: do not write into it.

        Raises
        ------
        ArgumentTypeError
            If `input_` is not an array.
        ShapeError
            If it does not fit the operation's parameter.
        """
        if type(input_) is ndarray:
            self.require_input(input_)
        else:
            require_array(input_, f"{type(self).__name__}.forward, input_")
        self.input_ = input_
        self.output = output = self._prediction() if is_predicting() else self._output()
        if type(output) is not ndarray:
            require_array(output, f"{type(self).__name__}._output must return an array")
        return output

    def backward(self, output_grad: Array) -> Array:
        """Send the gradient of the loss back through the operation.

        Parameters
        ----------
        output_grad : ndarray, shape of `output`
            Gradient of the loss with respect to the output.

        Returns
        -------
        ndarray, shape of `input_`
            Gradient of the loss with respect to the input.

        Raises
        ------
        NotReadyError
            If there was no `forward` before.
        ShapeError
            If a gradient has not the shape of what it belongs to.
        """
        if "output" not in self.__dict__:
            raise self.not_ready("output")
        if type(output_grad) is not ndarray or output_grad.shape != self.output.shape:
            self._refuse_shape(output_grad, self.output.shape, "backward, output_grad")
        self.input_grad = input_grad = self._input_grad(output_grad)
        if type(input_grad) is not ndarray or input_grad.shape != self.input_.shape:
            self._refuse_shape(input_grad, self.input_.shape, "_input_grad must return")
        return input_grad

    def set_up(self, input_: Array, rng: np.random.Generator) -> None:
        """Begin anew; called when a layer draws its parameters.

        Parameters
        ----------
        input_ : ndarray, shape (rows, ...)
            Shaped like what will come.
        rng : Generator
            The operation's own source of random numbers.
        """

    def require_input(self, input_: Array) -> None:
        """Refuse numbers that the operation cannot take; by default none.

        A training run calls it once, with all rows, before anything is changed.

        Raises
        ------
        DataError
            If there are such numbers.
        """

    def multiply_adds(self) -> int:
        """Count the multiplications, each with an addition, that a row takes forward.

        `Summary` asks after a `forward` of one row. Functions of single numbers count none.
        """
        return 0

    def _refuse_shape(self, gradient: Array, shape: tuple[int, ...], what: str) -> None:
        advice = "A gradient has the shape of what it belongs to."
        if what.startswith("_param_grad"):
            advice += " Is a sum over the rows missing?"
        require_shape(gradient, shape, f"{type(self).__name__}.{what}", advice)

    @abstractmethod
    def _output(self) -> Array:
        """Compute the output from ``self.input_``."""

    def _prediction(self) -> Array:
        """Compute the output where nothing is learned from it; by default the same."""
        return self._output()

    @abstractmethod
    def _input_grad(self, output_grad: Array) -> Array:
        """Compute the gradient with respect to ``self.input_``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ParamOperation(Operation):
    """An operation with a parameter that is learned.

    A subclass also writes `_param_grad`.

    Parameters
    ----------
    param : ndarray of floats
        Kept, not copied: an optimizer changes it in place.

    Attributes
    ----------
    param : ndarray
        The parameter.
    param_grad : ndarray
        Gradient of the loss with respect to `param`, from the last `backward`.
    width_axis : int or None
        Axis of `param` whose length the last axis of the input must have. None, the
        default, leaves shapes to the subclass.
    is_weight : bool
        Whether a layer's penalties, `l1` and `l2`, are for this parameter.

    Raises
    ------
    ArgumentTypeError
        If `param` is not an array of floats.

    Notes
    -----
    Chapter section 3.2.
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "param_grad")
    width_axis: int | None = None
    is_weight: ClassVar[bool] = False

    param_grad: Array

    def __init__(self, param: Array):
        who = f"{type(self).__name__}, param"
        require_array(param, who)
        if param.dtype.kind != "f":
            refuse(ArgumentTypeError, who, "an array of floats", param, "Use .astype(float).")
        self.param = param

    def forward(self, input_: Array) -> Array:
        """Compute and remember the output; see `Operation.forward`."""
        if self.width_axis is not None:
            width = self.param.shape[self.width_axis]
            shape: tuple[int, ...] = getattr(input_, "shape", ())
            if len(shape) < 2 or shape[-1] != width:
                self._refuse_width(input_, width)
        return super().forward(input_)

    def backward(self, output_grad: Array) -> Array:
        """Compute the gradients of the parameter and of the input; return the latter.

        Raises
        ------
        NotReadyError
            If there was no `forward` before.
        ShapeError
            If a gradient has not the shape of what it belongs to.
        """
        input_grad = super().backward(output_grad)
        self.param_grad = param_grad = self._param_grad(output_grad)
        if type(param_grad) is not ndarray or param_grad.shape != self.param.shape:
            self._refuse_shape(param_grad, self.param.shape, "_param_grad must return")
        return input_grad

    def multiply_adds(self) -> int:
        """Count one multiplication with an addition for each element of the parameter."""
        return self.param.size

    def replace_param(self, param: Array) -> None:
        """Take another array as the parameter, by whatever names the operation holds it."""
        before = self.param
        for name, value in vars(self).items():
            if value is before:
                setattr(self, name, param)

    def _refuse_width(self, input_: Any, width: int) -> None:
        who = f"{type(self).__name__}.forward, input_"
        require_array(input_, who)
        expected = f"rows of {width} values, for its parameter is {describe(self.param)}"
        refuse(ShapeError, who, expected, input_)

    @abstractmethod
    def _param_grad(self, output_grad: Array) -> Array:
        """Compute the gradient with respect to ``self.param``."""

    def __repr__(self) -> str:
        shape = getattr(self.__dict__.get("param"), "shape", "no parameter yet")
        return f"{type(self).__name__}({shape})"

"""Operation and ParamOperation: a forward rule, and the backward rule that belongs to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.checks import describe, refuse, require_array, require_shape
from glassbrick.errors import ShapeError

__all__ = ["Operation", "ParamOperation"]


class Operation(Block, ABC):
    r"""One function of a network, with the rule that sends gradients back through it.

    A subclass writes `_output`, which computes the result from ``self.input_``, and
    `_input_grad`, which turns the gradient of the loss with respect to the output into
    that with respect to the input. This class stores and checks.

    Attributes
    ----------
    input_, output : ndarray
        What the last `forward` received and returned. Do not write into them: the
        backward pass needs them as they are.
    input_grad : ndarray
        What the last `backward` returned, shaped like `input_`.

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
        if type(input_) is not np.ndarray:
            require_array(input_, f"{type(self).__name__}.forward")
        self.input_ = input_
        self.output = output = self._output()
        if type(output) is not np.ndarray:
            require_array(output, f"{type(self).__name__}._output must return")
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
        self._check_output_grad(output_grad)
        return self._send_back(output_grad)

    def _check_output_grad(self, output_grad: Array) -> None:
        output = self.output
        if type(output_grad) is not np.ndarray or output_grad.shape != output.shape:
            require_shape(
                output_grad, output.shape, f"{type(self).__name__}.backward, output_grad"
            )

    def _send_back(self, output_grad: Array) -> Array:
        self.input_grad = input_grad = self._input_grad(output_grad)
        if type(input_grad) is not np.ndarray or input_grad.shape != self.input_.shape:
            require_shape(
                input_grad,
                self.input_.shape,
                f"{type(self).__name__}._input_grad must return",
                "A gradient has the shape of the input it belongs to.",
            )
        return input_grad

    @abstractmethod
    def _output(self) -> Array:
        """Compute the output from ``self.input_``."""

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
    param : ndarray
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

    Notes
    -----
    Chapter section 3.2.
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "param_grad")
    width_axis: ClassVar[int | None] = None

    param_grad: Array

    input_is_data = False
    """Set by an engine while it trains, for the operation that receives the data itself:
    nobody reads that input's gradient, so `backward` leaves it out and returns None."""

    def __init__(self, param: Array):
        require_array(param, f"{type(self).__name__}, param")
        self.param = param

    def forward(self, input_: Array) -> Array:
        """Compute and remember the output; see `Operation.forward`."""
        axis = self.width_axis
        if axis is not None:
            self._check_width(input_, axis)
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
        self._check_output_grad(output_grad)
        self.param_grad = param_grad = self._param_grad(output_grad)
        if type(param_grad) is not np.ndarray or param_grad.shape != self.param.shape:
            require_shape(
                param_grad,
                self.param.shape,
                f"{type(self).__name__}._param_grad must return",
                "A gradient has the shape of its parameter: is a sum over the rows missing?",
            )
        if self.input_is_data:
            return None  # type: ignore[return-value]
        return self._send_back(output_grad)

    def _check_width(self, input_: Any, axis: int) -> None:
        if type(input_) is not np.ndarray:
            require_array(input_, f"{type(self).__name__}.forward")
        width = self.param.shape[axis]
        if input_.ndim < 2 or input_.shape[-1] != width:
            expected = f"rows of {width} values, for its parameter is {describe(self.param)}"
            refuse(ShapeError, type(self).__name__, expected, input_)

    @abstractmethod
    def _param_grad(self, output_grad: Array) -> Array:
        """Compute the gradient with respect to ``self.param``."""

    def __repr__(self) -> str:
        shape = getattr(self.__dict__.get("param"), "shape", "no parameter yet")
        return f"{type(self).__name__}({shape})"

"""Layer: a series of operations, made when the number of inputs is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.checks import positive_integer, refuse, require_array
from glassbrick.errors import (
    ArgumentTypeError,
    GlassbrickError,
    NotReadyError,
    OwnershipError,
    ShapeError,
)
from glassbrick.layers.adoption import (
    adopted,
    convert_params,
    param_grad_of,
    refuse_hidden_params,
    set_up_operations,
)
from glassbrick.operations import Operation, ParamOperation
from glassbrick.penalties import Penalty
from glassbrick.randomness import ChapterStreams, Place, RandomSource, Streams, legacy_seed

__all__ = ["Layer"]


class Layer(Block, ABC):
    """A series of operations that data passes through.

    A subclass writes `_setup_layer`, which makes ``self.operations`` for a first input.

    Parameters
    ----------
    neurons : int or None
        Number of outputs; None if it follows from the inputs.
    inputs : int, optional
        Number of inputs. Given here, a network has its parameters before it sees data;
        else the first batch decides.

    Attributes
    ----------
    layers : tuple of Layer
        Those that it is made of, if it is made of layers; see `Series`.
    operations : sequence of Operation
        Fixed once the layer is set up.
    params, param_grads : tuple of ndarray
        What the operations hold, read from them each time.
    penalty : Penalty or None
        What the weights of the layer (not its biases and gains) cost.
    first : bool
        Whether the next `forward` sets the layer up, with parameters drawn anew.
    seed : int or None
        Seed of the parameters; a network made with ``seed=`` sets it.
    rng : Generator or RandomState
        The source of random numbers, during `_setup_layer` only.
    shape : tuple of int or None
        Shape of a row of the input it was set up for.
    name : str
        How errors and reports call the layer: a network numbers its layers, "dense_1".
    input_, output : ndarray
        What the last `forward` received and returned.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `neurons` or `inputs` is not a whole number of at least 1.

    Notes
    -----
    Chapter section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Layer, Tanh, WeightMultiply
    >>> class Mix(Layer):
    ...     def _setup_layer(self, input_):
    ...         weights = self.rng.standard_normal((input_.shape[1], self.neurons))
    ...         self.operations = [WeightMultiply(weights), Tanh()]
    >>> Mix(2).forward(np.ones((5, 3))).shape
    (5, 2)
    """

    memory: ClassVar[tuple[str, ...]] = ("input_", "output")

    layers: tuple[Layer, ...] = ()
    neurons: int | None
    penalty: Penalty | None = None
    first = True
    inputs: int | None = None
    name = "layer"
    seed: int | None = None
    rng: RandomSource
    input_: Array
    output: Array

    shape: tuple[int, ...] | None = None
    _place: Place = (0,)
    _seeded_by_network = False
    _streams: Streams | None = None
    _operations: Sequence[Operation] = ()
    _declared_params: list[Array] | None = None  # a list that _setup_layer fills

    def __init__(self, neurons: int | None, *, inputs: int | None = None):
        who = type(self).__name__
        self.neurons = neurons if neurons is None else positive_integer(neurons, f"{who}, neurons")
        self.inputs = inputs if inputs is None else positive_integer(inputs, f"{who}, inputs")
        self.name = f"{who}({'' if neurons is None else neurons})"
        self.first = True

    @abstractmethod
    def _setup_layer(self, input_: Array) -> None:
        """Make ``self.operations`` for inputs like `input_`, drawing from ``self.rng``."""

    def forward(self, input_: Array) -> Array:
        """Pass `input_` through the operations, after setting the layer up if need be.

        Parameters
        ----------
        input_ : ndarray, shape (rows, inputs)
            Kept, not copied, until the next forward or `release`.

        Returns
        -------
        ndarray, shape (rows, neurons)
            The output: do not write into it, `backward` needs it.

        Raises
        ------
        ArgumentTypeError
            If `input_` is not an array.
        ShapeError
            If its rows have not the shape that they had before, or the layer cannot take it.
        """
        try:
            if self.first:
                self._set_up(input_)
            elif input_.shape[1:] != self.shape:
                self._check_shape(input_)
            self.input_ = input_
            for operation in self._operations:
                input_ = operation.forward(input_)
        except GlassbrickError as error:
            error.within(self.name)
            raise
        self.output = input_
        return input_

    def backward(self, output_grad: Array) -> Array:
        """Send the gradient of the output back through the operations, last one first.

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
        try:
            if self.first:
                raise NotReadyError("backward was called before forward.")
            for operation in reversed(self._operations):
                output_grad = operation.backward(output_grad)
        except GlassbrickError as error:
            error.within(self.name)
            raise
        return output_grad

    @property
    def operations(self) -> Sequence[Operation]:
        """The operations that data passes through; fixed once the layer is set up."""
        return self._operations

    @operations.setter
    def operations(self, operations: Sequence[Operation]) -> None:
        before, self._operations = self._operations, operations
        if not self.first:  # after the set-up: take them over at once
            try:
                self._adopt()
            except GlassbrickError as error:
                self._operations = before
                error.within(self.name)
                raise

    @property
    def params(self) -> Sequence[Array]:
        """The parameters, read from the operations that hold them."""
        if self.first and self._declared_params is not None:
            return self._declared_params
        return tuple(operation.param for operation in self.param_operations)

    @params.setter
    def params(self, params: list[Array]) -> None:
        if not self.first:
            raise OwnershipError(
                f"{self.name}.params is a view of what the operations hold. To change a "
                "parameter write into its array: layer.params[0][...] = values"
            )
        self._declared_params = params

    @property
    def param_grads(self) -> Sequence[Array]:
        """The gradients of the parameters, read from the operations."""
        return tuple(param_grad_of(operation) for operation in self.param_operations)

    @property
    def param_operations(self) -> tuple[ParamOperation, ...]:
        """The operations that hold parameters."""
        if self.first or type(self._operations) is not tuple:
            self.require_params()
            self._adopt()  # set up by a forward of the user's own
        return self._param_operations

    @property
    def penalties(self) -> list[tuple[Penalty, ParamOperation]]:
        """What weights cost, of which operations."""
        if self.penalty is None:
            return []
        return [(self.penalty, op) for op in self.param_operations if op.is_weight]

    def require_params(self) -> None:
        """Raise `NotReadyError` if the layer has not been set up yet."""
        if self.first:
            raise NotReadyError(
                f"{self.name} has no parameters yet: it makes them when it first sees data. "
                "Call forward or fit first, or say the number of inputs: inputs=13."
            )

    def release(self) -> None:
        """Forget the last batch, in the operations too. Parameters stay."""
        super().release()
        for operation in self._operations:
            operation.release()

    def apart(self) -> Self:
        """Return a twin that shares parameters with this layer but remembers no batch."""
        twin = super().apart()
        # What the layer holds by another name too, its activation for example, stays one.
        twins = {
            id(operation): other
            for operation, other in zip(self._operations, twin._operations, strict=True)
        }
        for name, value in self.__dict__.items():
            if id(value) in twins:
                twin.__dict__[name] = twins[id(value)]
        twin._find_params()
        return twin

    @property
    def chapters_way(self) -> bool:
        """Whether parameters start as in the chapter: in a network made with ``seed=``, or none."""
        return self._streams is None or isinstance(self._streams, ChapterStreams)

    def start_over(self) -> None:
        """Let the next forward set the layer up again."""
        self.first = True

    def _join(self, streams: Streams, place: Place, name: str, seed: int | None) -> None:
        """Take the place in a network that gives the layer its name and its random numbers."""
        self._streams, self._place = streams, place
        self._rename(name)
        if seed is not None or self._seeded_by_network:
            self.seed = seed  # as in the chapter, or to forget that of an earlier network
            self._seeded_by_network = True

    def _rename(self, name: str) -> None:
        self.name = name

    def _set_up(self, input_: Array) -> None:
        """Make the operations anew, for inputs like `input_` and in its dtype."""
        self._check_input(input_)
        seed = legacy_seed(self.seed, "seed")
        streams = self._streams or ChapterStreams(None)
        self.rng = streams.for_layer(self._place, seed)
        self.first = True
        self._declared_params, self._operations = None, []
        try:
            self._setup_layer(input_)
            self._adopt()
        finally:
            self._declared_params = None
            del self.rng
        convert_params(self._param_operations, input_.dtype)
        set_up_operations(
            self._operations,
            input_,
            lambda number: streams.for_steps((*self._place, number), seed),
        )
        self.shape = input_.shape[1:]
        self.first = False

    def _check_input(self, input_: Any) -> None:
        """Refuse what the layer cannot be set up for."""
        require_array(input_, "forward")
        self._require_rows(input_)
        if self.inputs is not None and input_.shape[-1:] != (self.inputs,):
            expected = f"an array of shape (rows, {self.inputs} features)"
            refuse(ShapeError, "forward", expected, input_)
        if 0 in input_.shape[1:]:
            refuse(ShapeError, "forward", "at least one feature", input_)
        if input_.dtype.kind != "f":
            advice = "Use .astype(float); fit and predict do so themselves."
            refuse(ArgumentTypeError, "forward", "an array of floats", input_, advice)

    def _require_rows(self, input_: Array) -> None:
        """Refuse all but a matrix. A layer that takes rows of other shapes overrides this."""
        if input_.ndim != 2:
            advice = "Put Flatten() before this layer." if input_.ndim > 2 else ""
            expected = "an array of shape (rows, features)"
            refuse(ShapeError, "forward", expected, input_, advice)

    def _check_shape(self, input_: Any) -> None:
        """Refuse rows of another shape than those the layer was set up for."""
        require_array(input_, "forward")
        if input_.shape[1:] != self.shape or input_.ndim == 0:
            *more, features = self.shape or (0,)
            shape = ", ".join(["rows", *map(str, more), f"{features} features"])
            refuse(ShapeError, "forward", f"an array of shape ({shape})", input_)

    def _adopt(self) -> None:
        """Own the operations, and see that all parameters are theirs."""
        self._operations = adopted(self, self._operations)
        self._find_params()
        refuse_hidden_params(self, self._param_operations, self._declared_params or ())

    def _find_params(self) -> None:
        self._param_operations = tuple(
            operation for operation in self._operations if isinstance(operation, ParamOperation)
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for operation in self._operations:
            operation.claim(self, self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.neurons is None else self.neurons})"

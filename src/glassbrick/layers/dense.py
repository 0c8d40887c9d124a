"""Dense: the fully connected layer."""

from __future__ import annotations

from typing import Any

from glassbrick.arrays import Array
from glassbrick.checks import instance_of, one_of, positive_integer
from glassbrick.initializers import Initializer, as_initializer, draw
from glassbrick.layers.layer import Layer
from glassbrick.operations import BiasAdd, Operation, Sigmoid, WeightMultiply
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.penalties import as_penalty

__all__ = ["Dense"]


class Dense(Layer):
    r"""Every output depends on every input: :math:`Y = f(X W + b)`.

    Parameters
    ----------
    neurons : int
        Number of outputs.
    activation : str or Operation, optional
        The function :math:`f`, as a new object, or by name: that of its class in
        `glassbrick.operations`, such as "leaky_relu" for `LeakyReLU`, and "swish" and
        "gelu_tanh". The default is, as in the chapter, a sigmoid; for none, say "linear".
    inputs : int, optional
        Number of inputs, if parameters are wanted before data.
    weight_init, bias_init : str or Initializer, optional
        How the parameters start, by name ("glorot_uniform", "he_normal", "zeros", ...)
        or as an object. The default is what suits the activation, and zeros; in a network
        made with ``seed=`` it is, as in the chapter, "standard_normal" for both.
    l1, l2 : float, default 0
        What weights cost: :math:`l_1\sum|w| + l_2\sum w^2` is added to the loss. Biases
        cost nothing.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind, or a name is unknown.
    OwnershipError
        If the activation belongs to another layer.

    Notes
    -----
    Parameters are `W`, shape (inputs, neurons), and `b`, shape (1, neurons), in the
    dtype of the first input. Chapter section 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dense(3, "relu", weight_init="he_normal", bias_init="zeros")
    >>> layer.forward(np.ones((5, 2))).shape
    (5, 3)
    >>> [param.shape for param in layer.params]
    [(2, 3), (1, 3)]
    """

    neurons: int

    def __init__(
        self,
        neurons: int,
        activation: str | Operation | None = None,
        *,
        inputs: int | None = None,
        weight_init: str | Initializer | None = None,
        bias_init: str | Initializer | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ):
        super().__init__(positive_integer(neurons, "Dense, neurons"), inputs=inputs)
        self.l1, self.l2 = l1, l2
        self.penalty = as_penalty(l1, l2, "Dense")
        self.activation = _as_activation(activation)
        self.weight_init, self.bias_init = weight_init, bias_init
        self._initializers("standard_normal", "standard_normal")  # refuses what there is not, now
        self.activation.claim(self, "Dense, activation")

    def _setup_layer(self, input_: Array) -> None:
        if self.chapters_way:
            of_weights, of_biases = self._initializers("standard_normal", "standard_normal")
        else:
            of_weights, of_biases = self._initializers(self.activation.weight_init, "zeros")
        weight = draw(of_weights, (input_.shape[1], self.neurons), self.rng)
        bias = draw(of_biases, (1, self.neurons), self.rng)
        self.operations = [WeightMultiply(weight), BiasAdd(bias), self.activation]

    def _initializers(self, weight: str, bias: str) -> tuple[Initializer, Initializer]:
        """Return those that were asked for, and else those by the names given."""
        return (
            as_initializer(_or(self.weight_init, weight), "Dense, weight_init"),
            as_initializer(_or(self.bias_init, bias), "Dense, bias_init"),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.neurons}, {type(self.activation).__name__})"


def _or(given: str | Initializer | None, default: str) -> str | Initializer:
    return default if given is None else given


def _as_activation(value: Any) -> Operation:
    who = "Dense, activation"
    if value is None:
        return Sigmoid()
    if isinstance(value, str):
        return one_of(value, ACTIVATIONS, who)()
    return instance_of(value, Operation, who, '"relu" or ReLU()')

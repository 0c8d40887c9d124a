"""How parameters start: the initializers, by name or as objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import instance_of, one_of, refuse
from glassbrick.errors import ShapeError
from glassbrick.names import snake_case
from glassbrick.randomness import RandomSource, ReservedRoom

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "StandardNormal",
    "Zeros",
    "as_initializer",
    "draw",
]


class Initializer(ABC):
    """Makes the first values of a parameter.

    A subclass writes `__call__`.

    Examples
    --------
    >>> import numpy as np
    >>> class Ones(Initializer):
    ...     def __call__(self, shape, rng):
    ...         return np.ones(shape)
    >>> Ones()((1, 3), np.random.default_rng(0))
    array([[1., 1., 1.]])
    """

    @abstractmethod
    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:
        """Return an array of this shape, drawn from `rng`.

        Parameters
        ----------
        shape : tuple of int
            The first axis counts inputs, the last one outputs.
        rng : Generator or RandomState
            The layer's own source: use no other.

        Returns
        -------
        ndarray
            Float64; the layer converts it to the dtype of its data.
        """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class StandardNormal(Initializer):
    r"""Draw from :math:`N(0, 1)` whatever the width: the chapter's way (section 3.4).

    With many inputs it saturates sigmoids from the start; prefer `GlorotUniform` there.
    """

    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:
        """Return an array of this shape, drawn from `rng`."""
        return rng.standard_normal(shape)


class Zeros(Initializer):
    """Start at zero: the usual choice for biases."""

    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:  # noqa: ARG002
        """Return an array of zeros."""
        return np.zeros(shape)


class Constant(Initializer):
    """Start at given values.

    Parameters
    ----------
    value : float or array_like
        One number for all, or an array of the parameter's shape.

    Raises
    ------
    DataError
        If `value` does not hold finite numbers.
    """

    def __init__(self, value: ArrayLike):
        self.value = as_numbers(value, "Constant, value")

    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:  # noqa: ARG002
        """Return an array of this shape; raise `ShapeError` if the given array has another."""
        if self.value.ndim and self.value.shape != shape:
            refuse(ShapeError, "Constant", f"a number or an array of shape {shape}", self.value)
        return np.full(shape, self.value)

    def __repr__(self) -> str:
        return f"Constant({self.value.tolist() if self.value.size == 1 else self.value.shape})"


class _Scaled(Initializer):
    """Zero mean, and a variance that shrinks with the number of inputs (and outputs)."""

    gain: ClassVar[float]  # variance times fan
    averaged: ClassVar[bool] = False  # fan: mean of inputs and outputs, or inputs alone

    def _variance(self, shape: tuple[int, ...]) -> float:
        fan = (shape[0] + shape[-1]) / 2 if self.averaged else shape[0]
        return self.gain / fan


class _ScaledNormal(_Scaled):
    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:
        """Return an array of this shape, drawn from `rng`."""
        return np.asarray(rng.standard_normal(shape) * np.sqrt(self._variance(shape)))


class _ScaledUniform(_Scaled):
    def __call__(self, shape: tuple[int, ...], rng: RandomSource) -> Array:
        """Return an array of this shape, drawn from `rng`."""
        limit = np.sqrt(3.0 * self._variance(shape))
        return rng.uniform(-limit, limit, shape)


class GlorotNormal(_ScaledNormal):
    r"""Draw from :math:`N(0, 2/(n_{in}+n_{out}))`. Glorot and Bengio, 2010."""

    gain, averaged = 1.0, True


class GlorotUniform(_ScaledUniform):
    r"""Draw from :math:`U(-a, a)`, :math:`a=\sqrt{6/(n_{in}+n_{out})}`. Glorot, Bengio, 2010."""

    gain, averaged = 1.0, True


class HeNormal(_ScaledNormal):
    r"""Draw from :math:`N(0, 2/n_{in})`: made for ReLU. He et al., 2015."""

    gain = 2.0


class HeUniform(_ScaledUniform):
    r"""Draw from :math:`U(-a, a)`, :math:`a=\sqrt{6/n_{in}}`: made for ReLU. He et al., 2015."""

    gain = 2.0


class LecunNormal(_ScaledNormal):
    r"""Draw from :math:`N(0, 1/n_{in})`. LeCun et al., Efficient BackProp, 1998."""

    gain = 1.0


class LecunUniform(_ScaledUniform):
    r"""Draw from :math:`U(-a, a)`, :math:`a=\sqrt{3/n_{in}}`. LeCun et al., 1998."""

    gain = 1.0


_BY_NAME: dict[str, type[Initializer]] = {
    snake_case(kind.__name__): kind
    for kind in (
        StandardNormal,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        LecunNormal,
        LecunUniform,
        Zeros,
    )
}


def draw(initializer: Initializer, shape: tuple[int, ...], rng: RandomSource) -> Array:
    """Return the first values of a parameter, checked.

    Raises
    ------
    ShapeError, DataError
        If the initializer returns another shape, or anything but finite numbers.
    """
    if isinstance(rng, ReservedRoom):
        return np.asarray(rng.zeros(shape))
    values = as_numbers(initializer(shape, rng), f"{initializer!r}")
    if values.shape != shape:
        refuse(ShapeError, f"{initializer!r}", f"to return an array of shape {shape}", values)
    return values


def as_initializer(value: str | Initializer, who: str) -> Initializer:
    """Return an initializer, looked up if `value` is a name.

    Raises
    ------
    ArgumentError
        If there is no initializer of that name; the message lists them.
    ArgumentTypeError
        If `value` is neither a name nor an initializer.
    """
    if isinstance(value, str):
        return one_of(value, _BY_NAME, who)()
    return instance_of(value, Initializer, who, '"glorot_uniform" or GlorotUniform()')

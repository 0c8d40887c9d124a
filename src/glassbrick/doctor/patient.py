"""Patient: a copy of a network with its data, and what is found out of them when asked for."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, as_rows, as_targets
from glassbrick.checks import complaint, refuse
from glassbrick.doctor.pass_through import Pass, pass_once, sample_of
from glassbrick.errors import DataError, GlassbrickError, ShapeError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["Patient"]

# Random outputs cost at least what outputs of 0 do, but for chance.
_TRAINED = 0.9


class Patient:
    """A copy of a network, and data of which only rows with finite numbers are kept.

    Attributes
    ----------
    net : NeuralNetwork
        The copy, with parameters.
    optimizer : Optimizer or None
        The copy of an optimizer, bound to `net`.
    raw : ndarray, shape (rows, columns)
        The features as given, with what is not finite.
    raw_y : ndarray, shape (rows, outputs)
        The targets as given, with what is not finite.
    raw_val, raw_y_val : ndarray or None
        The same, of the validation data.
    X, y : ndarray
        The rows of which features and targets are finite.
    X_val, y_val : ndarray or None
        Those of the validation data.
    X_test : ndarray or None
        The rows of finite features by which the network will be judged.
    names : list of str
        Of the columns: "column TAX".
    problem : tuple of str
        Where, and why, the network cannot take the data; empty if it can.
    """

    def __init__(
        self,
        net: NeuralNetwork,
        train: tuple[ArrayLike, ArrayLike],
        validation: tuple[ArrayLike | None, ArrayLike | None],
        names: Sequence[str] | None,
        optimizer: Optimizer | None,
        X_test: ArrayLike | None = None,
    ):
        self._came_built = net.is_built
        dtype = net.dtype if self._came_built else None
        self.names = _names_of(train[0], names)
        self.raw, self.raw_y, self.X, self.y = _pair(*train, ("X", "y"), dtype)
        self.raw_val: Array | None = None
        self.raw_y_val: Array | None = None
        self.X_val: Array | None = None
        self.y_val: Array | None = None
        if (validation[0] is None) != (validation[1] is None):
            raise DataError("diagnose: expected X_val and y_val, or neither; one is missing.")
        if validation[0] is not None and validation[1] is not None:
            pair = _pair(validation[0], validation[1], ("X_val", "y_val"), self.raw.dtype)
            self.raw_val, self.raw_y_val, self.X_val, self.y_val = pair
            self._require_same_columns()
        self.X_test = None if X_test is None else self._finite_rows(X_test, "X_test")
        self._complete_names()
        self.optimizer: Optimizer | None
        if optimizer is not None and optimizer._net is net:
            self.net, self.optimizer = copy.deepcopy((net, optimizer))
        else:
            self.net, self.optimizer = copy.deepcopy(net), copy.deepcopy(optimizer)
            if self.optimizer is not None:
                self.optimizer.net = self.net
        self.problem: tuple[str, ...] = () if not len(self.X) else self._try_rows()

    @property
    def columns(self) -> Array:
        """The finite rows as a matrix, whatever axes they have."""
        return self.X.reshape(len(self.X), -1)

    @cached_property
    def first_pass(self) -> Pass:
        """What a pass of some rows through the network as it was given shows."""
        return pass_once(copy.deepcopy(self.net), sample_of(self.X), sample_of(self.y))

    @property
    def looks_trained(self) -> bool:
        """Whether it came with parameters, and they cost clearly less than outputs all 0."""
        return self._came_built and self.first_pass.loss < _TRAINED * self.first_pass.silent_loss

    def can(self, needs: str) -> bool:
        """Whether there is what a rule needs."""
        has_numbers = len(self.X) > 0
        return needs == "nothing" or (
            has_numbers and (needs == "numbers" or (not self.problem and self._is_finite))
        )

    @cached_property
    def _is_finite(self) -> bool:
        return bool(np.isfinite(self.first_pass.loss))

    def _try_rows(self) -> tuple[str, ...]:
        """Build the network if need be, and let it and its loss look at the data."""
        net = self.net
        where = "X"
        try:
            if not net.is_built:
                net.build(self.X.shape[1:], self.X.dtype)
            outputs = net.predict(self.X).shape[1]
            where = "y"
            net.loss.require_targets(self.y, outputs)
        except GlassbrickError as error:
            return where, str(error)
        return ()

    def _finite_rows(self, rows: ArrayLike, name: str) -> Array:
        """Return the finite ones of some rows that have the columns of X."""
        found = _as_floats(rows, name)
        if found.shape[1:] != self.raw.shape[1:]:
            expected = f"rows of shape {self.raw.shape[1:]}, as in X"
            refuse(ShapeError, f"diagnose, {name}", expected, found)
        finite = np.isfinite(found.reshape(len(found), -1)).all(axis=1)
        return np.asarray(found[finite], self.X.dtype)

    def _require_same_columns(self) -> None:
        pairs = ("X_val", self.raw_val, self.raw), ("y_val", self.raw_y_val, self.raw_y)
        for name, given, model in pairs:
            if given is not None and given.shape[1:] != model.shape[1:]:
                shape = ", ".join(map(str, model.shape[1:]))
                expected = f"{shape} columns, as in {name.removesuffix('_val')}"
                refuse(ShapeError, f"diagnose, {name}", expected, given)

    def _complete_names(self) -> None:
        shape = self.raw.shape[1:]
        if not self.names:
            places = list(np.ndindex(shape))
            self.names = [str(place[0] if len(place) == 1 else list(place)) for place in places]
        if len(self.names) != np.prod(shape):
            expected, found = f"{int(np.prod(shape))} names of columns", str(len(self.names))
            raise DataError(complaint("diagnose, names", expected, found))
        self.names = [f"column {name}" for name in self.names]


def _names_of(X: Any, names: Sequence[str] | None) -> list[str]:
    """Return the names that were given, or those that a table has, or none."""
    if names is None:
        names = getattr(X, "columns", None)
    return [] if names is None else [str(name) for name in names]


def _pair(
    X: ArrayLike, y: ArrayLike, names: tuple[str, str], dtype: np.dtype[Any] | None
) -> tuple[Array, Array, Array, Array]:
    """Return features and targets as they are, and their finite rows."""
    raw, raw_y = _as_floats(X, names[0]), _as_floats(y, names[1])
    raw_y = raw_y[:, np.newaxis] if raw_y.ndim == 1 else raw_y
    if raw.ndim < 2 or raw.size == 0 or raw_y.ndim != 2 or raw_y.size == 0:
        as_rows(X, names[0])
        as_targets(y, names[1])  # one of the two refuses it, in its own words
    if len(raw) != len(raw_y):
        found = f"{len(raw)} rows in {names[0]} and {len(raw_y)} in {names[1]}"
        raise DataError(complaint(" and ".join(names), "the same number of rows", found))
    finite = np.isfinite(raw.reshape(len(raw), -1)).all(axis=1) & np.isfinite(raw_y).all(axis=1)
    if not finite.any():
        empty = np.empty((0, *raw.shape[1:])), np.empty((0, raw_y.shape[1]))
        return raw, raw_y, *empty
    rows = as_rows(raw[finite], names[0], dtype)
    return raw, raw_y, rows, as_targets(raw_y[finite], names[1], rows.dtype)


def _as_floats(values: ArrayLike, name: str) -> Array:
    """Return an array of floats, in which NaN may stand; refuse all else that is no number."""
    array = np.asarray(values)
    if array.dtype.kind == "O" and all(v is None or isinstance(v, Real) for v in array.flat):
        array = array.astype(np.float64)  # None becomes NaN
    if array.dtype.kind == "f":
        return array if array.dtype.itemsize in (4, 8) else array.astype(np.float64)
    return as_numbers(array, name)

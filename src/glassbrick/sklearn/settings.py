"""Settings: the parameters of a multi-layer perceptron, checked, in the form that is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from glassbrick.checks import (
    instance_of,
    one_of,
    positive_integer,
    real_number,
    refuse,
    true_or_false,
)
from glassbrick.engines import ENGINES, Engine
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.optimizers import LBFGS, Optimizer
from glassbrick.training import Callback

__all__ = ["SCIKIT_LEARNS_ACTIVATIONS", "Settings", "as_callbacks", "as_engine"]

SCIKIT_LEARNS_ACTIVATIONS = {
    "identity": "linear",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
}
"""What scikit-learn calls our activations."""

_ACTIVATIONS = {name: name for name in ACTIVATIONS} | SCIKIT_LEARNS_ACTIVATIONS
_SOLVERS = ("sgd", "adam", "lbfgs", "adamw", "nadam", "lion", "rmsprop", "adagrad")
_RATES = ("constant", "invscaling", "adaptive")
_NORMALIZATIONS = ("batch", "layer")


@dataclass(frozen=True)
class Settings:
    """The checked parameters; see `MLPRegressor` for what they mean."""

    hidden: tuple[int, ...]
    activations: tuple[str, ...]
    solver: str | Optimizer
    alpha: float
    batch_size: int | None
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    tol: float
    verbose: bool
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: float
    normalization: str | None
    callbacks: tuple[Callback, ...]
    engine: str | Engine
    clip_norm: float | None

    @classmethod
    def of(cls, estimator: Any) -> Settings:
        """Check the parameters of an estimator.

        Parameters
        ----------
        estimator : estimator
            With the parameters as attributes.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If one of them is out of range, or of the wrong kind.
        """
        check = _Check(estimator)
        hidden = check.hidden()
        settings = cls(
            hidden=hidden,
            activations=check.activations(len(hidden)),
            solver=check.solver(),
            alpha=check.number("alpha", zero=True),
            batch_size=check.batch_size(),
            learning_rate=check.choice("learning_rate", _RATES),
            learning_rate_init=check.number("learning_rate_init"),
            power_t=check.number("power_t", zero=True),
            max_iter=check.count("max_iter"),
            shuffle=check.flag("shuffle"),
            tol=check.number("tol", zero=True),
            verbose=check.verbose(),
            warm_start=check.flag("warm_start"),
            momentum=check.share("momentum", one=True),
            nesterovs_momentum=check.flag("nesterovs_momentum"),
            early_stopping=check.flag("early_stopping"),
            validation_fraction=check.share("validation_fraction"),
            beta_1=check.share("beta_1"),
            beta_2=check.share("beta_2"),
            epsilon=check.number("epsilon"),
            n_iter_no_change=check.patience(),
            max_fun=check.count("max_fun"),
            dropout=check.share("dropout"),
            normalization=check.normalization(),
            callbacks=as_callbacks(estimator.callbacks, check.who("callbacks")),
            engine=as_engine(estimator.engine, check.who("engine")),
            clip_norm=check.optional("clip_norm"),
        )
        settings._require_harmony(check)
        return settings

    @property
    def is_lbfgs(self) -> bool:
        """Whether all rows are taken at once, by L-BFGS."""
        return self.solver == "lbfgs" or isinstance(self.solver, LBFGS)

    def _require_harmony(self, check: _Check) -> None:
        """Refuse what cannot be done together."""
        if self.clip_norm is not None and (self.is_lbfgs or isinstance(self.solver, Optimizer)):
            advice = "An optimizer takes it as an argument: Adam(clip_norm=1.0)."
            expected = "None with this solver"
            refuse(ArgumentError, check.who("clip_norm"), expected, self.clip_norm, advice)
        if self.is_lbfgs and self.dropout:
            advice = 'Dropout draws at random; train with solver="adam".'
            expected = 'another solver than "lbfgs" with dropout'
            refuse(ArgumentError, check.who("solver"), expected, self.solver, advice)


class _Check:
    """Checks the parameters of an estimator by name."""

    def __init__(self, estimator: Any):
        self._estimator = estimator

    def who(self, name: str) -> str:
        return f"{type(self._estimator).__name__}, {name}"

    def get(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def number(self, name: str, *, zero: bool = False) -> float:
        return real_number(self.get(name), self.who(name), above=0.0, or_equal=zero)

    def optional(self, name: str) -> float | None:
        return None if self.get(name) is None else self.number(name)

    def count(self, name: str) -> int:
        return positive_integer(self.get(name), self.who(name))

    def flag(self, name: str) -> bool:
        return true_or_false(self.get(name), self.who(name))

    def share(self, name: str, *, one: bool = False) -> float:
        share = self.number(name, zero=True)
        if share > 1.0 or (share == 1.0 and not one):
            expected = "a number from 0 to 1" if one else "a number of at least 0, less than 1"
            refuse(ArgumentError, self.who(name), expected, self.get(name))
        return share

    def choice(self, name: str, choices: Sequence[str]) -> str:
        return one_of(self.get(name), {choice: choice for choice in choices}, self.who(name))

    def normalization(self) -> str | None:
        unused = self.get("normalization") is None
        return None if unused else self.choice("normalization", _NORMALIZATIONS)

    def batch_size(self) -> int | None:
        """Return None for "auto"."""
        value, who = self.get("batch_size"), self.who("batch_size")
        if isinstance(value, str):
            return one_of(value, {"auto": None}, who)
        return positive_integer(value, who, 'Or "auto".')

    def patience(self) -> float:
        value = self.get("n_iter_no_change")
        return math.inf if value == math.inf else self.count("n_iter_no_change")

    def verbose(self) -> bool:
        value = self.get("verbose")
        if isinstance(value, Integral) and int(value) >= 0:
            return bool(value)
        return true_or_false(value, self.who("verbose"))

    def solver(self) -> str | Optimizer:
        solver = self.get("solver")
        if isinstance(solver, str):
            return self.choice("solver", _SOLVERS)
        return instance_of(solver, Optimizer, self.who("solver"), '"adam" or Adam(0.001)')

    def hidden(self) -> tuple[int, ...]:
        sizes, who = self.get("hidden_layer_sizes"), self.who("hidden_layer_sizes")
        if isinstance(sizes, str):
            refuse(ArgumentTypeError, who, "numbers of neurons, such as (100, 50)", sizes)
        several = sizes if np.iterable(sizes) else (sizes,)
        advice = "One number for each hidden layer."
        return tuple(positive_integer(size, who, advice) for size in several)

    def activations(self, layers: int) -> tuple[str, ...]:
        """Return the names by which a layer takes them."""
        given, who = self.get("activation"), self.who("activation")
        if not isinstance(given, list | tuple):
            given = [given] * max(layers, 1)
        elif len(given) != layers:
            refuse(ArgumentError, who, f"{layers} names, one for each hidden layer", given)
        return tuple(one_of(name, _ACTIVATIONS, who) for name in given)


def as_callbacks(callbacks: Any, who: str) -> tuple[Callback, ...]:
    """Return a tuple of callbacks, or refuse what is none."""
    if not isinstance(callbacks, list | tuple):
        advice = "For example: [TimeBudget(60)]."
        refuse(ArgumentTypeError, who, "a list of callbacks", callbacks, advice)
    return tuple(instance_of(c, Callback, who, "[TimeBudget(60)]") for c in callbacks)


def as_engine(engine: Any, who: str) -> str | Engine:
    """Return an engine or its name, or refuse what is neither."""
    if not isinstance(engine, Engine):
        one_of(engine, ENGINES, who)
    return engine  # type: ignore[no-any-return]

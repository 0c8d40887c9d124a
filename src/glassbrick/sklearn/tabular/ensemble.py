"""An ensemble: networks that each leave out other rows, and so can be judged on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines import Engine
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation
from glassbrick.optimizers import Optimizer
from glassbrick.sklearn.fitting import Fitting, Trainee
from glassbrick.sklearn.rows import Split
from glassbrick.training import Callback, Checkpoint, History, Trainer

__all__ = ["Ensemble", "Judged", "Rows", "Training", "deal_out", "in_double", "mean_of"]

_FEWEST_FOLDS = 5  # so that each network has at least four fifths of the rows


@dataclass(frozen=True)
class Rows:
    """What networks are trained on.

    Attributes
    ----------
    X : ndarray, shape (rows, features)
        Features.
    y : ndarray, shape (rows, 1)
        Targets.
    weights : ndarray of shape (rows,) or None
        What each row counts.
    fold : ndarray of int, shape (rows,)
        Network k does not see the rows of fold k while it is trained.
    """

    X: Array
    y: Array
    weights: Array | None
    fold: Array

    @property
    def folds(self) -> int:
        """How many there are."""
        return int(self.fold.max()) + 1

    def split(self, k: int) -> tuple[Array, Array]:
        """Return which rows network k sees, and which ones it does not."""
        return np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)

    def weights_of(self, rows: Array) -> Array | None:
        """Return what some rows count."""
        return None if self.weights is None else self.weights[rows]


class Judged(NamedTuple):
    """Rows that a network has not seen, and what it says of them.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Their numbers in the table; of rows that are alike, one.
    said : ndarray, shape (n, outputs)
        Numbers in their own units, or the probability of each class.
    simple : dict of str to ndarray
        What simple models, which have not seen them either, say of them.
    weights : ndarray of shape (n,) or None
        What each row counts.
    """

    rows: Array
    said: Array
    simple: Mapping[str, Array]
    weights: Array | None


@dataclass(frozen=True)
class Training:
    """How each network is trained.

    Attributes
    ----------
    make : callable
        Makes a new network from a seed.
    optimizer : callable
        Makes a new optimizer.
    epochs, batch_size : int
        As of `Trainer.fit`.
    engine : str or Engine
        As of `Trainer`.
    callbacks : sequence of Callback
        What looks on. Those that cannot look at several networks at once have each in turn.
    folders : sequence of Path
        Where each network keeps checkpoints, from which an interrupted training goes on; or none.
    verbose : bool or str
        As of `Trainer.fit`.
    """

    make: Callable[[int], NeuralNetwork]
    optimizer: Callable[[], Optimizer]
    epochs: int
    batch_size: int
    engine: str | Engine
    callbacks: Sequence[Callback]
    folders: Sequence[Path]
    verbose: bool | str


@dataclass
class Ensemble:
    """Networks, and what each said of the rows that it had not seen.

    Attributes
    ----------
    networks : list of NeuralNetwork
        Each with the parameters of the epoch that was best on the rows that it did not see.
    """

    networks: list[NeuralNetwork]

    @classmethod
    def fitting(
        cls, rows: Rows, how: Training, seeds: Sequence[int]
    ) -> Fitting[tuple[Self, list[History]]]:
        """Let a network be trained for each seed, all at once if the callbacks can look on so."""
        callbacks = _one_each(how, len(seeds))
        trainees = [
            _trainee(how.make(seed), rows, how, k, callbacks[k]) for k, seed in enumerate(seeds)
        ]
        histories = yield trainees
        if any(history.stop_reason == "interrupted" for history in histories):
            raise KeyboardInterrupt  # which ended one fit, and is meant for all of them
        pairs = zip(trainees, seeds, strict=True)
        networks = [in_double(trainee.trainer.net, how.make(seed)) for trainee, seed in pairs]
        return cls(networks), histories

    def predict(self, X: Array) -> Array:
        """Return the mean of what the networks say, in float64."""
        return mean_of(net.loss.interpret(net.predict(X)) for net in self.networks)

    def predict_with_spread(self, X: Array) -> tuple[Array, Array]:
        """Return the mean of what the networks say, and their standard deviation."""
        said = self._each(X)
        return mean_of(iter(said)), _spread(said)

    def spread_of_others(self, X: Array, own: Array) -> Array:
        """Return the standard deviation of what all networks but one say, another for each row.

        Parameters
        ----------
        X : ndarray, shape (rows, features)
            Features.
        own : ndarray of int, shape (rows,)
            Which network is left out.
        """
        said = self._each(X)
        spread: Array = np.zeros_like(said[0])
        for k in range(len(said)):
            spread[own == k] = _spread(np.delete(said[:, own == k], k, axis=0))
        return spread

    def _each(self, X: Array) -> Array:
        """Return what each network says, shape (networks, rows, outputs), in float64."""
        said = [net.loss.interpret(net.predict(X)).astype(np.float64) for net in self.networks]
        return np.asarray(said)

    def judge(self, rows: Rows) -> tuple[Array, Array]:
        """Return rows that a network has not seen, and what it says of them."""
        seen: list[Array] = []
        said: list[Array] = []
        for k, net in enumerate(self.networks[: rows.folds]):
            _, others = rows.split(k)
            seen.append(others)
            said.append(net.loss.interpret(net.predict(rows.X[others])).astype(np.float64))
        return np.concatenate(seen), np.concatenate(said)


def in_double(net: NeuralNetwork, twin: NeuralNetwork) -> NeuralNetwork:
    """Give a new network the parameters of a trained one, in float64.

    In float32, what is predicted of a row depends a little on the rows beside it.
    """
    twin.build(net.layers[0].shape or (), np.float64)
    for old, new in zip(net.operations(), twin.operations(), strict=True):
        if isinstance(old, ParamOperation) and isinstance(new, ParamOperation):
            new.replace_param(old.param.astype(np.float64))
    return twin


@np.errstate(under="ignore")
def _spread(said: Array) -> Array:
    """Return a standard deviation over the first axis; 0 of fewer than two."""
    if len(said) < 2:
        return np.zeros(said.shape[1:])
    return np.asarray(np.std(said, axis=0, ddof=1))


def mean_of(predictions: Iterator[Array]) -> Array:
    """Return the mean, in float64, of predictions that need not be there all at once."""
    total = next(predictions).astype(np.float64)
    count = 1
    for prediction in predictions:
        total += prediction
        count += 1
    return np.asarray(total / count)


def deal_out(y: Array, networks: int, random: np.random.Generator, *, by_class: bool) -> Array:
    """Say for each row which network shall not see it, each class dealt out evenly.

    Parameters
    ----------
    y : ndarray, shape (rows, 1)
        Targets; with `by_class`, numbers of classes.
    networks : int
        How many there are. At most a fifth of the rows is kept from each.
    random : Generator
        What decides.
    by_class : bool
        Whether each class is dealt out for itself.
    """
    rows = len(y)
    order = random.permutation(rows)
    if by_class:
        order = order[np.argsort(y[order, 0], kind="stable")]
    fold = np.empty(rows, np.int64)
    fold[order] = np.arange(rows) % min(rows, max(networks, _FEWEST_FOLDS))
    return fold


def _one_each(how: Training, networks: int) -> list[list[Callback]]:
    """Return callbacks for each network; all the same ones if they have to take turns."""
    same = [[*how.callbacks]] * networks
    if networks == 1 or how.folders:
        return same
    own = [[c.for_member(k, networks) for c in how.callbacks] for k in range(networks)]
    found = [[callback for callback in one if callback is not None] for one in own]
    return found if all(len(one) == len(how.callbacks) for one in found) else same


def _trainee(
    net: NeuralNetwork, rows: Rows, how: Training, k: int, callbacks: Sequence[Callback]
) -> Trainee:
    seen, others = rows.split(k % rows.folds)  # of a few rows, several networks leave out one
    own = [Checkpoint(how.folders[k])] if how.folders else []
    return Trainee(
        Trainer(net, how.optimizer(), engine=how.engine),
        Split(
            *(rows.X[seen], rows.y[seen], rows.weights_of(seen)),
            *(rows.X[others], rows.y[others], rows.weights_of(others)),
        ),
        epochs=how.epochs,
        batch_size=how.batch_size,
        callbacks=[*callbacks, *own],
        verbose=how.verbose,
    )

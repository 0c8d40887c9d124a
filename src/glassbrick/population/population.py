"""Population: one recipe, many networks, trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from itertools import product
from typing import Any

from numpy.typing import ArrayLike

from glassbrick.checks import errors_within, refuse, true_or_false
from glassbrick.engines import Engine, engine_of
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.population.design import Folds, Settings, as_folds, as_seeds, as_settings, split
from glassbrick.population.group import PopulationMember
from glassbrick.population.result import PopulationResult
from glassbrick.population.scaling import Scaling
from glassbrick.training.fit_data import as_pair
from glassbrick.training.followed import Followed
from glassbrick.training.together import Given, MakeCallbacks, fit_together
from glassbrick.training.trainer import Trainer
from glassbrick.training.weights import ClassWeight

__all__ = ["Population"]

_WHO = "Population"


class Population:
    """Many networks of one recipe, to compare settings, and to know by how much chance decides.

    A network is trained for each setting, each seed and each fold: on the XLA engine, those that
    differ in numbers only, in one compiled step. Each ends as it would have ended alone.

    Parameters
    ----------
    make : callable
        Makes a trainer, or a network and an optimizer, from a seed and settings:
        ``make(seed, lr, dropout)``. The network's random numbers must follow from the seed:
        ``NeuralNetwork(layers, loss, rng=seed)``.
    seeds : int or sequence of int, default 10
        How many seeds, 0, 1, 2, ..., or which ones.
    settings : dict of str to list, or list of dict, optional
        Values by name, of which each combination is tried; or the combinations themselves.
    folds : int, splitter or list of pairs, optional
        Into how many parts to deal the rows, each of which validates networks that did not see
        it; or a splitter of scikit-learn's, or pairs of row numbers to train on and to validate
        on. Without it, `fit` takes validation data.
    standardize : bool, default False
        Whether to give each feature mean 0 and standard deviation 1, by the rows that a network
        is trained on. `predict` does it, too.
    engine : {"auto", "numpy", "xla"} or Engine, default "auto"
        What runs the batches. "auto" compiles if that repays for all together.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or `make` does not take the settings.

    Examples
    --------
    >>> import glassbrick as gb
    >>> def make(seed, lr):
    ...     layers = [gb.Dense(13, "tanh"), gb.Dense(1, "linear")]
    ...     net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=seed)
    ...     return gb.Trainer(net, gb.SGD(lr))
    >>> X_train, X_test, y_train, y_test = gb.datasets.load_boston().chapter_split()
    >>> population = gb.Population(make, seeds=3, settings={"lr": [0.001, 0.01]})
    >>> result = population.fit(X_train, y_train, X_test, y_test, epochs=20, verbose=False)
    >>> result.best.settings
    {'lr': 0.01}
    """

    def __init__(
        self,
        make: Callable[..., Trainer | tuple[NeuralNetwork, Optimizer]],
        *,
        seeds: int | Sequence[int] = 10,
        settings: Settings | None = None,
        folds: Folds | None = None,
        standardize: bool = False,
        engine: str | Engine = "auto",
    ):
        if not callable(make):
            expected = "a function that makes a trainer from a seed"
            refuse(ArgumentTypeError, f"{_WHO}, make", expected, make, "def make(seed, lr): ...")
        self.make = make
        self.seeds = as_seeds(seeds, f"{_WHO}, seeds")
        self.settings = as_settings(settings, f"{_WHO}, settings")
        self.folds = as_folds(folds)
        self.standardize = true_or_false(standardize, f"{_WHO}, standardize")
        self.engine = engine_of(engine, f"{_WHO}, engine")
        for one in self.settings:
            _require_taken(make, one)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        X_test: ArrayLike | None = None,
        y_test: ArrayLike | None = None,
        *,
        epochs: int = 100,
        eval_every: int = 10,
        batch_size: int = 32,
        patience: int | None = 1,
        min_delta: float = 0.0,
        metrics: Followed = (),
        callbacks: MakeCallbacks | None = None,
        class_weight: ClassWeight = None,
        verbose: bool | str = True,
    ) -> PopulationResult:
        """Make all networks and train them.

        Parameters
        ----------
        X, y : array_like
            Training data; with `folds`, all data.
        X_test, y_test : array_like, optional
            Validation data, the same for all; not with `folds`.
        epochs, eval_every, batch_size, patience, min_delta, metrics, class_weight
            As of `Trainer.fit`, for each network.
        callbacks : callable, optional
            Makes the callbacks of a network from its number, counted from 0:
            ``lambda k: [EarlyStopping(patience=5)]``.
        verbose : bool or {"bar", "lines", "silent"}, default True
            True and "bar" draw a bar, which tells how many are done, and the best loss so far.

        Returns
        -------
        PopulationResult
            Means and standard errors, and all networks. After Ctrl-C, with what each has by then.

        Raises
        ------
        ArgumentError, ArgumentTypeError, DataError, ShapeError, TracingError
            As of `Trainer.fit`, before any network is trained.
        """
        data, scalings = self._data(X, y, X_test, y_test)
        of_fold: list[int | None] = list(range(len(data))) if self.folds is not None else [None]
        trainers = {
            (place, fold, seed): self._make(seed, settings)
            for (place, settings), (fold, _), seed in product(
                enumerate(self.settings), enumerate(data), self.seeds
            )
        }
        _require_other_seeds({key: one for key, one in trainers.items() if key[:2] == (0, 0)})
        outcomes = fit_together(
            list(trainers.values()),
            [data[fold] for _, fold, _ in trainers],
            epochs=epochs,
            eval_every=eval_every,
            batch_size=batch_size,
            seed=[seed for _, _, seed in trainers],
            patience=patience,
            min_delta=min_delta,
            metrics=metrics,
            callbacks=callbacks,
            class_weight=class_weight,
            verbose=verbose,
            engine=self.engine,
        )
        members = [
            PopulationMember(self.settings[p], seed, of_fold[fold], trainer, end, scalings[fold])
            for ((p, fold, seed), trainer), end in zip(trainers.items(), outcomes, strict=True)
        ]
        return PopulationResult(members)

    def _data(
        self, X: ArrayLike, y: ArrayLike, X_test: ArrayLike | None, y_test: ArrayLike | None
    ) -> tuple[list[Given], list[Scaling | None]]:
        """Return the data of each fold, and how its features are scaled."""
        if self.folds is not None:
            if X_test is not None or y_test is not None:
                advice = "Leave out X_test and y_test, or folds."
                refuse(ArgumentError, "Population.fit, X_test", "None with folds", X_test, advice)
            features, targets = as_pair(X, "X", y, "y")
            splits = split(self.folds, features, targets, f"{_WHO}, folds")
            data = [Given(features[a], targets[a], features[b], targets[b]) for a, b in splits]
        else:
            data = [Given(X, y, X_test, y_test)]
        if not self.standardize:
            return data, [None] * len(data)
        scaled = [_standardized(given) for given in data]
        return [given for given, _ in scaled], [scaling for _, scaling in scaled]

    def _make(self, seed: int, settings: dict[str, Any]) -> Trainer:
        told = "".join(f", {name}={value!r}" for name, value in settings.items())
        with errors_within(f"{_WHO}, make({seed}{told})"):
            made = self.make(seed, **settings)
        if isinstance(made, tuple) and len(made) == 2:
            made = Trainer(*made)
        if not isinstance(made, Trainer):
            expected = "to return a Trainer, or a network and an optimizer"
            refuse(ArgumentTypeError, f"{_WHO}, make", expected, made)
        return made


def _standardized(given: Given) -> tuple[Given, Scaling]:
    X, y = as_pair(given.X, "X", given.y, "y")
    scaling = Scaling(X)
    X_test = None if given.X_test is None else scaling(given.X_test)
    return Given(scaling(X), y, X_test, given.y_test), scaling


def _require_taken(make: Callable[..., Any], settings: dict[str, Any]) -> None:
    """Refuse settings that are no arguments of the function that is to take them."""
    try:
        parameters = signature(make)
    except ValueError:  # of some functions nobody knows
        return
    try:
        parameters.bind(0, **settings)
    except TypeError as error:
        expected = f"a function of {', '.join(['seed', *settings])}"
        received = f"{getattr(make, '__name__', 'one')}{parameters}: {error}"
        raise ArgumentError(f"{_WHO}, make: expected {expected}; received {received}.") from None


def _require_other_seeds(trainers: dict[Any, Trainer]) -> None:
    """Refuse networks that are the same whatever the seed."""
    known: dict[str, Any] = {}
    for (*_, seed), trainer in trainers.items():
        streams = repr(trainer.net.streams.to_json())
        if streams in known:
            raise ArgumentError(
                f"{_WHO}, make: expected a network whose random numbers follow from the seed; "
                f"received the same {trainer.net.streams!r} for the seeds {known[streams]} and "
                f"{seed}. Write NeuralNetwork(..., rng=seed)."
            )
        known[streams] = seed

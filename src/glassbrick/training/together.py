"""fit_together: trains several networks at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.checks import errors_within, instance_of, refuse, true_or_false
from glassbrick.engines import Engine, engine_of
from glassbrick.errors import ArgumentError, ArgumentTypeError, DivergenceError
from glassbrick.randomness import legacy_seed
from glassbrick.training.callbacks import Callback, EarlyStopping
from glassbrick.training.fit_data import FitData
from glassbrick.training.fitting import fitting
from glassbrick.training.followed import Followed, as_metrics
from glassbrick.training.history import History
from glassbrick.training.members import Together
from glassbrick.training.members_progress import progress_of_all
from glassbrick.training.plan import plan_of
from glassbrick.training.weights import ClassWeight

if TYPE_CHECKING:
    from glassbrick.training.trainer import Trainer

__all__ = ["Given", "MakeCallbacks", "Outcome", "fit_together"]

MakeCallbacks: TypeAlias = Callable[[int], Sequence[Callback]]
"""Makes the callbacks of a member, from its number, counted from 0."""

Outcome: TypeAlias = History | DivergenceError
"""How the training of a member ended."""


@dataclass(frozen=True, eq=False)
class Given:
    """What a network is trained on; see `Trainer.fit`.

    Attributes
    ----------
    X, y : array_like
        Training data.
    X_test, y_test : array_like, optional
        Validation data.
    sample_weight, sample_weight_test : array_like, optional
        What each row counts.
    """

    X: ArrayLike
    y: ArrayLike
    X_test: ArrayLike | None = None
    y_test: ArrayLike | None = None
    sample_weight: ArrayLike | None = None
    sample_weight_test: ArrayLike | None = None


def fit_together(
    trainers: Sequence[Trainer],
    data: Given | Sequence[Given],
    *,
    epochs: int = 100,
    eval_every: int = 10,
    batch_size: int = 32,
    seed: int | Sequence[int | None] | None = 1,
    patience: int | None = 1,
    min_delta: float = 0.0,
    metrics: Followed = (),
    callbacks: MakeCallbacks | None = None,
    class_weight: ClassWeight = None,
    restart: bool = True,
    verbose: bool | str = False,
    engine: str | Engine | None = None,
) -> list[Outcome]:
    """Train several networks at once; each ends as it would have ended alone.

    One that stops early, or diverges, does so by itself, and the others go on.

    Parameters
    ----------
    trainers : sequence of Trainer
        The members, each with a network and an optimizer of its own.
    data : Given, or a sequence of Given
        What all are trained on, or each. Arrays that several are given are held once.
    epochs, eval_every, batch_size, patience, min_delta, metrics, class_weight, restart
        As of `Trainer.fit`, for each of them.
    seed : int or None, or a sequence of these, default 1
        As of `Trainer.fit`; for all, or for each.
    callbacks : callable, optional
        Makes the callbacks of a member from its number, counted from 0:
        ``lambda k: [EarlyStopping(patience=5)]``.
    verbose : bool or {"lines", "bar", "silent"}, default False
        Whether to show how far the training of all is.
    engine : {"numpy", "xla", "auto"} or Engine, optional
        What runs the batches. By default the engines of the trainers, which "auto" among them
        chooses by the work of all.

    Returns
    -------
    list of History or DivergenceError
        How each ended, in the order of the trainers. A network that diverged is left as
        `Trainer.fit` leaves it.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError, ShapeError, TracingError
        As of `Trainer.fit`. What a member is refused for is known before any is trained, and the
        error names the member.

    Notes
    -----
    On Ctrl-C all stop, each keeps what `Trainer.fit` would have kept, and the histories say
    "interrupted". Any other error ends all, too, and is raised.

    Examples
    --------
    >>> import glassbrick as gb
    >>> X_train, X_test, y_train, y_test = gb.datasets.load_boston().chapter_split()
    >>> trainers = [
    ...     gb.Trainer(
    ...         gb.NeuralNetwork([gb.Dense(1, "linear")], gb.MeanSquaredError(), rng=seed),
    ...         gb.SGD(0.01),
    ...     )
    ...     for seed in range(3)
    ... ]
    >>> data = Given(X_train, y_train, X_test, y_test)
    >>> [history.best_epoch for history in fit_together(trainers, data, epochs=20)]
    [20, 20, 20]
    """
    members = _as_members(trainers)
    followed = as_metrics(metrics)
    given = _one_each(data, len(members))
    seeds = [legacy_seed(one, "fit_together, seed") for one in _seeds(seed, len(members))]
    own = _callbacks(callbacks, len(members))
    chosen = None if engine is None else engine_of(engine, "fit_together, engine")
    plans = []
    for k, some in enumerate(own):
        with errors_within(f"member {k}"):
            plan = plan_of(epochs, eval_every, batch_size, patience, min_delta, followed, some)
        plans.append(plan)
    restart = true_or_false(restart, "fit_together, restart")
    converted = _Converted(class_weight)
    with Together(progress_of_all(verbose, len(members), plans[0].epochs)) as together:
        for k, trainer in enumerate(members):
            net = trainer.net
            rows = converted(given[k], k, net.dtype if net.is_built and not restart else None)
            together.add(fitting(trainer, rows, plans[k], own[k], seeds[k], restart=restart))
        together.train(chosen)
    return together.outcomes


class _Converted:
    """Converts what was given, once what several members are given."""

    def __init__(self, class_weight: ClassWeight):
        self._class_weight = class_weight
        self._known: dict[tuple[object, ...], FitData] = {}

    def __call__(self, given: Given, member: int, dtype: np.dtype[Any] | None) -> FitData:
        key = (*map(id, vars(given).values()), dtype)
        if key not in self._known:
            with errors_within(f"member {member}"):
                self._known[key] = FitData.of(
                    (given.X, given.y, given.sample_weight),
                    (given.X_test, given.y_test, given.sample_weight_test),
                    self._class_weight,
                    dtype,
                )
        return self._known[key]


def _as_members(trainers: Sequence[Trainer]) -> list[Trainer]:
    from glassbrick.training.trainer import Trainer

    if not isinstance(trainers, Sequence) or not trainers:
        kind = ArgumentError if isinstance(trainers, Sequence) else ArgumentTypeError
        refuse(kind, "fit_together, trainers", "a list of at least one Trainer", trainers)
    seen: dict[int, int] = {}
    for k, trainer in enumerate(trainers):
        who = f"fit_together, trainers[{k}]"
        net = instance_of(trainer, Trainer, who, "Trainer(net, SGD(lr=0.01))").net
        if id(net) in seen:
            advice = "Make a network, an optimizer and a trainer for each."
            refuse(
                ArgumentError, who, f"another network than trainers[{seen[id(net)]}]", net, advice
            )
        seen[id(net)] = k
    return list(trainers)


def _one_each(data: Given | Sequence[Given], members: int) -> list[Given]:
    who, example = "fit_together, data", "Given(X, y, X_test, y_test)"
    if isinstance(data, Given):
        return [data] * members
    if not isinstance(data, Sequence):
        refuse(ArgumentTypeError, who, "a Given, or one for each trainer", data, f"{example}.")
    if len(data) != members:
        refuse(ArgumentError, who, f"{members} of them, one for each trainer", len(data))
    return [instance_of(given, Given, f"{who}[{k}]", example) for k, given in enumerate(data)]


def _seeds(seed: int | Sequence[int | None] | None, members: int) -> list[int | None]:
    if not isinstance(seed, Sequence):
        return [seed] * members
    if len(seed) != members:
        expected = f"one, or {members}, one for each trainer"
        refuse(ArgumentError, "fit_together, seed", expected, seed)
    return list(seed)


def _callbacks(make: MakeCallbacks | None, members: int) -> list[Sequence[Callback]]:
    if make is None:
        return [()] * members
    who, advice = "fit_together, callbacks", "callbacks=lambda k: [EarlyStopping(patience=5)]."
    if not callable(make):
        expected = "a function that makes those of member k"
        refuse(ArgumentTypeError, who, expected, make, f"For example: {advice}")
    lists = [make(k) for k in range(members)]
    seen: set[int] = set()
    for k, own in enumerate(lists):
        for callback in own if isinstance(own, Sequence) else ():
            if id(callback) in seen:
                advice = "Make them in the function: it is called for each member."
                refuse(ArgumentError, f"{who} of member {k}", "new ones", callback, advice)
            if not isinstance(callback, EarlyStopping):  # which holds settings only
                seen.add(id(callback))
    return lists

"""Trainer: brings a network, an optimizer and data together."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_matrix, as_targets, require_same_rows
from glassbrick.checks import instance_of, one_of, positive_integer, real_number, refuse
from glassbrick.engines import ENGINES, Engine
from glassbrick.errors import DataError, DivergenceError, ShapeError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.randomness import legacy_seed
from glassbrick.training.batches import Shuffler, cut
from glassbrick.training.early_stopping import EarlyStopping, Snapshot
from glassbrick.training.history import History
from glassbrick.training.progress import Progress, progress_for

__all__ = ["Trainer"]


class Trainer:
    """Trains a network with an optimizer.

    Parameters
    ----------
    net : NeuralNetwork
        What to train, in place.
    optim : Optimizer
        How to change the parameters. It can train one network only.
    engine : {"numpy"}
        What runs the batches.

    Attributes
    ----------
    net, optim : NeuralNetwork, Optimizer
        As given. `fit` changes the network's parameters, never which network it is.
    best_loss : float
        Lowest validation loss of an evaluated epoch; infinity before the first.

    Raises
    ------
    ArgumentTypeError
        If `net` or `optim` is something else.
    OwnershipError
        If the optimizer trains another network.

    Notes
    -----
    Chapter section 3.7.

    Examples
    --------
    >>> from glassbrick import SGD, Dense, MeanSquaredError, NeuralNetwork, datasets
    >>> X_train, X_test, y_train, y_test = datasets.load_boston().chapter_split()
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), seed=20190501)
    >>> trainer = Trainer(net, SGD(lr=0.01))
    >>> history = trainer.fit(X_train, y_train, X_test, y_test, epochs=20, seed=20190501)
    Validation loss after 10 epochs is 30.293
    Validation loss after 20 epochs is 28.469
    >>> history.best_epoch
    20
    """

    def __init__(self, net: NeuralNetwork, optim: Optimizer, *, engine: str = "numpy"):
        self.net = instance_of(net, NeuralNetwork, "Trainer, net", "NeuralNetwork(...)")
        self.optim = instance_of(optim, Optimizer, "Trainer, optim", "SGD(lr=0.01)")  # type: ignore[type-abstract]
        self.engine: Engine = one_of(engine, ENGINES, "Trainer, engine")()
        optim.bind(net)
        self._run: _Run | None = None

    @property
    def best_loss(self) -> float:
        return math.inf if self._run is None else self._run.stopping.best_loss

    def generate_batches(
        self, X: ArrayLike, y: ArrayLike, size: int = 32
    ) -> Iterator[tuple[Array, Array]]:
        """Cut data into batches, in the order of its rows.

        Parameters
        ----------
        X, y : array_like, with the same number of rows
            Features and targets.
        size : int, default 32
            Rows a batch; the last one takes what is left.

        Returns
        -------
        iterator of (ndarray, ndarray)
            Features and targets of each batch.

        Raises
        ------
        DataError, ShapeError
            If the data cannot be used; see `fit`.
        ArgumentError, ArgumentTypeError
            If `size` is not a whole number of at least 1.
        """
        features, targets = _as_pair(X, "X", y, "y", None)
        return cut(features, targets, positive_integer(size, "generate_batches, size"))

    def fit(
        self,
        X_train: ArrayLike,
        y_train: ArrayLike,
        X_test: ArrayLike | None = None,
        y_test: ArrayLike | None = None,
        epochs: int = 100,
        eval_every: int = 10,
        batch_size: int = 32,
        seed: int | None = 1,
        restart: bool = True,
        *,
        patience: int | None = 1,
        min_delta: float = 0.0,
        verbose: bool | str = True,
    ) -> History:
        """Train, and leave the network with the parameters of the best evaluated epoch.

        Parameters
        ----------
        X_train : array_like, shape (rows, features)
            Training data. The network computes in its dtype: float32 stays float32.
        y_train : array_like, shape (rows, outputs) or (rows,)
            Training targets; one axis is taken as one column.
        X_test, y_test : array_like, optional
            Validation data, of which training sees only the loss. Because that loss
            decides when to stop and which epoch to keep, it flatters the network a
            little: judge it on a third set.
        epochs : int, default 100
            Passes through the training data, in addition to those of an earlier fit if
            `restart` is False.
        eval_every : int, default 10
            Every so many epochs, and after the last one, the validation loss is acted
            on: printed, compared with the best, and used for stopping. It is recorded
            after each epoch.
        batch_size : int, default 32
            Rows a step; the last batch of an epoch takes what is left.
        seed : int or None, default 1
            Seed of the chapter's stream. A network made with ``rng=`` shuffles from
            that instead. Unused when an earlier fit is continued.
        restart : bool, default True
            Whether to draw new parameters and start again. False trains on from the
            last epoch of the fit before: 10 and 10 more epochs give, bit for bit, what
            20 give.
        patience : int or None, default 1
            Stop after so many evaluations without progress; None never stops early.
        min_delta : float, default 0
            By how much a validation loss must be lower to count as progress.
        verbose : bool or {"lines", "bar", "silent"}, default True
            True prints the chapter's lines, "bar" draws a progress bar, False is silent.

        Returns
        -------
        History
            Losses of every epoch, the best one, and why training stopped.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a setting cannot be used.
        DataError
            If data is empty, not finite, not numbers, or rows do not match.
        ShapeError
            If features or outputs do not fit the network.
        DivergenceError
            If the loss or a parameter is no longer finite. The network then has the
            parameters of the best evaluated epoch, or those it started with.

        Notes
        -----
        On Ctrl-C training stops, the parameters of the best evaluated epoch are kept
        (or, before the first evaluation, those of that moment), and fit returns.
        """
        epochs = positive_integer(epochs, "fit, epochs")
        plan = _Plan(
            eval_every=positive_integer(eval_every, "fit, eval_every"),
            batch_size=positive_integer(batch_size, "fit, batch_size"),
        )
        if patience is not None:
            patience = positive_integer(patience, "fit, patience", "None never stops early.")
        min_delta = real_number(min_delta, "fit, min_delta", above=0.0, or_equal=True)
        seed = legacy_seed(seed, "fit, seed")
        progress = progress_for(verbose)
        fresh = restart or self._run is None
        data = self._take(X_train, y_train, X_test, y_test, restart)

        run, params_changed = self._start(data, seed, restart) if fresh else (self._continue(), False)
        run.stopping.patience, run.stopping.min_delta = patience, min_delta
        run.until = run.history.epochs + epochs
        progress.begin(epochs, run.history.epochs, params_changed)
        self._train(run, data, plan, progress)
        return run.history

    def _take(
        self,
        X_train: ArrayLike,
        y_train: ArrayLike,
        X_test: ArrayLike | None,
        y_test: ArrayLike | None,
        restart: bool,
    ) -> _Data:
        """Convert and check all data before anything is changed."""
        keeps_params = self.net.is_built and not restart
        dtype = self.net.dtype if keeps_params else None
        X, y = _as_pair(X_train, "X_train", y_train, "y_train", dtype)
        if (X_test is None) != (y_test is None):
            given, missing = ("X_test", "y_test") if y_test is None else ("y_test", "X_test")
            raise DataError(f"fit: expected both X_test and y_test, or none; {missing} is missing "
                            f"beside {given}.")
        if X_test is None or y_test is None:
            return _Data(X, y, None, None)
        X_val, y_val = _as_pair(X_test, "X_test", y_test, "y_test", X.dtype)
        for name, test, train in (("X_test", X_val, X), ("y_test", y_val, y)):
            if test.shape[1] != train.shape[1]:
                expected = f"{train.shape[1]} columns, as in {name.replace('test', 'train')}"
                refuse(ShapeError, f"fit, {name}", expected, test)
        return _Data(X, y, X_val, y_val)

    def _start(self, data: _Data, seed: int | None, restart: bool) -> tuple[_Run, bool]:
        """Begin a new run; say also whether it replaced parameters that were there before."""
        # The chapter draws in this order from one stream: the first shuffle, then the
        # parameters, then the other shuffles. Its printed numbers depend on it.
        shuffler = Shuffler(len(data.X), self.net.streams.for_shuffling(seed))
        first_order = shuffler.next_order(len(data.X))
        before = Snapshot(self.net) if self.net.is_built else None
        if restart or before is None:
            self.net._draw_params(data.X[:1])
            self.optim.reset()
        self._check_fit(data)
        changed = before is not None and not before.equals(self.net)
        self._run = _Run(
            shuffler=shuffler,
            next_order=first_order,
            stopping=EarlyStopping(),
            history=History(engine=self.engine.name),
            best=None,
            fallback=Snapshot(self.net),
        )
        return self._run, changed

    def _continue(self) -> _Run:
        """Go on where the last fit left off, unless the parameters were changed since."""
        run = self._run
        assert run is not None  # noqa: S101 (for the type checker: fit asked)
        if run.last is not None and run.left is not None and run.left.equals(self.net):
            run.last.restore(self.net)
        run.fallback = Snapshot(self.net)
        if run.history.stop_reason == "early stopping":
            run.stopping.misses = 0  # whoever continues wants more than one more evaluation
        return run

    def _check_fit(self, data: _Data) -> None:
        """Find out with one row whether data and network fit, before training changes anything."""
        self.engine.evaluate(self.net, data.X[:1], data.y[:1])
        self.net.release()

    def _train(self, run: _Run, data: _Data, plan: _Plan, progress: Progress) -> None:
        """Run the epochs; whatever happens, leave the best parameters and no caches."""
        started = time.perf_counter()
        history = run.history
        history.stop_reason = "running"
        run.last = None
        try:
            self._run_epochs(run, data, plan, progress)
            run.last = Snapshot(self.net)
        except KeyboardInterrupt:
            history.stop_reason = "interrupted"
        except DivergenceError:
            history.stop_reason = "diverged"
            run.fallback.restore(self.net)
            raise
        finally:
            if run.best is not None:
                run.best.restore(self.net)
            self.net.release()
            run.left = Snapshot(self.net)
            history.seconds += time.perf_counter() - started
            progress.close()
        progress.end(history)

    def _run_epochs(self, run: _Run, data: _Data, plan: _Plan, progress: Progress) -> None:
        history = run.history
        for epoch in range(history.epochs + 1, run.until + 1):
            self._run_epoch(run, data, plan, epoch)
            progress.epoch_end(history)
            if epoch % plan.eval_every == 0 or epoch == run.until:
                progress.evaluated(history, self._act_on(run, epoch))
                if run.stopping.should_stop:
                    history.stop_reason = "early stopping"
                    return
        history.stop_reason = "completed"

    def _run_epoch(self, run: _Run, data: _Data, plan: _Plan, epoch: int) -> None:
        """Train on all rows once, and record the losses."""
        order = run.take_order(len(data.X))
        losses = self.engine.run_epoch(
            self.net, self.optim, data.X, data.y, order, plan.batch_size
        )
        self._require_finite(run, epoch, len(losses), losses[-1], "the training loss")
        val_loss = None
        if data.X_val is not None and data.y_val is not None:
            val_loss = self.engine.evaluate(self.net, data.X_val, data.y_val)
            self._require_finite(run, epoch, len(losses), val_loss, "the validation loss")
            run.history.val_loss.append(val_loss)
        else:
            largest = max((float(np.abs(p).max()) for p in self.net.params()), default=0.0)
            self._require_finite(run, epoch, len(losses), largest, "a parameter")
        run.history.loss.append(_mean_over_rows(losses, len(data.X), plan.batch_size))

    def _act_on(self, run: _Run, epoch: int) -> bool:
        """Keep the parameters if their validation loss is the best; say whether it is."""
        history = run.history
        history.evaluated.append(epoch)
        if not history.val_loss:
            return False
        improved = run.stopping.is_best(epoch, history.val_loss[-1])
        if improved:
            run.best = Snapshot(self.net)
            history.best_loss, history.best_epoch = run.stopping.best_loss, epoch
        return improved

    def _require_finite(self, run: _Run, epoch: int, batch: int, value: float, what: str) -> None:
        if math.isfinite(value):
            return
        lr = self.optim.lr
        best = run.stopping.best_epoch
        kept = "it started with" if best is None else f"of epoch {best}"
        raise DivergenceError(
            f"Training diverged in epoch {epoch}, batch {batch}, at learning rate {lr:g}: {what} "
            f"is {value}. The network has the parameters {kept}. Try a lower learning rate, "
            "features and targets scaled to about 1, or a smaller weight_init.",
            epoch=epoch, batch=batch, lr=lr, history=run.history,
        )


@dataclass(frozen=True)
class _Data:
    X: Array
    y: Array
    X_val: Array | None
    y_val: Array | None


@dataclass(frozen=True)
class _Plan:
    eval_every: int
    batch_size: int


@dataclass
class _Run:
    """What a later fit needs to go on: everything that an epoch changes but the network."""

    shuffler: Shuffler
    next_order: Array | None  # drawn ahead, when the run began
    stopping: EarlyStopping
    history: History
    best: Snapshot | None  # of the best evaluated epoch
    fallback: Snapshot  # of the start of this fit, should it diverge
    until: int = 0  # the last epoch of this fit
    last: Snapshot | None = None  # of the last epoch, where a later fit goes on
    left: Snapshot | None = None  # as this fit left the network

    def take_order(self, rows: int) -> Array:
        order, self.next_order = self.next_order, None
        return self.shuffler.next_order(rows) if order is None or len(order) != rows else order


def _as_pair(
    X: ArrayLike, X_name: str, y: ArrayLike, y_name: str, dtype: np.dtype[np.floating] | None
) -> tuple[Array, Array]:
    """Convert features and targets to matrices of one dtype, that of the features."""
    features = as_matrix(X, X_name, dtype)
    targets = as_targets(y, y_name, features.dtype)
    require_same_rows(features, X_name, targets, y_name)
    return features, targets


def _mean_over_rows(losses: list[float], rows: int, batch_size: int) -> float:
    """Average the batches' losses, each with the weight of its rows."""
    weights = np.full(len(losses), float(batch_size))
    weights[-1] = rows - batch_size * (len(losses) - 1)
    return float(weights @ np.array(losses) / rows)

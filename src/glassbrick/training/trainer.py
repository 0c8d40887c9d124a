"""Trainer: brings a network, an optimizer and data together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.batches import Rows, cut
from glassbrick.checks import (
    instance_of,
    positive_integer,
    refuse,
    true_or_false,
)
from glassbrick.engines import Engine, engine_of
from glassbrick.errors import ArgumentError, ArgumentTypeError, NotReadyError
from glassbrick.metrics import Metric
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.randomness import legacy_seed
from glassbrick.stream import Stream
from glassbrick.tape import ExplainedWithUpdate
from glassbrick.training.callbacks import (
    Callback,
    progress_for,
)
from glassbrick.training.fit_data import FitData, as_pair
from glassbrick.training.fitting import fitting
from glassbrick.training.followed import Followed, as_metrics
from glassbrick.training.history import History
from glassbrick.training.plan import plan_of
from glassbrick.training.rate_finder import RateFinder
from glassbrick.training.run import Run
from glassbrick.training.weights import ClassWeight

__all__ = ["Trainer"]


class Trainer(RateFinder, ExplainedWithUpdate):
    """Trains a network with an optimizer.

    Parameters
    ----------
    net : NeuralNetwork
        What to train, in place.
    optim : Optimizer
        How to change the parameters. It can train one network only.
    engine : {"numpy", "xla", "auto"} or Engine
        What runs the batches: NumPy, eagerly; XLA, which compiles the same blocks and
        trains faster, after a second for compilation; or whichever is sooner done, as
        `History.engine` then says. XLA needs ``pip install 'glassbrick[xla]'``;
        ``XLA(devices=2)`` shares out each batch over two devices.

    Attributes
    ----------
    net, optim : NeuralNetwork, Optimizer
        As given. `fit` changes the network's parameters, never which network it is.
    best_loss : float
        Lowest validation loss of an evaluated epoch; infinity before the first.
    engine : Engine
        What runs the batches.

    Raises
    ------
    ArgumentTypeError
        If `net` or `optim` is something else.
    ArgumentError
        If there is no such engine.
    MissingExtraError
        If the engine is XLA and JAX is not installed.
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

    def __init__(self, net: NeuralNetwork, optim: Optimizer, *, engine: str | Engine = "numpy"):
        self.net = instance_of(net, NeuralNetwork, "Trainer, net", "NeuralNetwork(...)")
        self.optim = instance_of(optim, Optimizer, "Trainer, optim", "SGD(lr=0.01)")
        if "_lr" not in vars(optim):
            advice = f"Call super().__init__(lr) in {type(optim).__name__}.__init__."
            refuse(ArgumentError, "Trainer, optim", "a learning rate", type(optim), advice)
        self.engine: Engine = engine_of(engine, "Trainer, engine")
        optim.bind(net)
        self._run: Run | None = None
        self._metrics: dict[str, Metric] = {}

    @property
    def best_loss(self) -> float:
        """Lowest validation loss of an evaluated epoch; infinity before the first."""
        return self.history.best_loss

    @property
    def history(self) -> History:
        """What happened so far; while a fit goes on, too."""
        return History() if self._run is None else self._run.history

    @property
    def kept_epoch(self) -> int:
        """The epoch whose parameters the network was left with; 0 before the first."""
        history, run = self.history, self._run
        keeps_best = run is not None and run.keeps_best and history.best_epoch is not None
        return (history.best_epoch or 0) if keeps_best else history.epochs

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics that the last fit follows, by name."""
        return self._metrics

    @property
    def training_rows(self) -> Rows:
        """What the fit that goes on trains on: for callbacks.

        Raises
        ------
        NotReadyError
            If none goes on.
        """
        rows = None if self._run is None else self._run.training_rows
        if rows is None:
            raise NotReadyError("Trainer.training_rows: no fit goes on.")
        return rows

    def stop(self, reason: str) -> None:
        """Let the fit that goes on stop after this epoch: for callbacks.

        Parameters
        ----------
        reason : str
            For `History.stop_reason`, which keeps the first one that is given.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If it is no text, or an empty one.
        """
        if not isinstance(reason, str) or not reason:
            kind = ArgumentError if isinstance(reason, str) else ArgumentTypeError
            refuse(kind, "stop, reason", 'a text, such as "good enough"', reason)
        if self._run is not None:
            self._run.stop_reason = self._run.stop_reason or reason

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
            Features and targets of each batch, as two matrices. `fit` cuts its shuffled
            rows in the same way, but does not call this method.

        Raises
        ------
        DataError, ShapeError
            If the data cannot be used; see `fit`.
        ArgumentError, ArgumentTypeError
            If `size` is not a whole number of at least 1.
        """
        features, targets = as_pair(X, "X", y, "y")
        batches = cut(len(features), positive_integer(size, "generate_batches, size"))
        return ((features[batch], targets[batch]) for batch in batches)

    def fit(
        self,
        X_train: ArrayLike | Stream,
        y_train: ArrayLike | None = None,
        X_test: ArrayLike | Stream | None = None,
        y_test: ArrayLike | None = None,
        epochs: int = 100,
        eval_every: int = 10,
        batch_size: int = 32,
        seed: int | None = 1,
        restart: bool = True,
        *,
        patience: int | None = 1,
        min_delta: float = 0.0,
        metrics: Followed = (),
        callbacks: Sequence[Callback] = (),
        sample_weight: ArrayLike | None = None,
        sample_weight_test: ArrayLike | None = None,
        class_weight: ClassWeight = None,
        verbose: bool | str = True,
    ) -> History:
        """Train, and leave the network with the parameters of the best evaluated epoch.

        Parameters
        ----------
        X_train : array_like, shape (rows, features), or Stream
            Training data. The network computes in its dtype: float32 stays float32. A `Stream`
            has targets and weights, too, and an order of its own for each epoch.
        y_train : array_like, shape (rows, outputs) or (rows,)
            Training targets; one axis is taken as one column. What they have to be is the
            loss's affair: numbers, classes numbered from 0, 0 and 1.
        X_test, y_test : array_like, optional
            Validation data, of which training sees only the loss. With a `Stream` to train on,
            `X_test` can be one, too; metrics are then of its first 65,536 rows. Because that loss
            decides when to stop and which epoch to keep, it flatters the network a
            little: judge it on a third set.
        epochs : int, default 100
            Passes through the training data, in addition to those of an earlier fit if
            `restart` is False.
        eval_every : int, default 10
            Every so many epochs, and after the last one, the validation loss is acted
            on: printed, compared with the best, and used for stopping. It is recorded
            after each epoch, and so are metrics.
        batch_size : int, default 32
            Rows a step; the last batch of an epoch takes what is left.
        seed : int or None, default 1
            Seed of the chapter's stream. A network made with ``rng=`` shuffles from
            that instead. Unused when an earlier fit is continued.
        restart : bool, default True
            Whether to draw new parameters and start again. False trains on from the
            last epoch of the fit before: 10 and 10 more epochs give, bit for bit, what
            20 give, if the same epochs are evaluated.
        patience : int or None, default 1
            Stop after so many evaluations without progress; None never stops early. An
            `EarlyStopping` among the callbacks takes its place, and that of `min_delta`.
        min_delta : float, default 0
            By how much a validation loss must be lower to count as progress.
        metrics : sequence of str or callable, default ()
            What to follow after each epoch, on the validation data if there is some:
            names ("mae", "accuracy", ...) or functions of targets and predictions. Predictions
            are what the loss says that outputs mean: probabilities, for example.
        callbacks : sequence of Callback, default ()
            What looks on, and may have a say. With a `Checkpoint` among them, training goes on
            where it was, if its process was ended.
        sample_weight, sample_weight_test : array_like, shape (rows,), optional
            What each row of the training and of the validation data counts. Only the
            proportions matter: they are divided by their mean. A stream has its own.
        class_weight : dict of int to float, or "balanced", optional
            What the rows of each class count, in training and in validation; "balanced"
            makes all classes count the same. Multiplies `sample_weight`.
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
        TracingError
            If a block or the optimizer does what the XLA engine cannot compile.
        DivergenceError
            If the loss or a parameter is no longer finite. The network then has the
            parameters of the best evaluated epoch, or those it had before.
        FileError
            If a callback cannot write its file, or `Checkpoint` cannot use its folder.

        Notes
        -----
        On Ctrl-C training stops, the parameters of the best evaluated epoch are kept
        (or, before the first evaluation, those of that moment), and fit returns.

        If a stream raises an error, of a damaged file, say, the same parameters are kept, and the
        error is raised. With ``restart=False``, or from a `Checkpoint`, which is written then,
        training goes on with the very next batch, to the bit: nothing that was trained is lost.
        """
        plan = plan_of(
            epochs, eval_every, batch_size, patience, min_delta, as_metrics(metrics), callbacks
        )
        seed = legacy_seed(seed, "fit, seed")
        restart = true_or_false(restart, "fit, restart")
        train, test = (X_train, y_train, sample_weight), (X_test, y_test, sample_weight_test)
        dtype = self.net.dtype if self.net.is_built and not restart else None
        data = FitData.given(train, test, class_weight, dtype, self.net, plan.batch_size)
        called = [progress_for(verbose), *callbacks]
        with fitting(self, data, plan, called, seed, restart=restart) as fit:
            fit.prepare()
            fit.train()
        return self.history.copy()

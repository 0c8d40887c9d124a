"""Run: the epochs of a training run, over one fit or several that continue each other."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows, Shuffler
from glassbrick.engines import Engine, ReadingError, mean_loss
from glassbrick.errors import DivergenceError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.rollback import Rollback
from glassbrick.training.callbacks import Callbacks
from glassbrick.training.callbacks.early_stopping import Judge
from glassbrick.training.fit import Fit
from glassbrick.training.fit_data import FitData
from glassbrick.training.followed import measure
from glassbrick.training.history import History
from glassbrick.training.plan import Plan
from glassbrick.training.snapshot import Snapshot
from glassbrick.training.stream_fit import StreamFit, Within
from glassbrick.training.trial import require_fitting

__all__ = ["Run"]

_ROUNDING = 100  # last bits, by which the engines may differ


class Run:
    """Trains a network from new parameters on, and can go on where it left off.

    Parameters
    ----------
    net, optim, engine : NeuralNetwork, Optimizer, Engine
        What trains what, and how.
    data : FitData
        Of the first fit.
    seed : int or None
        Of the chapter's stream.
    restart : bool
        Whether to draw new parameters even if there are some.

    Attributes
    ----------
    history : History
        What happened so far.
    asked_for, engine : Engine
        As given; the one that was chosen.
    judge : Judge or None
        Knows which epoch was the best; None if nothing can be judged.
    best : Snapshot or None
        The best epoch that was looked at.
    stop_reason : str
        Why training is to stop after this epoch, if it is.
    replaced_params : bool
        Whether parameters that were there before are lost.
    went_back : bool
        Whether the last fit failed, and left everything as it was before.
    seed : int or None
        As given.
    training_rows : Rows or None
        What it trains on, while it does; of a stream, some.
    within : Within or None
        Where in an epoch a stream could not be read any further.
    draws_params : bool
        Whether training began with new parameters.
    shuffler, drawn_order : Shuffler, ndarray or None
        What draws the orders of rows; one that was drawn already for the next epoch.
    last : Snapshot or None
        The network after the last epoch, where a later fit goes on; None while epochs go on.
    started : float
        When the fit began that goes on, by ``time.perf_counter()``.
    """

    def __init__(
        self,
        net: NeuralNetwork,
        optim: Optimizer,
        engine: Engine,
        data: FitData,
        seed: int | None,
        restart: bool,
    ):
        self.net, self.optim, self.engine, self.asked_for = net, optim, engine, engine
        self.history = History(engine=engine.name)
        self.seed, self.started = seed, 0.0
        self.stop_reason = ""
        self.training_rows: Rows | None = None
        self.within: Within | None = None
        self.went_back = False
        self.judge: Judge | None = None
        self.best: Snapshot | None = None  # of the best evaluated epoch
        self._best_before: Snapshot | None = None  # as the fit found it
        self.last: Snapshot | None = None
        self._left: Snapshot | None = None  # as the last fit left the network

        rollback = Rollback(net._parts())
        before = Snapshot(net) if net.is_built else None
        with rollback:
            # The chapter draws in this order from one stream: the first shuffle, then the
            # parameters, then the other shuffles. Its printed numbers depend on it.
            shuffler = Shuffler(len(data.training.X), net.streams.for_shuffling(seed))
            self.drawn_order: Array | None = shuffler.next_order(len(data.training.X))
            self.draws_params = restart or before is None
            if self.draws_params:
                net._draw_params(data.training.X[:1])
            require_fitting(net, data)
        self.shuffler = copy.deepcopy(shuffler)  # what else the network draws is no concern of it
        self.replaced_params = before is not None and not before.equals(net)
        # What goes back to the start if a fit ends in an error before it evaluated anything.
        self._put_back: Callable[[], None] | None
        self._put_back = rollback.put_back if self.replaced_params else Snapshot(net).restore
        if self.draws_params:
            optim.reset()

    def resume(self, data: FitData, plan: Plan) -> None:
        """Go back to the parameters of the last epoch, unless they were changed since.

        Raises
        ------
        GlassbrickError
            If `data` does not fit the network, which is then left as it was.
        """
        require_fitting(self.net, data)
        self.replaced_params = self.draws_params = False
        self._put_back = Snapshot(self.net).restore
        unchanged = self._left is not None and self._left.equals(self.net)
        judge, stopping = self.judge, plan.stopping
        if not unchanged or judge is None or not judge.rule.compares_like(stopping):
            self.forget_best()
        elif stopping.monitor.startswith("val_"):
            if data.validation is None:
                self.forget_best()
            elif self.best is not None:
                self._judge_again(self.best, judge, data.validation, data, plan)
        if unchanged and self.last is not None:
            self.last.restore()
        if not unchanged:
            self.optim.reset()  # what it remembers is of other parameters
        if self.judge is not None:
            self.judge.rule, self.judge.every = plan.stopping, plan.judged_every
            if self.judge.should_stop:  # whoever continues wants more than one more evaluation
                self.judge.misses = 0

    def forget_best(self) -> None:
        """Begin the search for the best epoch anew, for it cannot be compared with the earlier."""
        self.best, self.judge = None, None
        self.history.best_epoch, self.history.best_loss = None, math.inf

    def _judge_again(
        self, best: Snapshot, judge: Judge, rows: Rows, data: FitData, plan: Plan
    ) -> None:
        """Take the number of the best epoch on the validation data of this fit."""
        best.restore()
        stream = data.validation_stream
        loss = mean_loss(self.net, stream) if stream else self.engine.evaluate(self.net, *rows)
        found = measure(plan.metrics, self.net, rows) or {}
        numbers = {"loss": loss} | found
        monitor = plan.stopping.monitor.removeprefix("val_")
        if monitor not in numbers:
            self.forget_best()
            return
        rounding = _ROUNDING * float(np.finfo(self.net.dtype).eps)
        if math.isclose(loss, self.history.best_loss, rel_tol=rounding):
            return  # the same rows: what the engine found stays, to the last bit
        judge.judge_again(numbers[monitor])
        self.history.best_loss = loss

    @contextmanager
    def fitting(self, data: FitData, plan: Plan, callbacks: Callbacks) -> Iterator[Fit]:
        """Give a fit to whoever runs its epochs, and do what comes before and after them."""
        self.started = time.perf_counter()
        self._best_before, self.went_back, self.stop_reason = self.best, False, ""
        history, before = self.history, self.history.copy()
        history.stop_reason = "failed"
        self.training_rows = data.training
        kind = Fit if data.stream is None else StreamFit
        fit = kind(self, data, plan, callbacks)
        try:
            try:
                try:
                    with fit.in_company():
                        yield fit
                    self.history.stop_reason = self.stop_reason or "completed"
                    self.last = Snapshot(self.net)
                except KeyboardInterrupt:
                    self.history.stop_reason = "interrupted"
                except ReadingError:
                    self.history.stop_reason = "unreadable data"
                    self.last = Snapshot(self.net)
                self._keep_best()
            except BaseException:
                self._recover(before)
                raise
            finally:
                self._put_back = self.training_rows = None
                self.net.release()
                self._left = Snapshot(self.net)
                self.history.seconds += time.perf_counter() - self.started
            callbacks.call("on_train_end", fit.logs)
            fit.raise_error()
        finally:
            callbacks.close()

    @property
    def keeps_best(self) -> bool:
        """Whether it ends with the parameters of the best epoch, not with those of the last."""
        return self.best is not None and self.judge is not None and self.judge.rule.restore_best

    def _keep_best(self) -> None:
        """Leave the network with the parameters that it is to have."""
        if self.best is not None and self.keeps_best:
            self.best.restore()
        else:
            with self.optim.averaged():
                averages = Snapshot(self.net)
            averages.restore()

    def _recover(self, before: History) -> None:
        """Leave the best parameters that a failed fit found; else let all be as it was before."""
        if self.last is None:
            self.optim.reset()  # what it remembers led astray
        if self.best is not None and self.best is not self._best_before:
            self.best.restore()
        elif self._put_back is not None:
            self._put_back()
            self.history, self.went_back = before, True

    def next_order(self, rows: int) -> Array:
        """Return the row numbers in the order of the next epoch."""
        order, self.drawn_order = self.drawn_order, None
        if order is None or len(order) != rows:
            order = self.shuffler.next_order(rows)
        return order

    def next_orders(self, rows: int, epochs: int) -> list[Array]:
        """Return the row numbers in the orders of the next epochs."""
        first = [self.next_order(rows)] if epochs else []
        return first + self.shuffler.next_orders(rows, epochs - len(first))

    def diverged(self, epoch: int, batch: int, what: str, steps: int) -> NoReturn:
        """Raise the error that says where training diverged; `steps` come before the epoch."""
        self.history.stop_reason = "diverged"
        # Not the present rate, for an engine may have gone on.
        lr, is_kept = self.optim.rate_at(steps + batch - 1), self.best is self._best_before
        kept = "it had before" if is_kept else f"of epoch {self.history.best_epoch}"
        failed = self.history.copy()
        failed.seconds += time.perf_counter() - self.started
        raise DivergenceError(
            f"Training diverged in epoch {epoch}, batch {batch}, at learning rate {lr:g}: {what}. "
            f"The network has the parameters {kept}. Try a lower learning rate, "
            "features and targets scaled to about 1, or a smaller weight_init.",
            epoch=epoch,
            batch=batch,
            lr=lr,
            history=failed,
        )

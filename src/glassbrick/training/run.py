"""Run: the epochs of a training run, over one fit or several that continue each other."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Shuffler
from glassbrick.engines import Engine, EpochLosses, Job
from glassbrick.errors import DivergenceError, GlassbrickError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.rollback import Rollback
from glassbrick.training.early_stopping import EarlyStopping
from glassbrick.training.fit_data import FitData
from glassbrick.training.history import History
from glassbrick.training.progress import Progress
from glassbrick.training.snapshot import Snapshot

__all__ = ["Plan", "Run"]

_NOT_FINITE = "a parameter is no longer finite"


@dataclass(frozen=True)
class Plan:
    """The settings of one fit; see `Trainer.fit`."""

    epochs: int
    eval_every: int
    batch_size: int
    patience: int | None
    min_delta: float


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
    stopping : EarlyStopping
        Whether it is time to stop.
    replaced_params : bool
        Whether parameters that were there before are lost.
    went_back : bool
        Whether the last fit failed, and left everything as it was before.
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
        self.net, self.optim, self.engine = net, optim, engine
        self.history = History(engine=engine.name)
        self.stopping = EarlyStopping()
        self.went_back = False
        self._best: Snapshot | None = None  # of the best evaluated epoch
        self._last: Snapshot | None = None  # of the last epoch, where a later fit goes on
        self._left: Snapshot | None = None  # as the last fit left the network

        rollback = Rollback(net._parts())
        before = Snapshot(net) if net.is_built else None
        with rollback:
            # The chapter draws in this order from one stream: the first shuffle, then the
            # parameters, then the other shuffles. Its printed numbers depend on it.
            shuffler = Shuffler(len(data.X), net.streams.for_shuffling(seed))
            self._drawn_order: Array | None = shuffler.next_order(len(data.X))
            if restart or before is None:
                net._draw_params(data.X[:1])
            _try_one_row(net, engine, data)
        self._shuffler = copy.deepcopy(shuffler)  # what else the network draws is no concern of it
        self.replaced_params = before is not None and not before.equals(net)
        # What goes back to the start if a fit ends in an error before it evaluated anything.
        self._put_back: Callable[[], None] | None
        self._put_back = rollback.put_back if self.replaced_params else Snapshot(net).restore
        if restart or before is None:
            optim.reset()

    def resume(self, data: FitData, plan: Plan) -> None:
        """Go back to the parameters of the last epoch, unless they were changed since.

        Raises
        ------
        GlassbrickError
            If `data` does not fit the network, which is then left as it was.
        """
        _try_one_row(self.net, self.engine, data)
        self.replaced_params = False
        self._put_back = Snapshot(self.net).restore
        unchanged = self._left is not None and self._left.equals(self.net)
        if not unchanged or data.validation is None:
            self._forget_best()
        elif self._best is not None:
            self._judge_again(self._best, *data.validation)
        if unchanged and self._last is not None:
            self._last.restore()
        if not unchanged:
            self.optim.reset()  # what it remembers is of other parameters
        self.stopping.patience = plan.patience
        if self.stopping.should_stop:  # whoever continues wants more than one more evaluation
            self.stopping.misses = 0

    def _forget_best(self) -> None:
        """Begin the search for the best epoch anew, for it cannot be compared with the earlier."""
        self._best, self.stopping = None, EarlyStopping()
        self.history.best_epoch, self.history.best_loss = None, math.inf

    def _judge_again(self, best: Snapshot, X_val: Array, y_val: Array) -> None:
        """Take the loss of the best epoch on the validation data of this fit."""
        best.restore()
        loss = self.engine.evaluate(self.net, X_val, y_val)
        if loss != self.history.best_loss:
            self.history.best_loss = self.stopping.reference = loss

    def train(self, data: FitData, plan: Plan, progress: Progress) -> None:
        """Run the epochs; whatever happens, leave the best parameters and no caches."""
        self._started = time.perf_counter()
        self.stopping.patience, self.stopping.min_delta = plan.patience, plan.min_delta
        self._last, self.went_back = None, False
        history, before = self.history, self.history.copy()
        history.stop_reason = "failed"
        try:
            history.stop_reason = self._run_epochs(data, plan, progress)
            self._last = Snapshot(self.net)
        except KeyboardInterrupt:
            history.stop_reason = "interrupted"
        except BaseException:
            self.optim.reset()  # what it remembers led astray
            if self._best is None and self._put_back is not None:
                self._put_back()
                self.history, self.went_back = before, True
            raise
        finally:
            if self._best is not None:
                self._best.restore()
            self._put_back = None
            self.net.release()
            self._left = Snapshot(self.net)
            self.history.seconds += time.perf_counter() - self._started
            progress.close()
        progress.end(history)

    def _run_epochs(self, data: FitData, plan: Plan, progress: Progress) -> str:
        """Train for as long as the plan says; return why it ended."""
        history = self.history
        until = history.epochs + plan.epochs
        job = Job(
            self.net, self.optim, data.X, data.y, data.validation, plan.batch_size, plan.epochs
        )
        if not history.epochs:  # who goes on, goes on with the same numbers
            self.engine, history.engine_reason = self.engine.choose(job)
            history.engine = self.engine.name
        session = self.engine.start(job)
        while history.epochs < until:
            ahead = min(until - history.epochs, plan.eval_every - history.epochs % plan.eval_every)
            for losses in session.train(ahead, lambda: self._next_order(len(data.X))):
                self._record(losses, job)
                progress.epoch_end(history)
            self._require_finite_params(job)
            progress.evaluated(history, self._act_on(history.epochs))
            if self.stopping.should_stop and history.epochs < until:
                return "early stopping"
        return "completed"

    def _next_order(self, rows: int) -> Array:
        """Return the row numbers in the order of the next epoch."""
        order, self._drawn_order = self._drawn_order, None
        if order is None or len(order) != rows:
            order = self._shuffler.next_order(rows)
        return order

    def _record(self, losses: EpochLosses, job: Job) -> None:
        """Add an epoch to the history, unless something in it is not finite."""
        batches, val_loss = losses.batches, losses.validation
        epoch = self.history.epochs + 1
        if not math.isfinite(batches[-1]):
            self._diverged(epoch, len(batches), f"the training loss is {batches[-1]}")
        if val_loss is not None and not math.isfinite(val_loss):
            self._diverged(epoch, len(batches), f"the validation loss is {val_loss}")
        if val_loss is None and not losses.finite:
            self._diverged(epoch, len(batches), _NOT_FINITE)
        self.history.record(_mean_over_rows(batches, len(job.X), job.batch_size), val_loss)

    def _act_on(self, epoch: int) -> bool:
        """Keep the parameters if their validation loss is the best; say whether it is."""
        history = self.history
        history.evaluated.append(epoch)
        if history.last_val_loss is None:
            return False
        self.stopping.update(history.last_val_loss)
        improved = history.last_val_loss < history.best_loss
        if improved:
            self._best = Snapshot(self.net)
            history.best_loss, history.best_epoch = history.last_val_loss, epoch
        return improved

    def _require_finite_params(self, job: Job) -> None:
        """Find what a finite validation loss can hide, before the parameters count as the best."""
        if not all(np.isfinite(param).all() for param in self.net.params()):
            self._diverged(self.history.epochs, job.batches, _NOT_FINITE)

    def _diverged(self, epoch: int, batch: int, what: str) -> NoReturn:
        self.history.stop_reason = "diverged"
        lr, best = self.optim.lr, self.history.best_epoch
        kept = "it had before" if best is None else f"of epoch {best}"
        failed = self.history.copy()
        failed.seconds += time.perf_counter() - self._started
        raise DivergenceError(
            f"Training diverged in epoch {epoch}, batch {batch}, at learning rate {lr:g}: {what}. "
            f"The network has the parameters {kept}. Try a lower learning rate, "
            "features and targets scaled to about 1, or a smaller weight_init.",
            epoch=epoch,
            batch=batch,
            lr=lr,
            history=failed,
        )


def _try_one_row(net: NeuralNetwork, engine: Engine, data: FitData) -> None:
    """Find out whether data and network fit, before training changes anything."""
    try:
        engine.evaluate(net, data.X[:1], data.y[:1])
    except GlassbrickError as error:
        error.within("fit, trying the first row of X_train and y_train")
        raise
    finally:
        net.release()


def _mean_over_rows(losses: list[float], rows: int, batch_size: int) -> float:
    """Average the losses of batches, each with the weight of its rows."""
    rows_in_last = rows - batch_size * (len(losses) - 1)
    return (sum(losses[:-1]) * batch_size + losses[-1] * rows_in_last) / rows

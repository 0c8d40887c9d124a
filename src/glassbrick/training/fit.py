"""Fit: the epochs of one call of `Trainer.fit`, and what happens after each."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from glassbrick.arrays import Array
from glassbrick.engines import (
    BatchHooks,
    Engine,
    EpochLosses,
    Job,
    LBFGSSession,
    Session,
    SoundEpochs,
)
from glassbrick.optimizers import LBFGS
from glassbrick.training.callbacks import Callbacks, TimeBudget
from glassbrick.training.callbacks.early_stopping import Judge
from glassbrick.training.checkpoints import Keeper
from glassbrick.training.divergence import require_finite, require_finite_params
from glassbrick.training.epoch_numbers import logs_of, mean_over_rows, means_over_rows
from glassbrick.training.fit_data import FitData
from glassbrick.training.followed import measure
from glassbrick.training.plan import Plan
from glassbrick.training.several import require_same_settings, require_same_start
from glassbrick.training.snapshot import Snapshot

if TYPE_CHECKING:
    from glassbrick.training.run import Run

__all__ = ["Fit"]

_POSITION = "_first", "_judged", "_steps_before", "_tested_best", "_can_run_ahead"


class Fit:
    """Trains for as long as a plan says.

    Parameters
    ----------
    run : Run
        What is trained, and what happened before.
    data : FitData
        On what.
    plan : Plan
        The settings.
    callbacks : Callbacks
        What to call.
    """

    def __init__(self, run: Run, data: FitData, plan: Plan, callbacks: Callbacks):
        self.run, self.data, self.plan, self.callbacks = run, data, plan, callbacks
        self._first = run.history.epochs
        self.until = self._first + plan.epochs
        self.job = self._job()
        self.cluster = run.engine.cluster  # of those that train together, if there are others
        self.logs: dict[str, float] = {}  # of the latest epoch
        self._can_run_ahead = callbacks.all_spectators and not plan.metrics
        # Numbers of epochs: the latest that has begun, and that was judged; the one after which
        # the network was last looked at, and will be looked at next.
        self._begun = self._judged = self._looked_at = self._look_next = self._first
        self._steps_before = self._first * self.job.batches
        self._rate = math.nan  # of the epoch that goes on; a schedule does not know its own yet
        self._tested_best: int | None = run.history.best_epoch
        self._keeper: Keeper | None = None
        if callbacks.checkpoint is not None:
            self._keeper = Keeper(self, callbacks.checkpoint, callbacks.all)

    def _job(self) -> Job:
        """Say what an engine is to train."""
        run, data, plan = self.run, self.data, self.plan
        return Job(
            run.net,
            run.optim,
            data.training.X,
            data.training.y,
            data.validation,
            plan.batch_size,
            plan.epochs,
            data.training.weights,
            BatchHooks(self._batch_begins, self._batch_ends)
            if self.callbacks.want_batches
            else None,
        )

    def in_company(self) -> AbstractContextManager[None]:
        """Enclose what several processes do together: an error of one ends the others, too."""
        if self.cluster is None:
            return nullcontext()
        checkpoint = self.callbacks.checkpoint
        return self.cluster.advising(None if checkpoint is None else checkpoint.folder)

    @property
    def engine_job(self) -> Job:
        """What an engine is asked to do: the job, or what L-BFGS has it do each time."""
        return LBFGSSession.each_job(self.job) if self.is_lbfgs else self.job

    @property
    def is_lbfgs(self) -> bool:
        """Whether SciPy leads, and an engine only takes gradients."""
        return isinstance(self.run.optim, LBFGS)

    def prepare(self, choice: tuple[Engine, str] | None = None) -> None:
        """Do all that can be refused before anything is trained.

        Parameters
        ----------
        choice : (Engine, str), optional
            Which engine was chosen for several fits together, and why.
        """
        run, keeper = self.run, self._keeper
        if self.cluster is not None:
            require_same_settings(self, self.cluster)
        if keeper is not None:
            keeper.resume()
        if self.cluster is not None:
            require_same_start(self, self.cluster)
        self._plan_rates()  # without which no step can be recorded
        history, job = run.history, self.engine_job
        if not history.epochs or job.hooks:  # who goes on, goes on with the same numbers
            run.engine, history.engine_reason = choice or run.asked_for.choose(job)
            history.engine = run.engine.name
        self._find_judge()
        self._reconsider_stopping()
        self.callbacks.call("on_train_begin", self._first_logs())
        if keeper is not None:
            keeper.resume_callbacks()

    def position(self) -> dict[str, Any]:
        """Return where it is, as JSON."""
        return {name: getattr(self, name) for name in _POSITION}

    @property
    def batches_done(self) -> int:
        """How many batches of the next epoch were trained on already."""
        return 0

    def within(self) -> Any:
        """Return where it is within an epoch; None if it is between two of them."""
        return None

    def go_on_within(self, place: Any) -> None:
        """Be there."""

    def raise_error(self) -> None:
        """Raise the error that ended training, if it kept what was done before."""

    def go_on_from(self, position: dict[str, Any]) -> None:
        """Be where another one was, whose history the run has."""
        for name in _POSITION:
            setattr(self, name, position[name])
        history = self.run.history
        self.until = self._first + self.plan.epochs
        self._begun = self._looked_at = self._look_next = history.epochs
        self.logs = history.latest
        history.stop_reason = "failed"  # until it is known

    def _plan_rates(self) -> None:
        """Tell a schedule how long training takes, unless it knows."""
        optim, batches = self.run.optim, self.job.batches
        is_resumed = self._keeper is not None and self._keeper.resumed_from
        if optim.schedule is not None and not is_resumed:
            self._steps_before = round(optim.t) - 1 - self.batches_done
        steps = self._steps_before + self.plan.epochs * batches
        # To plan is to compute the rate anew, which an engine may have done otherwise, by a bit.
        if not (is_resumed and optim.is_planned(batches, steps)):
            optim.plan(batches, steps)

    def _reconsider_stopping(self) -> None:
        """Find out whether a training that was stopped would still be."""
        run = self.run
        reason = run.stop_reason
        no_more = run.judge is not None and run.judge.should_stop
        if reason == TimeBudget.REASON or (reason == "early stopping" and not no_more):
            run.stop_reason = ""

    def _first_logs(self) -> dict[str, Any]:
        """Return what callbacks are told at the beginning."""
        logs = {
            "epochs": 0 if self.run.stop_reason else max(0, self.until - self.run.history.epochs),
            "rows": self.job.rows,
            "replaced_params": self.run.replaced_params,
            "stopping": self.plan.stopping if self.plan.is_asked_for else None,
        }
        resumed_from = "" if self._keeper is None else self._keeper.resumed_from
        return logs | ({"resumed_from": resumed_from} if resumed_from else {})

    def train(self) -> None:
        """Train, and tell the run of everything."""
        run = self.run
        session: Session
        if isinstance(run.optim, LBFGS):
            session = LBFGSSession(run.engine, self.job, run.optim)
        else:
            session = self._start(run.engine)
        self.begin()
        self.finish(session.run(self.ahead, self.next_order, self.epoch_done))

    def _start(self, engine: Engine) -> Session:
        return engine.start(self.job)

    def begin(self) -> None:
        """Take down that epochs are run from now on."""
        self.run.last = None

    def finish(self, reason: str) -> None:
        """Judge the last epoch, unless that was done; `reason` is why there are no more."""
        run, history = self.run, self.run.history
        run.stop_reason = run.stop_reason or reason
        if history.epochs > self._first and history.evaluated[-1:] != [history.epochs]:
            self._judge(history.epochs, is_last=True)
            self._test(history.epochs)

    def _find_judge(self) -> None:
        """Judge by what is asked for; by default, by the validation loss if there is one."""
        run, plan = self.run, self.plan
        prefix = "val_" if self.data.validation is not None else ""
        names = {"loss", "lr", *(prefix + name for name in plan.metrics)}
        if self.data.validation is not None:
            names.add("val_loss")
        elif not plan.is_asked_for:
            run.judge = None
            return
        if run.judge is None:
            run.judge = Judge(plan.stopping, plan.judged_every)
        run.judge.prepare(names, plan.metrics)

    def ahead(self) -> int:
        """Say for how many epochs nobody has to look at the network."""
        epoch = self.run.history.epochs
        if self.cluster is not None:  # who stops, stops all
            reasons = self.cluster.gather(self.run.stop_reason)
            self.run.stop_reason = next(filter(None, reasons), "")
        if self.run.stop_reason or epoch >= self.until:
            return 0
        self._begin(epoch + 1)
        self._looked_at, self._rate = epoch, self._present_rate()
        every = [self.plan.eval_every]
        if self.run.judge is not None:
            every.append(self.run.judge.every)
        if self._keeper is not None:
            every.append(self._keeper.every)
        if not self._can_run_ahead or epoch == self._first:
            every.append(1)
        bounds = [number - epoch % number for number in every] + self.callbacks.look_after()
        ahead = max(1, min(self.until - epoch, *bounds))
        if self.cluster is not None:
            ahead = min(self.cluster.gather(ahead))
        self._look_next = epoch + ahead
        return ahead

    def _begin(self, epoch: int) -> None:
        if epoch > self._begun:
            self._begun = epoch
            self.callbacks.call("on_epoch_begin", epoch, {})

    def next_order(self) -> Any:
        """Return the row numbers in the order of the next epoch."""
        return self.run.next_order(len(self.data.training.X))

    def next_orders(self, epochs: int) -> list[Array]:
        """Return the row numbers in the orders of the next epochs."""
        return self.run.next_orders(len(self.data.training.X), epochs)

    def epoch_done(self, losses: EpochLosses) -> None:
        """Add an epoch to the history, act on it, and tell."""
        history = self.run.history
        epoch = history.epochs + 1
        require_finite(self.run, losses, epoch, self._steps_until(epoch))
        loss = mean_over_rows(losses.batches, self.job)
        values = self._measure(epoch)
        history.record(loss, losses.validation, values)
        self.logs = logs_of(loss, losses.validation, values)
        is_last = epoch == self.until
        self._judge(epoch, is_last)
        if is_last or epoch % self.plan.eval_every == 0:
            self._test(epoch)
        self.callbacks.call("on_epoch_end", epoch, self.logs.copy())
        if self._keeper is not None and epoch == self._look_next:
            self._keeper.after_epoch(epoch, is_last=is_last or self.run.stop_reason != "")
        if epoch < self._look_next:
            self._begin(epoch + 1)

    def epochs_done(self, told: SoundEpochs) -> None:
        """Add several epochs: at once those of which nobody hears before others are over."""
        quiet = 0
        if not self.callbacks.hear_of_epochs:
            quiet = max(0, min(told.epochs, self._look_next - 1 - self.run.history.epochs))
        if quiet:
            self._add_quietly(told.batches[:quiet], told.validation and told.validation[:quiet])
        for losses in told.each(quiet):
            self.epoch_done(losses)

    def _add_quietly(self, batches: Array, validation: list[float] | None) -> None:
        """Add epochs to the history, as `epoch_done` adds each."""
        first = self.run.history.epochs + 1
        losses = means_over_rows(batches, self.job)
        rates = [self._rate_of(epoch) for epoch in range(first, first + len(losses))]
        self.run.history.record_all(losses, validation, {"lr": rates})
        self.logs = logs_of(losses[-1], validation[-1] if validation else None, {"lr": rates[-1]})

    def _measure(self, epoch: int) -> dict[str, float]:
        """Return what is followed besides the losses."""
        values = {"lr": self._rate_of(epoch)}
        if self.plan.metrics:
            rows = self.data.validation
            prefix = "val_" if rows is not None else ""
            with self.run.optim.averaged():
                found = measure(self.plan.metrics, self.run.net, rows or self.data.training)
            if found is None:
                steps = self._steps_until(epoch)
                self.run.diverged(epoch, self.job.batches, "a prediction is not finite", steps)
            values |= {prefix + name: value for name, value in found.items()}
        return values

    def _rate_of(self, epoch: int) -> float:
        """Return the learning rate at the start of an epoch."""
        optim = self.run.optim
        if optim.schedule is not None and epoch > self._looked_at + 1:
            return optim.rate_at(self._steps_until(epoch))
        rate, self._rate = self._rate, optim.lr
        if optim.schedule is None:
            # A rule that changes its rate by itself: an engine that is ahead would not tell when.
            self._can_run_ahead &= rate == self._rate
        return rate

    def _steps_until(self, epoch: int) -> int:
        """Return how many steps of the schedule come before an epoch."""
        return self._steps_before + (epoch - 1 - self._first) * self.job.batches

    def _present_rate(self) -> float:
        """Return the learning rate of the next step, which callbacks may have changed."""
        optim = self.run.optim
        # Of a schedule, as it is computed for epochs that nobody looked at: the same to the bit.
        return optim.lr if optim.schedule is None else optim.rate_at(round(optim.t) - 1)

    def _judge(self, epoch: int, is_last: bool) -> None:
        """Keep the parameters if they are the best so far; find out whether it is time to stop."""
        run, judge, history = self.run, self.run.judge, self.run.history
        if judge is None or epoch == self._judged or not (is_last or epoch % judge.every == 0):
            return
        self._judged = epoch
        self._require_finite_params()
        if judge.update(self.logs[judge.rule.monitor]):
            with run.optim.averaged():
                run.best = Snapshot(run.net)
            history.best_epoch = epoch
            history.best_loss = self.logs.get("val_loss", self.logs["loss"])
        if judge.should_stop and not is_last:
            run.stop_reason = run.stop_reason or "early stopping"

    def _require_finite_params(self) -> None:
        epoch = self.run.history.epochs
        require_finite_params(self.run, epoch, self.job.batches, self._steps_until(epoch))

    def _test(self, epoch: int) -> None:
        """Tell that the losses are acted on."""
        history = self.run.history
        if epoch != self._judged:  # whoever judged looked at them
            self._require_finite_params()
        history.evaluated.append(epoch)
        improved = history.best_epoch is not None and history.best_epoch != self._tested_best
        self._tested_best = history.best_epoch
        self.callbacks.call("on_test_begin", self.logs.copy())
        self.callbacks.call("on_test_end", self.logs | {"improved": improved})

    def _batch_begins(self, batch: int) -> None:
        self.callbacks.call("on_train_batch_begin", batch, {})

    def _batch_ends(self, batch: int, loss: float) -> None:
        self.callbacks.call("on_train_batch_end", batch, {"loss": loss})

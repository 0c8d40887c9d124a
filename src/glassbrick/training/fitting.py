"""What comes before and after a fit of a trainer, be it alone or one of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from glassbrick.training.callbacks import Callback, Callbacks, Checkpoint
from glassbrick.training.fit import Fit
from glassbrick.training.fit_data import FitData
from glassbrick.training.plan import Plan, only_one
from glassbrick.training.run import Run

if TYPE_CHECKING:
    from glassbrick.training.trainer import Trainer

__all__ = ["fitting"]


@contextmanager
def fitting(
    trainer: Trainer,
    data: FitData,
    plan: Plan,
    callbacks: Sequence[Callback],
    seed: int | None,
    *,
    restart: bool = True,
) -> Iterator[Fit]:
    """Give a fit of a trainer to whoever runs its epochs: `Trainer.fit`, or `fit_together`."""
    trainer._metrics = plan.metrics
    called = Callbacks(callbacks, trainer, only_one(callbacks, Checkpoint))
    before = trainer._run
    if before is not None and trainer.net.is_built and not restart:
        run = before
        run.resume(data, plan)
    else:
        run = Run(trainer.net, trainer.optim, trainer.engine, data, seed, restart)
    trainer._run = run
    try:
        with run.fitting(data, plan, called) as fit:
            yield fit
    except BaseException:
        if run.went_back:
            trainer._run = before  # whose parameters the network has again
        raise

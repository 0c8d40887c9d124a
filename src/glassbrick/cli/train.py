"""`glassbrick train`: from the file of a table to a model, its scores, and a report."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.scoring import score
from glassbrick.cli.train_doctor import remarks_on
from glassbrick.cli.train_plan import Prepared, TrainPlan, prepare
from glassbrick.cli.train_progress import TrainProgress
from glassbrick.cli.train_watch import leave, watch_for
from glassbrick.cli.trained import Trained
from glassbrick.datasets import load_boston
from glassbrick.engines import XLA
from glassbrick.files import write_whole

if TYPE_CHECKING:
    from glassbrick.training import Callback, Watch

__all__ = ["estimator_for", "notes_of", "run", "tell"]


def run(plan: TrainPlan) -> int:
    """Train, write and tell; return the exit status."""
    prepared = prepare(plan)
    watch = watch_for(plan)
    progress = TrainProgress(plan.ensemble, plan.epochs, None if plan.as_json else sys.stdout)
    try:
        trained = _train(plan, prepared, progress, watch)
    except KeyboardInterrupt:
        print(_interruption(plan, progress), file=sys.stderr)  # noqa: T201
        leave(plan, watch, at_once=True)
        return 130
    except BaseException:
        leave(plan, watch, at_once=True)
        raise
    tell(plan, trained)
    leave(plan, watch)
    return 0


def tell(plan: TrainPlan, trained: Trained) -> None:
    """Write what is to be written, and print the summary."""
    if plan.out is not None:
        trained.model.save(plan.out, overwrite=plan.force)
    if plan.report is not None:
        from glassbrick.cli.report import page_of

        page = page_of(trained).encode()
        write_whole(plan.report, page, "--report", overwrite=plan.force)
    if plan.as_json:
        print(json.dumps(trained.to_json(), indent=2, allow_nan=False))  # noqa: T201
    else:
        from glassbrick.cli.train_summary import lines_of

        print("\n".join(lines_of(trained)), flush=True)  # noqa: T201


def _train(
    plan: TrainPlan, prepared: Prepared, progress: TrainProgress, watch: Watch | None
) -> Trained:
    """Fit, and score on the rows that were kept."""
    model = estimator_for(plan, prepared, [progress] if watch is None else [progress, watch])
    began = time.perf_counter()
    progress.start()
    try:
        # What an interrupted fit says is said here, and with what follows from it.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(record=True) as w:
            warnings.simplefilter("always")
            model.fit(prepared.training.table, prepared.target)
    finally:
        progress.stop_drawing()
    seconds = time.perf_counter() - began
    model.set_params(callbacks=(), checkpoint=None)  # of this training, not of the model
    valid = None
    if prepared.valid is not None:
        found = ModelFile("the model", model)
        valid = score(found, prepared.valid, prepared.target, "train, --valid")
    notes = notes_of(w)
    if plan.data is None:
        notes.append(load_boston().ethics_note)
    said = None if watch is None or not plan.doctor else remarks_on(prepared, watch.reports)
    return Trained(plan, prepared, model, seconds, progress.resumed, valid, notes, said)


def estimator_for(plan: TrainPlan, prepared: Prepared, callbacks: list[Callback]) -> Any:
    """Return what is to be fitted."""
    from glassbrick.sklearn import TabularClassifier, TabularRegressor

    kind = TabularClassifier if prepared.task == "classification" else TabularRegressor
    return kind(
        hidden=prepared.hidden,
        ensemble=plan.ensemble,
        epochs=plan.epochs,
        callbacks=callbacks,
        checkpoint=plan.checkpoint,
        engine=plan.engine if plan.devices is None else XLA(plan.devices),
        random_state=plan.seed,
    )


def notes_of(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return what was warned of, but for what the summary says anyway."""
    from glassbrick.sklearn import BaselineWarning

    told = [w for w in caught if issubclass(w.category, UserWarning)]
    notes = (str(w.message) for w in told if not issubclass(w.category, BaselineWarning))
    return list(dict.fromkeys(notes))


def _interruption(plan: TrainPlan, progress: TrainProgress) -> str:
    """Say what is left of a training that was interrupted."""
    if progress.at_once:
        where = f"glassbrick: interrupted after {progress.share}"
    else:
        where = f"glassbrick: interrupted in network {max(progress.network, 1)} of {plan.ensemble}"
    if plan.checkpoint is None:
        return f"{where}; nothing was kept. With --checkpoint DIR it could go on."
    return f"{where}; what was trained is in {plan.checkpoint}: the same command goes on from there"

"""`glassbrick train` on rows that are streamed, for they would not fit into memory."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import textwrap
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from glassbrick.cli.company import in_company, is_first, lanes_for_all
from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.devices import prepare_devices
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.scoring import score
from glassbrick.cli.stream_progress import StreamProgress
from glassbrick.cli.streamed import Streamed, StreamedRows
from glassbrick.cli.table_file import TableFile
from glassbrick.cli.train import estimator_for, notes_of, tell
from glassbrick.cli.train_doctor import remarks_of
from glassbrick.cli.train_plan import Prepared, TrainPlan, hidden_of, require_outputs, share_of
from glassbrick.cli.train_watch import leave, watch_for
from glassbrick.errors import DataError

if TYPE_CHECKING:
    from glassbrick.streams import TableStream
    from glassbrick.training import Watch

__all__ = ["run"]

_WIDTH = 79
_HELD_OUT = 0.1  # of the rows, unless it is said
_FEWEST = 2  # rows to train on, and to judge by


def run(plan: TrainPlan, reason: str) -> int:
    """Train, write and tell; return the exit status."""
    _require_plan(plan)
    is_safe = plan.checkpoint is not None
    if not is_safe and plan.out is not None:
        # Hours of training are not to be lost because of a file that cannot be read.
        plan = replace(plan, checkpoint=plan.out.with_name(f"{plan.out.name}.checkpoint"))
    telling = sys.stderr if plan.as_json else sys.stdout
    if is_first():
        print("\n".join(textwrap.wrap(reason, _WIDTH)), file=telling, flush=True)
    progress = StreamProgress(plan.epochs, telling if is_first() else None)
    watch = watch_for(plan) if is_first() else None
    if is_first():
        progress.start()
    try:
        with in_company(plan.checkpoint):
            trained = _train(plan, reason, progress, watch)
    except KeyboardInterrupt:
        progress.stop_drawing()
        print(_interruption(plan, progress), file=sys.stderr)  # noqa: T201
        leave(plan, watch, at_once=True)
        return 130
    except BaseException:
        progress.stop_drawing()
        leave(plan, watch, at_once=True)
        raise
    if not is_first():
        return 0
    progress.stop_drawing()
    tell(plan, trained)
    if not is_safe and plan.checkpoint is not None:
        shutil.rmtree(plan.checkpoint, ignore_errors=True)
    leave(plan, watch)
    return 0


def _require_plan(plan: TrainPlan) -> None:
    """Refuse what cannot be done with a stream, before hours of reading."""
    hidden_of(plan.layers)
    share_of(plan.valid)
    if plan.report is not None:
        raise typer.BadParameter(
            "--report needs all rows in memory, and these are streamed. Leave it out, or say "
            "--no-stream."
        )
    if plan.ensemble != 1:
        raise typer.BadParameter(
            f"--ensemble {plan.ensemble}: on rows that are streamed, one network is trained. "
            "Leave it out, or say --no-stream."
        )
    require_outputs(plan)
    prepare_devices(plan.devices)


def _train(plan: TrainPlan, reason: str, progress: StreamProgress, watch: Watch | None) -> Streamed:
    """Look at all rows, train, and judge."""
    began = time.perf_counter()
    assert plan.data is not None  # noqa: S101
    valid = _valid(plan)  # before hours of reading
    stream = _stream(plan, plan.data, progress)
    prepared = Prepared(
        StreamedRows(plan.data.name, stream),  # type: ignore[arg-type]
        valid,
        stream.target.name,
        stream.target.task,
        hidden_of(plan.layers),
        stream.without_target,
    )
    model = estimator_for(plan, prepared, [progress] if watch is None else [progress, watch])
    # What a fit says that stops is said by its error, too.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        model.fit(stream)
    seconds = time.perf_counter() - began
    model.set_params(callbacks=(), checkpoint=None)  # of this training, not of the model
    scored = None
    if prepared.valid is not None:
        scored = score(
            ModelFile("the model", model), prepared.valid, prepared.target, "train, --valid"
        )
    said = None if watch is None or not plan.doctor else remarks_of(watch.reports)
    return Streamed(
        plan,
        prepared,
        model,
        seconds,
        progress.resumed,
        scored,
        notes_of(w),
        said,
        stream=stream,
        reason=reason,
    )


def _stream(plan: TrainPlan, data: DataFiles, progress: StreamProgress) -> TableStream:
    """Return the rows, with some held out."""
    from glassbrick.streams import TableStream
    from glassbrick.streams.reader import reader_of

    if plan.target is None:
        names = reader_of(data.find("train"), "train", {}).schema(0).names
        there = ", ".join(f'"{name}"' for name in names)
        raise typer.BadParameter(
            f"say which column to predict: --target COLUMN. In {data.name} there are {there}."
        )
    share = share_of(plan.valid) or _HELD_OUT
    stream = TableStream(
        data.as_data,
        plan.target,
        task=plan.task,
        seed=plan.seed,
        held_out=share,
        lanes=lanes_for_all(),
        progress=progress.read,
        who="train",
    )
    held_out = 0 if stream.held_out is None else len(stream.held_out.X)
    if held_out < _FEWEST or stream.rows < _FEWEST:
        rows = stream.rows + held_out
        raise DataError(
            f"train: of {rows} rows, {held_out} are held out to judge by, which is too few. "
            "So few rows need no stream: --no-stream."
        )
    return stream


def _valid(plan: TrainPlan) -> TableFile | None:
    """Return the rows of `--valid FILE`, if there is one."""
    if plan.valid is None or share_of(plan.valid) is not None:
        return None
    valid = TableFile.read(Path(plan.valid), "train, --valid")
    if plan.target is not None:
        valid.column(plan.target, "train, --valid")
    return valid


def _interruption(plan: TrainPlan, progress: StreamProgress) -> str:
    """Say what is left of a training that was interrupted."""
    if not is_first():  # which the first one does
        return "glassbrick: interrupted"
    where = f"glassbrick: interrupted in epoch {progress.done + 1} of {plan.epochs}"
    if plan.checkpoint is None:
        return f"{where}; nothing was kept. With --out or --checkpoint DIR it could go on."
    return f"{where}; what was trained is in {plan.checkpoint}: the same command goes on from there"

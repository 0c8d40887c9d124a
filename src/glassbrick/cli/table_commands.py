"""The commands for tables and their options: train, predict, evaluate, explain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassbrick.cli.engine_name import EngineName

if TYPE_CHECKING:
    from glassbrick.tables import Task

__all__ = [
    "DataArgument",
    "DataArguments",
    "Force",
    "Json",
    "ModelArgument",
    "TaskName",
    "evaluate",
    "explain",
    "predict",
    "train",
]

_HIDDEN = "128,128,128"
_LARGEST_SEED = 2**32 - 1

ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file that train or save has written.")
]
DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="A CSV, TSV, Parquet or Arrow file.")
]
DataArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="A CSV, TSV, Parquet or Arrow file, several, a folder, a pattern, or a URI.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write files over that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print it for machines.")]


class TaskName(StrEnum):
    """The tasks to choose from."""

    regression = "regression"
    classification = "classification"


def train(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATA]...",
            help="A CSV, TSV, Parquet or Arrow file, several, a folder, a pattern such as "
            "'data/*.parquet', or a URI; else the Boston data.",
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column to predict.")
    ] = None,
    task: Annotated[TaskName | None, typer.Option(help="Else found from the column.")] = None,
    layers: Annotated[
        str, typer.Option(metavar="SIZES", help="Neurons of each hidden layer; 0 for none.")
    ] = _HIDDEN,
    engine: Annotated[
        EngineName | None,
        typer.Option(
            help="What runs the batches: NumPy, XLA (needs JAX), or a choice.",
            show_default="auto",
        ),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(min=1, help="How many devices share out each batch; engine xla."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes through the rows.", show_default="100; 10 of a stream"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Of all random numbers.")] = 0,
    ensemble: Annotated[
        int | None,
        typer.Option(min=1, help="How many networks.", show_default="5; 1 of a stream"),
    ] = None,
    valid: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE|FILE",
            help="Rows to score the model on, and not to train on: 0.2, or a file.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="MODEL", help="Save the model, as .safetensors.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write checkpoints; go on from those that are there."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a page about it (needs matplotlib)."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it on a page in the browser while it trains.")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Save that page, to replay the training."),
    ] = None,
    doctor: Annotated[
        bool, typer.Option("--doctor/--no-doctor", help="Say what goes wrong in training.")
    ] = True,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read rows as they are needed, or all into memory.",
            show_default="as they fit",
        ),
    ] = None,
    distributed: Annotated[
        bool,
        typer.Option(
            "--distributed",
            help="Train with other processes, as SLURM or MPI say, or the next options.",
        ),
    ] = False,
    coordinator: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where process 0 listens; the same for all."),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many processes there are.")
    ] = None,
    process: Annotated[
        int | None, typer.Option(min=0, metavar="I", help="The number of this one, from 0.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Train networks to predict one column of a table from the others.

    Scores are on rows not seen in training, next to a linear model. Exit status 130 if interrupted.
    """
    from glassbrick.cli.company import Company
    from glassbrick.cli.data_files import DataFiles
    from glassbrick.cli.devices import engine_of
    from glassbrick.cli.stream_choice import why_streamed
    from glassbrick.cli.train import run
    from glassbrick.cli.train_plan import TrainPlan
    from glassbrick.cli.train_stream import run as run_streamed

    wanted: Task | None = None if task is None else task.value
    if stream and not data:
        raise typer.BadParameter("--stream needs DATA, such as 'data/*.parquet'.")
    files = DataFiles(tuple(data)) if data else None
    company = Company(distributed, coordinator, processes, process)
    if company.is_wanted:
        company.require_fitting(
            has_data=files is not None, engine=engine, devices=devices, stream=stream
        )
        reason: str | None = company.join()
    else:
        reason = None if files is None else why_streamed(files, stream)
    plan = TrainPlan(
        data=files,
        target=target,
        task=wanted,
        layers=layers,
        engine=engine_of(engine, devices),
        devices="all" if company.is_wanted else devices,
        epochs=epochs or (100 if reason is None else 10),
        seed=seed,
        ensemble=ensemble or (5 if reason is None else 1),
        valid=valid,
        out=out,
        checkpoint=checkpoint,
        report=report,
        as_json=as_json,
        force=force,
        watch=watch,
        replay=replay,
        doctor=doctor,
    )
    raise typer.Exit(run(plan) if reason is None else run_streamed(plan, reason))


def predict(
    model: ModelArgument,
    data: DataArguments,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write .csv, .tsv or .parquet; else CSV is printed."),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Add intervals that hold so many truths, such as 0.9."),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add a column for each class.")] = False,
    spread: Annotated[
        bool, typer.Option("--spread", help="Add how far the networks of an ensemble are apart.")
    ] = False,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Put the columns of DATA before.")
    ] = False,
    force: Force = False,
) -> None:
    """Predict each row of a table, of any length: rows are read and written in parts.

    The columns are called prediction; lower and upper; probability_CLASS.
    """
    from glassbrick.cli.data_files import DataFiles
    from glassbrick.cli.predict import How, run

    how = How(out, interval, proba, spread, with_data, force)
    raise typer.Exit(run(model, DataFiles(tuple(data)), how))


def evaluate(
    model: ModelArgument,
    data: DataArguments,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The truth; else as in training.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score a model on a table of any length, next to what it promised at training."""
    from glassbrick.cli.data_files import DataFiles
    from glassbrick.cli.evaluate import run

    raise typer.Exit(run(model, DataFiles(tuple(data)), target=target, as_json=as_json))


def explain(
    model: ModelArgument,
    data: DataArgument,
    row: Annotated[
        list[str],
        typer.Option(metavar="N|N-M", help="Rows, counted from 1; can be said several times."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a page to walk through; else it is printed."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="The truth; a model for tables knows it."),
    ] = None,
    force: Force = False,
) -> None:
    """Show every number of a training step on rows of a table, forward and backward."""
    from glassbrick.cli.explain import run

    raise typer.Exit(run(model, data, row, target or [], out, force))

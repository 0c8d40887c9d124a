"""`glassbrick predict`: predictions for the rows of a file, as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from glassbrick.checks import complaint
from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.frame_writer import print_frames, write_frames
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.outputs import require_ending, require_room
from glassbrick.cli.slow_work import SlowWork
from glassbrick.cli.table_file import TableFile
from glassbrick.cli.table_parts import TableParts
from glassbrick.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import polars

__all__ = ["How", "run"]

_ENDINGS = (".csv", ".tsv", ".parquet", ".pq")


@dataclass(frozen=True)
class How:
    """The options of the command."""

    out: Path | None
    interval: float | None
    proba: bool
    spread: bool
    with_data: bool
    force: bool


def run(model: Path, data: DataFiles, how: How) -> int:
    """Predict and write; return the exit status."""
    interval = how.interval
    if interval is not None and not 0.0 < interval < 1.0:
        raise typer.BadParameter(f"--interval: expected a share such as 0.9; received {interval}.")
    if how.out is not None:
        require_ending(how.out, "--out", _ENDINGS)
        require_room(how.out, "--out", how.force)
    loaded = ModelFile.read(model, "predict")
    _require_kind(loaded, how)
    # A bar among the rows would be in their way.
    work = SlowWork(is_seen=how.out is not None or not sys.stdout.isatty())
    try:
        with work:
            frames = _frames(loaded, TableParts(data, "predict", work), how)
            if how.out is None:
                print_frames(frames)
                return 0
            rows = write_frames(frames, how.out, overwrite=how.force)
    except KeyboardInterrupt:
        left = "" if how.out is None else f"; {how.out} was not written"
        print(f"glassbrick: interrupted{left}", file=sys.stderr)  # noqa: T201
        return 130
    print(f"{rows} predictions written to {how.out}")  # noqa: T201
    return 0


def _frames(model: ModelFile, parts: Iterable[TableFile], how: How) -> Iterator[polars.DataFrame]:
    """Iterate over what is to be written, part by part."""
    import polars

    for part in parts:
        found = _predictions(model, part, how)
        if how.with_data:
            found = _beside(part, found)
        yield polars.DataFrame(found)


def _require_kind(model: ModelFile, how: How) -> None:
    """Refuse options that a model of its kind knows nothing of."""
    kind = type(model.model).__name__
    if how.interval is not None and not hasattr(model.model, "predict_interval"):
        expected = "a model that glassbrick train made for regression"
        raise ArgumentError(complaint("predict, --interval", expected, kind))
    if how.proba and not hasattr(model.model, "predict_proba"):
        raise ArgumentError(complaint("predict, --proba", "a model that predicts classes", kind))
    if how.spread and model.networks < 2:
        expected = "a model of several networks"
        received = f"one network in {kind}"
        raise ArgumentError(complaint("predict, --spread", expected, received))


def _predictions(model: ModelFile, data: TableFile, how: How) -> dict[str, Any]:
    """Return the columns of predictions."""
    if not model.is_classifier:
        said = model.numbers(data, "predict")
        found: dict[str, Any] = _named("prediction", said, model.targets)
        if how.interval is not None:
            ends = model.interval(data, how.interval, "predict")
            ends = np.asarray(ends).reshape(len(data), -1, 2)
            found |= _named("lower", ends[:, :, 0], model.targets)
            found |= _named("upper", ends[:, :, 1], model.targets)
        if how.spread:
            found |= _named("spread", model.spread(data, "predict"), model.targets)
        return found
    classes = model.classes(data, "predict")
    found = _named("prediction", classes.reshape(len(data), -1), model.targets)
    names = model.targets if len(model.targets) > 1 else model.class_names
    columns = {}
    if how.proba:
        columns["probability"] = model.probabilities(data, "predict")
    if how.spread:
        columns["spread"] = model.spread(data, "predict")
    for title, values in columns.items():
        pairs = zip(names, values.T, strict=True)
        found |= {f"{title}_{name}": column.tolist() for name, column in pairs}
    return found


def _named(title: str, said: Any, targets: list[str]) -> dict[str, Any]:
    """Name columns; if there are several, by what they predict."""
    if said.shape[1] == 1:
        return {title: said[:, 0].tolist()}
    names = targets or [str(number) for number in range(said.shape[1])]
    pairs = zip(names, said.T, strict=True)
    return {f"{title}_{name}": column.tolist() for name, column in pairs}


def _beside(data: TableFile, predictions: dict[str, Any]) -> dict[str, Any]:
    """Put the columns of the file before those of the predictions."""
    both = ", ".join(f'"{name}"' for name in predictions if name in data.names)
    if both:
        raise DataError(
            f"predict, {data.name}: {both} would stand twice in the result. Rename the column, or "
            "leave --with-data out."
        )
    return {name: data.table[name] for name in data.names} | predictions

"""The summary of a training, as lines of text."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter

from glassbrick.cli.scoring import COVERAGE, lines_of_confusion
from glassbrick.cli.train_plan import Prepared
from glassbrick.cli.trained import Trained
from glassbrick.distributed import current
from glassbrick.sklearn.tabular.comparison import lines_of_scores

__all__ = ["kinds_of", "lines_of", "rows_left_out"]

_WIDTH, _INDENT = 79, 11
_MOST = 6  # columns that are named
_MOST_REMARKS = 3
_PLURALS = {"number": "numbers", "category": "categories", "date": "dates"}


def lines_of(trained: Trained) -> list[str]:
    """Return the summary, each line narrow enough for a terminal of 80 columns."""
    prepared, comparison = trained.prepared, trained.comparison
    lines = ["", *_told("Data", f"{prepared.training.name}: {kinds_of(trained)}")]
    if prepared.without_target:
        lines += _told("Left out", rows_left_out(prepared))
    for reason in _left_out(trained):
        lines += _told("Left out", reason)
    lines += _told("Task", _task(trained))
    lines += _told("Trained", _training(trained))
    lines += ["", f"On {comparison.rows} rows, each predicted by a network that has not seen it:"]
    lines += lines_of_scores(comparison.scores)
    lines += ["", *textwrap.wrap(comparison.verdict, _WIDTH)]
    if trained.valid is not None and prepared.valid is not None:
        where = "" if trained.plan.valid is None else trained.plan.valid
        rows = trained.valid["rows"]
        lines += ["", *textwrap.wrap(f"On {rows} rows kept for --valid {where}:", _WIDTH)]
        lines += lines_of_scores({"the model": trained.valid["scores"]})
        if "coverage" in trained.valid["scores"]:
            lines.append(f"coverage: how many truths the {COVERAGE:.0%} intervals hold")
        if "confusion" in trained.valid:
            lines += lines_of_confusion(trained.valid["confusion"])
    lines += [""] if trained.notes else []
    lines += [line for note in trained.notes for line in _told("Note", note)]
    return [*lines, *_doctor(trained), "", *_written(trained)]


def _doctor(trained: Trained) -> list[str]:
    """Return the first few of the doctor's remarks, if there are any."""
    said = trained.said or []
    lines = [""] if said else []
    for some in said[:_MOST_REMARKS]:
        lines += _told("Doctor", some.line(trained.plan.ensemble))
    if len(said) > _MOST_REMARKS:
        lines += _told("", f"and {len(said) - _MOST_REMARKS} more, which --json tells")
    return lines


def kinds_of(trained: Trained) -> str:
    """Say how many rows there are, and columns of each kind."""
    columns = trained.columns
    counts = Counter(column.kind for column in columns)
    kinds = ", ".join(
        f"{count} {kind if count == 1 else _PLURALS[kind]}" for kind, count in counts.items()
    )
    rows = len(trained.prepared.training)
    return f"{rows} rows, {len(columns)} columns to predict from ({kinds})"


def rows_left_out(prepared: Prepared) -> str:
    """Say how many rows had nothing to predict."""
    rows = "1 row" if prepared.without_target == 1 else f"{prepared.without_target} rows"
    return f'{rows} without "{prepared.target}"'


def _left_out(trained: Trained) -> list[str]:
    found = [column for column in trained.columns if column.left_out]
    told = [f'"{column.name}" {column.left_out}' for column in found[:_MOST]]
    return [*told, f"and {len(found) - _MOST} more"] if len(found) > _MOST else told


def _task(trained: Trained) -> str:
    prepared = trained.prepared
    if prepared.task == "classification":
        classes = ", ".join(trained.classes[:_MOST])
        more = f" and {len(trained.classes) - _MOST} more" if len(trained.classes) > _MOST else ""
        told = f'classification: "{prepared.target}" is one of {classes}{more}'
    else:
        told = f'regression: "{prepared.target}" is a number'
    if trained.plan.task is not None:
        return told
    column = next(c for c in prepared.training.columns if c.name == prepared.target)
    if column.kind != "number" or (column.values % 1.0 != 0.0).any():
        return f"{told} (found from the column)"
    other = "regression" if prepared.task == "classification" else "classification"
    return f"{told} (found from the column; if not so, say --task {other})"


def _training(trained: Trained) -> str:
    plan, history = trained.plan, trained.model.history_
    hidden = ", ".join(map(str, trained.prepared.hidden))
    layers = f"hidden layers of {hidden}" if hidden else "no hidden layer"
    networks = "1 network" if plan.ensemble == 1 else f"{plan.ensemble} networks"
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs} epochs"
    told = f"{networks} with {layers}; {epochs} in {trained.seconds:.1f} s"
    if trained.resumed:
        told += (
            f", of which {trained.resumed} of all {plan.ensemble * plan.epochs} were done before"
        )
    engine = history.engine
    if isinstance(plan.devices, int):
        engine += f" on {plan.devices} device{'s' if plan.devices > 1 else ''}"
    elif (cluster := current()) is not None:
        engine += f" in {cluster.processes} processes"
    return f"{told}; engine {engine}, seed {plan.seed}"


def _written(trained: Trained) -> list[str]:
    """Say where everything is, and what to type next; commands are not wrapped."""
    plan = trained.plan
    lines = []
    if plan.report is not None:
        lines.append(f"{'Report':{_INDENT}}{plan.report}")
    if plan.replay is not None:
        lines.append(f"{'Replay':{_INDENT}}{plan.replay}")
    if plan.out is None:
        lines.append(f"{'Model':{_INDENT}}not saved; to keep it, add --out MODEL.safetensors")
        return lines
    lines.append(f"{'Model':{_INDENT}}{plan.out}")
    out = shlex.quote(str(plan.out))
    lines.append(f"{'Next':{_INDENT}}glassbrick predict {out} NEW.csv --out predictions.csv")
    return lines


def _told(title: str, text: str) -> list[str]:
    """Return a title, and a text beside it."""
    indent = " " * _INDENT
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"{title:{_INDENT}}", subsequent_indent=indent
    )

"""The page: what was trained on what, how good it is, and how that came."""

from __future__ import annotations

import datetime
from html import escape

import numpy as np

from glassbrick.cli.report.figures import bars, curves
from glassbrick.cli.report.importance import importances
from glassbrick.cli.report.judged import largest_errors, predicted_and_actual
from glassbrick.cli.report.remarks import remarks
from glassbrick.cli.report.scores import scores, verdict
from glassbrick.cli.report.style import STYLE
from glassbrick.cli.report.tables import Cell, definitions, table
from glassbrick.cli.report.use import use
from glassbrick.cli.train_summary import kinds_of, rows_left_out
from glassbrick.cli.trained import Trained

__all__ = ["page_of"]

_MOST_BARS = 20


def page_of(trained: Trained) -> str:
    """Return the page as HTML."""
    prepared = trained.prepared
    title = f"{prepared.target} from {prepared.training.name}"
    important = importances(trained)
    sections = {
        "Scores": scores(trained),
        "Predicted and actual": predicted_and_actual(trained),
        "Largest errors": largest_errors(trained, [name for name, _ in important]),
        "Which columns matter": _importance(trained, important),
        "Learning": _learning(trained),
        "The doctor's remarks": remarks(trained),
        "The network": _network(trained),
        "Columns": _columns(trained),
        "Use": use(trained),
        "Settings": _settings(trained),
    }
    body = "\n".join(_section(name, content) for name, content in sections.items() if content)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header>\n{_head(trained)}\n</header>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _head(trained: Trained) -> str:
    """Say what was asked, and what came of it."""
    prepared = trained.prepared
    left_out = f" Left out: {escape(rows_left_out(prepared))}." if prepared.without_target else ""
    networks = "1 network" if trained.plan.ensemble == 1 else f"{trained.plan.ensemble} networks"
    hidden = ", ".join(map(str, prepared.hidden))
    told = {
        "task": _task(trained),
        "model": f"{networks}, {f'hidden layers of {hidden}' if hidden else 'no hidden layer'}",
        "rows": f"{len(prepared.training):,} in training"
        + ("" if prepared.valid is None else f", {len(prepared.valid):,} kept"),
        "seed": str(trained.plan.seed),
        "made": f"{datetime.datetime.now(tz=datetime.UTC).date()} with Glassbrick "
        f"{trained.versions['glassbrick']}",
    }
    return (
        f"<h1>Predicting {escape(prepared.target)}</h1>\n"
        f"<p>From {escape(prepared.training.name)}: {escape(kinds_of(trained))}.{left_out}</p>\n"
        f"{verdict(trained)}\n{definitions(told)}"
    )


def _task(trained: Trained) -> str:
    classes = len(trained.classes)
    return "a number" if trained.prepared.task == "regression" else f"one of {classes} classes"


def _importance(trained: Trained, found: list[tuple[str, float]]) -> str:
    shown = found[:_MOST_BARS]
    is_regression = trained.prepared.task == "regression"
    label = "fall of R²" if is_regression else "rise of the log loss"
    rows = "kept" if trained.prepared.valid is not None else "of training"
    note = (
        "How much worse predictions become when the values of one column are shuffled, "
        f"on rows {rows}. Columns that say the same can stand in for each other."
    )
    if len(found) > len(shown):
        note += f" The first {len(shown)} of {len(found)}."
    return f"<p>{note}</p>{bars(shown, label)}"


def _learning(trained: Trained) -> str:
    best = ", ".join(str(history.best_epoch) for history in trained.model.histories_)
    note = (
        "A pair of lines for each network: the rows that it was trained on, and others that it "
        f"left out. It is used as it was after its best epoch, the dot: {best}."
    )
    return f"<p>{note}</p>{curves(trained.model.histories_)}"


def _network(trained: Trained) -> str:
    """Draw and tell the layers and operations, which all networks have alike."""
    net = trained.model.networks_[0]
    summary, drawn = net.summary(), net.diagram("blocks")._repr_html_()
    rows: list[list[Cell]] = [
        [
            "\u00a0\u00a0\u00a0" * row.depth + row.name.rsplit(".", 1)[-1],
            row.kind,
            "" if row.output_shape is None else " x ".join(map(str, row.output_shape)),
            f"{row.parameters:,}" if row.parameters else "",
        ]
        for row in summary.rows
    ]
    many = "" if trained.plan.ensemble == 1 else f" Each of {trained.plan.ensemble} networks has"
    note = f"{summary.parameters:,} parameters; {summary.inputs:,} features; loss {summary.loss}."
    note = f"{many.strip()} {note}".strip()
    heads = ["layer", "kind", "outputs", "parameters"]
    layers = table(heads, rows, numbers=(2, 3), caption="Layers")
    return f"<p>{escape(note)}</p>{drawn}{layers}"


def _columns(trained: Trained) -> str:
    rows: list[list[Cell]] = [
        [
            column.name,
            column.kind if column.categories is None else f"{column.categories} categories",
            str(column.missing or ""),
        ]
        for column in trained.columns
        if not column.left_out
    ]
    content = table(["column", "kind", "missing"], rows, numbers=(2,), caption="Columns used")
    left_out: list[list[Cell]] = [
        [column.name, column.left_out] for column in trained.columns if column.left_out
    ]
    if left_out:
        heads = ["column", "because it"]
        content += "<p>Left out:</p>" + table(heads, left_out, caption="Columns left out")
    return content


def _settings(trained: Trained) -> str:
    history = trained.model.history_
    told = {
        "task": trained.prepared.task,
        **{name.replace("_", " "): _plain(value) for name, value in trained.settings.items()},
        "engine": f"{history.engine} ({history.engine_reason})",
        "time": f"{trained.seconds:.1f} s",
        "model": str(trained.plan.out or "not saved"),
        **trained.versions,
    }
    return definitions(told) + "".join(f"<p>{escape(note)}</p>" for note in trained.notes)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)

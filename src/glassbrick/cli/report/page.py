"""The page: what was trained on what, how good it is, and how that came."""

from __future__ import annotations

from html import escape

import numpy as np

from glassbrick.arrays import Array
from glassbrick.cli.report.figures import agreement, bars, curves
from glassbrick.cli.report.importance import importances
from glassbrick.cli.report.style import STYLE
from glassbrick.cli.report.tables import definitions, matrix, table
from glassbrick.cli.scoring import COVERAGE, confusion
from glassbrick.cli.train_summary import kinds_of, rows_left_out
from glassbrick.cli.trained import Trained
from glassbrick.errors import DataError
from glassbrick.sklearn.tabular.comparison import figure
from glassbrick.sklearn.tabular.intervals import width_of
from glassbrick.tables import as_kind

__all__ = ["page_of"]

_TITLES = {"r2": "R²", "log_loss": "log loss", "rmse": "RMSE", "mae": "MAE"}
_MOST_BARS, _MOST_CLASSES = 20, 25


def page_of(trained: Trained) -> str:
    """Return the page as HTML."""
    prepared = trained.prepared
    title = f"{prepared.target} from {prepared.training.name}"
    left_out = f" Left out: {escape(rows_left_out(prepared))}." if prepared.without_target else ""
    parts = [
        f"<h1>Predicting {escape(prepared.target)}</h1>",
        f"<p>From {escape(prepared.training.name)}: {escape(kinds_of(trained))}.{left_out}</p>",
        _scores(trained),
        _judged(trained),
        _importance(trained),
        _section("Learning", _learning(trained)),
        _section("Columns", _columns(trained)),
        _section("Settings", _settings(trained)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _scores(trained: Trained) -> str:
    comparison = trained.comparison
    names = list(comparison.scores["network"])
    heads = ["", *(_TITLES.get(name, name) for name in names)]
    rows = [
        [who, *(figure(found[name]) for name in names)] for who, found in comparison.scores.items()
    ]
    kind = "good" if comparison.network_is_best else "bad"
    content = (
        f'<p class="verdict {kind}">{escape(comparison.verdict)}</p>'
        f"<p>On {comparison.rows} rows, each predicted by a network that has not seen it.</p>"
        + table(heads, rows, numbers_from=1)
    )
    if trained.valid is not None and trained.prepared.valid is not None:
        found = trained.valid["scores"]
        heads = [_TITLES.get(name, name) for name in found]
        content += (
            f"<p>The finished model on {trained.valid['rows']} rows that were kept "
            f"(<code>--valid {escape(str(trained.plan.valid))}</code>):</p>"
        ) + table(heads, [[figure(value) for value in found.values()]], numbers_from=0)
        if "coverage" in found:
            content += f"<p>Coverage: how many truths the {COVERAGE:.0%} intervals hold.</p>"
    return _section("Scores", content)


def _judged(trained: Trained) -> str:
    """Show predictions of rows not seen, each by the network that has not seen it."""
    rows, said = trained.model.judged_
    name = trained.prepared.target
    column = trained.prepared.training.column(name, "--report").at(rows)
    if trained.prepared.task == "regression":
        drawn = agreement(column.values, said[:, 0], _width(trained), name)
        note = f"Rows not seen in training. {len(rows)} predictions."
        return _section("Predicted and actual", f"<p>{note}</p>{drawn}")
    target = trained.model.targets_[0]
    truth: Array = target.encode(as_kind(column, "category", "--report"), "--report")[:, 0].astype(
        int
    )
    if len(target.classes) > _MOST_CLASSES:
        return ""
    counts = confusion(truth, said.argmax(axis=1), len(target.classes))
    note = "Rows not seen in training: a line for each true class, a column for each predicted."
    return _section("Predicted and actual", f"<p>{note}</p>{matrix(target.classes, counts)}")


def _width(trained: Trained) -> float | None:
    try:
        return width_of(trained.model.errors_[:, 0], COVERAGE, "--report")
    except DataError:  # too few rows to know
        return None


def _importance(trained: Trained) -> str:
    found = importances(trained)
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
    return _section("Which columns matter", f"<p>{note}</p>{bars(shown, label)}")


def _learning(trained: Trained) -> str:
    best = ", ".join(str(history.best_epoch) for history in trained.model.histories_)
    note = (
        "A pair of lines for each network. Each leaves other rows out, and is used as it was "
        f"after its best epoch, the dot: {best}."
    )
    return f"<p>{note}</p>{curves(trained.model.histories_)}"


def _columns(trained: Trained) -> str:
    rows = [
        [
            column.name,
            column.kind if column.categories is None else f"{column.categories} categories",
            str(column.missing or ""),
        ]
        for column in trained.columns
        if not column.left_out
    ]
    content = table(["column", "kind", "missing"], rows, numbers=(2,))
    left_out = [[column.name, column.left_out] for column in trained.columns if column.left_out]
    if left_out:
        content += "<p>Left out:</p>" + table(["column", "because it"], left_out)
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

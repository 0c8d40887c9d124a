"""The part of the page on how good the model is, and how sure that is."""

from __future__ import annotations

import math
from html import escape

from glassbrick.cli.report.intervals import Sureness, sureness_of
from glassbrick.cli.report.tables import Cell, table
from glassbrick.cli.scoring import COVERAGE
from glassbrick.cli.trained import Trained
from glassbrick.sklearn.tabular.comparison import figure

__all__ = ["scores", "verdict"]

_TITLES = {"r2": "R²", "log_loss": "log loss", "rmse": "RMSE", "mae": "MAE"}
_MODELS = {
    "network": "the networks",
    "linear": "a linear model",
    "mean": "the mean",
    "majority": "the shares of the classes",
}


def verdict(trained: Trained) -> str:
    """Say whether the networks are worth it."""
    comparison = trained.comparison
    kind = "good" if comparison.network_is_best else "bad"
    return f'<p class="verdict {kind}">{escape(comparison.verdict)}</p>'


def scores(trained: Trained) -> str:
    """Return a table of scores next to simple models, and of those on rows kept."""
    comparison = trained.comparison
    sure = sureness_of(trained)
    names = list(comparison.scores["network"])
    rows: list[list[Cell]] = [
        [_MODELS[who], *(_cell(who, name, found[name], sure) for name in names)]
        for who, found in comparison.scores.items()
    ]
    content = (
        f"<p>On {comparison.rows:,} rows, each predicted by a network that has not seen it. "
        "The simple models have not seen it, either.</p>"
        + table(["", *map(_title, names)], rows, numbers_from=1, caption="Scores")
    )
    if sure is not None:
        content += f"<p>{_ahead(trained, sure)}</p>"
    return content + _kept(trained)


def _cell(who: str, name: str, value: float, sure: Sureness | None) -> Cell:
    if sure is None:
        return figure(value)
    low, high = sure.ends[who][name]
    return figure(value), _range(low, high)


def _ahead(trained: Trained, sure: Sureness) -> str:
    """Say by how much the networks are better, and how sure that is."""
    comparison = trained.comparison
    name, measure = comparison.best_baseline, comparison.measure
    low, high = sure.ahead[name]
    if low > 0.0:
        told = "so the networks are better on other rows like these, too"
    elif high < 0.0:
        told = "so the networks are worse on other rows like these, too"
    else:
        told = "so it may be the other way round on other rows like these"
    side = "above" if measure == "r2" else "below"
    return (
        "Below each score: between what it would lie for other rows of the same kind, with "
        "95 %. Rows are drawn again and again for that; the models stay as they are. The "
        f"{_title(measure)} of the networks is {_range(low, high)} {side} that of "
        f"{_MODELS[name]}, {told}."
    )


def _range(low: float, high: float) -> str:
    """Write both ends, with two digits of the distance between them."""
    width = high - low
    places = max(0, 1 - math.floor(math.log10(width))) if width > 0.0 else 4
    ends = (round(end, places) + 0.0 for end in (low, high))
    return " to ".join(f"{end:,.{places}f}" for end in ends)


def _kept(trained: Trained) -> str:
    if trained.valid is None or trained.prepared.valid is None:
        return ""
    found = trained.valid["scores"]
    told = (
        f"<p>The finished model on {trained.valid['rows']} rows that were kept "
        f"(<code>--valid {escape(str(trained.plan.valid))}</code>):</p>"
    )
    row: list[Cell] = ["the model", *map(figure, found.values())]
    heads = ["", *map(_title, found)]
    told += table(heads, [row], numbers_from=1, caption="Scores on rows kept")
    if "coverage" in found:
        told += f"<p>Coverage: how many truths the {COVERAGE:.0%} intervals hold.</p>"
    return told


def _title(name: str) -> str:
    return _TITLES.get(name, name)

"""`glassbrick chapter`: the chapter's three networks, and each of its 21 figures compared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from glassbrick.arrays import Array
from glassbrick.cli.chapter_models import (
    EPOCHS,
    EVAL_EVERY,
    MODELS,
    SEED,
    Model,
    Outcome,
    PrintedFigure,
)
from glassbrick.datasets import load_boston
from glassbrick.metrics import eval_regression_model, mae, rmse
from glassbrick.optimizers import SGD
from glassbrick.training import History, Trainer

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["run"]


def run(plot: Path | None, force: bool, engine: str) -> int:
    """Train, print, compare; return the exit status."""
    from rich.console import Console

    if plot is not None:
        from glassbrick.cli.chapter_plot import prepare

        prepare(plot, force)  # before the work, so that it is not done in vain
    outcomes = []
    for model in MODELS:
        outcomes.append(_train(model, engine))
        if outcomes[-1].history.stop_reason == "interrupted":
            return 130
    Console().print(_table(outcomes))
    if plot is not None:
        from glassbrick.cli.chapter_plot import draw

        draw(outcomes, plot)
        _say(f"Plot written to {plot}")
    figures = [figure for outcome in outcomes for figure in outcome.figures]
    agreeing = sum(figure.agrees for figure in figures)
    _say(f"{agreeing} of {len(figures)} figures agree with the chapter")
    return 0 if agreeing == len(figures) else 1


def _train(model: Model, engine: str) -> Outcome:
    X_train, X_test, y_train, y_test = load_boston().chapter_split()
    net = model.build()
    _say(f"{model.title}: {', '.join(map(repr, net.layers))}")
    trainer = Trainer(net, SGD(lr=0.01), engine=engine)
    history = trainer.fit(
        X_train, y_train, X_test, y_test, epochs=EPOCHS, eval_every=EVAL_EVERY, seed=SEED
    )
    _say()
    eval_regression_model(net, X_test, y_test)
    _say()
    predicted = net.predict(X_test)
    return Outcome(model, _figures(model, history, y_test, predicted), history, y_test, predicted)


def _figures(
    model: Model, history: History, actual: Array, predicted: Array
) -> list[PrintedFigure]:
    epochs = range(EVAL_EVERY, EPOCHS + 1, EVAL_EVERY)
    losses = dict(zip(history.epoch, history.val_loss, strict=True))
    found = [(f"validation loss, epoch {n}", f"{losses.get(n, math.nan):.3f}") for n in epochs]
    found.append(("mean absolute error", f"{mae(actual, predicted):.2f}"))
    found.append(("root mean squared error", f"{rmse(actual, predicted):.2f}"))
    printed = (*model.losses, model.mae, model.rmse)
    return [
        PrintedFigure(name, chapter, here)
        for (name, here), chapter in zip(found, printed, strict=True)
    ]


def _table(outcomes: list[Outcome]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model")
    table.add_column("figure")
    table.add_column("chapter", justify="right")
    table.add_column("here", justify="right")
    table.add_column("")
    for outcome in outcomes:
        for number, figure in enumerate(outcome.figures):
            table.add_row(
                outcome.model.title if number == 0 else "",
                figure.name,
                figure.chapter,
                figure.here,
                Text("agrees", "green") if figure.agrees else Text("DIFFERS", "bold red"),
                end_section=figure is outcome.figures[-1],
            )
    return table


def _say(line: str = "") -> None:
    print(line, flush=True)  # noqa: T201

"""The part of the page on what to type: to use the model, and to train it again."""

from __future__ import annotations

import shlex
from html import escape

from glassbrick.cli.train_plan import TrainPlan
from glassbrick.cli.trained import Trained

__all__ = ["command_of", "use"]


def use(trained: Trained) -> str:
    """Say how to predict with the model, or how to keep it."""
    plan = trained.plan
    again = f"<p>The same training again:</p>{_code(command_of(plan))}"
    if plan.out is None:
        return f"<p>The model was not saved: <code>--out MODEL.safetensors</code> does.</p>{again}"
    name = plan.out.name
    model = shlex.quote(name)
    told = "\n".join(
        [
            f"glassbrick predict {model} NEW.csv --out predictions.csv",
            f"glassbrick evaluate {model} NEW.csv",
        ]
    )
    python = "\n".join(
        [
            "import glassbrick as gb",
            "",
            f"model = gb.load({name!r})",
            'model.predict("NEW.csv")  # or a table of pandas or polars',
            'model.predict_interval("NEW.csv", coverage=0.9)'
            if trained.prepared.task == "regression"
            else 'model.predict_proba("NEW.csv")',
        ]
    )
    used = [column.name for column in trained.columns if not column.left_out]
    needs = (
        f"<p>NEW.csv has to have these columns, in any order and among others: "
        f"{', '.join(f'<code>{escape(column)}</code>' for column in used)}.</p>"
    )
    return (
        f"<p>The model is in <code>{escape(str(plan.out))}</code>, with all that prepares the "
        "columns. Whoever loads it runs no code of the file's.</p>"
        f"{_code(told)}<p>In Python:</p>{_code(python)}{needs}{again}"
    )


def command_of(plan: TrainPlan) -> str:
    """Return the command that trains the same."""
    given = {
        "--target": plan.target,
        "--task": plan.task,
        "--layers": plan.layers,
        "--epochs": plan.epochs,
        "--ensemble": plan.ensemble,
        "--seed": plan.seed,
        "--engine": plan.engine,
        "--devices": plan.devices,
        "--valid": plan.valid,
        "--out": plan.out,
        "--report": plan.report,
    }
    words = ["glassbrick", "train", *([] if plan.data is None else plan.data.given)]
    for option, value in given.items():
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)


def _code(text: str) -> str:
    return f"<pre><code>{escape(text)}</code></pre>"

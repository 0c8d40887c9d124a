"""`glassbrick evaluate`: how good a model is on the rows of a file, next to what it promised."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import typer

from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.scoring import COVERAGE, Scored, lines_of_confusion, score_parts
from glassbrick.cli.slow_work import SlowWork
from glassbrick.cli.table_parts import TableParts
from glassbrick.errors import DataError
from glassbrick.sklearn.tabular import Comparison
from glassbrick.sklearn.tabular.comparison import lines_of_scores

__all__ = ["run"]

_WIDTH = 79


def run(model: Path, data: DataFiles, *, target: str | None, as_json: bool) -> int:
    """Score and print; return the exit status."""
    loaded = ModelFile.read(model, "evaluate")
    if len(loaded.targets) > 1:
        several = ", ".join(loaded.targets)
        raise DataError(
            f"evaluate: {model} predicts several columns, {several}; expected a model of one. "
            "Evaluate it in Python, with its method score."
        )
    if target is None:
        if not loaded.targets:
            raise typer.BadParameter(f"{model} does not know what it predicts: add --target COLUMN")
        target = loaded.targets[0]
    try:
        with SlowWork() as work:
            parts = TableParts(data, "evaluate", work)
            scored = score_parts(loaded, parts, data.name, target, "evaluate")
    except KeyboardInterrupt:
        print("glassbrick: interrupted", file=sys.stderr)  # noqa: T201
        return 130
    promised = getattr(loaded.model, "comparison_", None)
    if as_json:
        told = {"model": str(model), "data": data.name, "target": target, **scored}
        then = None if promised is None else vars(promised)
        print(json.dumps({**told, "at_training": then}, indent=2))  # noqa: T201
    else:
        without = scored["rows_without_target"]
        rows = f"{scored['rows']} rows" + (f", {without} more without the truth" if without else "")
        title = f'{data.name}, {rows}: "{target}" as {model} predicts it'
        print("\n".join([*textwrap.wrap(title, _WIDTH), *_lines(scored, promised)]))  # noqa: T201
    return 0


def _lines(scored: Scored, promised: Comparison | None) -> list[str]:
    """Return the scores here, and those of training."""
    scores: dict[str, Any] = {"here": scored["scores"]}
    if promised is not None:
        scores["promised"] = promised.scores["network"]
        scores |= {who: found for who, found in promised.scores.items() if who != "network"}
    lines = ["", *lines_of_scores(scores)]
    if promised is not None:
        lines += ["", f"All but the first: at training, on {promised.rows} rows not seen."]
    if "coverage" in scored["scores"]:
        lines.append(f"coverage: how many truths the {COVERAGE:.0%} intervals hold")
    if "confusion" in scored:
        lines += ["", *lines_of_confusion(scored["confusion"])]
    return lines

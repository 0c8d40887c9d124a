"""Trained: what came of `glassbrick train`, for the summary, for JSON and for the report."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from glassbrick.cli.scoring import Scored
from glassbrick.cli.train_doctor import Said
from glassbrick.cli.train_plan import Prepared, TrainPlan
from glassbrick.sklearn.tabular import Comparison
from glassbrick.tables import Column

__all__ = ["ColumnFacts", "Trained"]


@dataclass(frozen=True)
class ColumnFacts:
    """A column, in a few words.

    Attributes
    ----------
    name, kind : str
        Of the column.
    missing : int
        In how many rows of training there is no value.
    categories : int or None
        How many different ones there are.
    left_out : str
        Why it is not used; "" if it is.
    """

    name: str
    kind: str
    missing: int
    categories: int | None
    left_out: str

    @classmethod
    def of(cls, column: Column, left_out: str) -> ColumnFacts:
        """Look at a column."""
        missing = column.missing
        known = column.values[~missing]
        categories = len(set(known.tolist())) if column.kind == "category" else None
        return cls(column.name, column.kind, int(missing.sum()), categories, left_out)


@dataclass(frozen=True)
class Trained:
    """A trained model, and all there is to tell of it.

    Attributes
    ----------
    plan, prepared : TrainPlan, Prepared
        What was asked for, and what it was trained on.
    model : TabularRegressor or TabularClassifier
        Which was fitted.
    seconds : float
        How long that took.
    resumed : int
        How many epochs were done before, all networks taken together.
    valid : dict or None
        Scores on rows that no network was trained on.
    notes : list of str
        What was warned of.
    said : list of Said or None
        What the doctor said; None if it was not asked.
    """

    plan: TrainPlan
    prepared: Prepared
    model: Any
    seconds: float
    resumed: int
    valid: Scored | None
    notes: list[str]
    said: list[Said] | None = None

    @property
    def comparison(self) -> Comparison:
        """How the networks do beside simple models."""
        found: Comparison = self.model.comparison_
        return found

    @property
    def columns(self) -> list[ColumnFacts]:
        """All columns but the target."""
        reasons = self.model.features_.left_out
        return [
            ColumnFacts.of(column, reasons.get(column.name, ""))
            for column in self.prepared.training.columns
            if column.name != self.prepared.target
        ]

    @property
    def classes(self) -> list[str]:
        """Of a classification; else none."""
        return list(getattr(self.model.targets_[0], "classes", ()))

    @property
    def versions(self) -> dict[str, str]:
        """With what it was made."""
        names = ("glassbrick", "numpy", "scikit-learn")
        return {"python": platform.python_version()} | {name: version(name) for name in names}

    @property
    def settings(self) -> dict[str, Any]:
        """What the training depends on."""
        names = ("hidden", "activation", "dropout", "ensemble", "epochs", "batch_size", "lr")
        told = {name: getattr(self.model, name) for name in (*names, "weight_decay")}
        return told | {"hidden": list(self.model.hidden), "seed": self.plan.seed}

    def to_json(self) -> dict[str, Any]:
        """Return all of it."""
        plan, prepared, history = self.plan, self.prepared, self.model.history_
        told = {
            "data": prepared.training.name,
            "rows": len(prepared.training),
            "rows_without_target": prepared.without_target,
            "target": prepared.target,
            "task": prepared.task,
            "task_was_given": plan.task is not None,
            "classes": self.classes or None,
            "columns": [vars(column) for column in self.columns],
            "settings": self.settings,
            "engine": history.engine,
            "engine_reason": history.engine_reason,
            "devices": plan.devices,
            "seconds": round(self.seconds, 3),
            "epochs_done_before": self.resumed,
            "best_epochs": [found.best_epoch for found in self.model.histories_],
            "rows_not_seen": self.comparison.rows,
            "scores": self.comparison.scores,
            "network_is_best": self.comparison.network_is_best,
            "verdict": self.comparison.verdict,
            "valid": None if self.valid is None else _valid(self.valid, prepared),
            "notes": self.notes,
            "doctor": None if self.said is None else [some.to_json() for some in self.said],
            "model": None if plan.out is None else str(plan.out),
            "report": None if plan.report is None else str(plan.report),
            "replay": None if plan.replay is None else str(plan.replay),
            "versions": self.versions,
        }
        found: dict[str, Any] = _finite(told)
        return found


def _valid(scored: Scored, prepared: Prepared) -> dict[str, Any]:
    name = "" if prepared.valid is None else prepared.valid.name
    return {"data": name, **scored}


def _finite(told: Any) -> Any:
    """Return the same, with None for what JSON has no number for."""
    if isinstance(told, dict):
        return {name: _finite(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told

"""ModelFile: an estimator, loaded or just trained, that predicts from the file of a table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import ArgumentError, DataError, FileError
from glassbrick.loading import load
from glassbrick.network import NeuralNetwork
from glassbrick.tables import as_kind, column_of

__all__ = ["ModelFile"]


@dataclass(frozen=True)
class ModelFile:
    """An estimator.

    Attributes
    ----------
    name : str
        What to call it.
    model : estimator
        Of `glassbrick.sklearn`.
    """

    name: str
    model: Any

    @classmethod
    def read(cls, path: Path, command: str) -> ModelFile:
        """Read a file.

        Raises
        ------
        FileError
            If it cannot be read, or holds a network alone.
        """
        model = load(path)
        if isinstance(model, NeuralNetwork):
            raise FileError(
                f"{command}: {path} holds a network, which takes an array of numbers and knows "
                "of no columns. Predict in Python, glassbrick.load(path).predict(X), or train a "
                "model for tables: glassbrick train DATA --target COLUMN --out MODEL."
            )
        return cls(str(path), model)

    @property
    def is_tabular(self) -> bool:
        """Whether it takes tables of mixed columns."""
        return hasattr(self.model, "features_")

    @property
    def is_classifier(self) -> bool:
        """Whether it predicts classes."""
        return hasattr(self.model, "classes_")

    @property
    def targets(self) -> list[str]:
        """Names of the columns that it predicts; none if it does not know."""
        return [target.name for target in self.model.targets_] if self.is_tabular else []

    @property
    def class_names(self) -> list[str]:
        """The classes as texts."""
        if self.is_tabular and len(self.model.targets_) == 1:
            return list(self.model.targets_[0].classes)
        labels = column_of("classes", np.asarray(self.model.classes_).tolist(), self.name)
        return [str(label) for label in as_kind(labels, "category", self.name).values]

    def numbers(self, data: TableFile, command: str) -> Array:
        """Predict numbers, (rows, outputs)."""
        said = np.asarray(self._ask("predict", data, command))
        return said.reshape(len(data), -1)

    def classes(self, data: TableFile, command: str) -> Array:
        """Predict the class of each row, or of each label."""
        return np.asarray(self._ask("predict", data, command))

    def probabilities(self, data: TableFile, command: str) -> Array:
        """Return the probability of each class, (rows, classes)."""
        if not hasattr(self.model, "predict_proba"):
            expected = "a model that tells probabilities"
            raise ArgumentError(complaint(command, expected, type(self.model).__name__))
        return np.asarray(self._ask("predict_proba", data, command), np.float64)

    def interval(self, data: TableFile, coverage: float, command: str) -> Array | None:
        """Return lower and upper ends, (rows, 2); None if the model knows of none."""
        if not hasattr(self.model, "predict_interval"):
            return None
        return np.asarray(self._ask("predict_interval", data, command, coverage=coverage))

    @property
    def networks(self) -> int:
        """How many networks predict together."""
        return len(self.model.networks_) if self.is_tabular else 1

    def spread(self, data: TableFile, command: str) -> Array:
        """Return how far networks are apart, of each number or each class, (rows, outputs)."""
        method = "predict_proba" if self.is_classifier else "predict"
        return np.asarray(self._ask(method, data, command, return_std=True)[1]).reshape(
            len(data), -1
        )

    def _ask(self, method: str, data: TableFile, command: str, **told: Any) -> Any:
        with data.rows_as_in_file(), warnings.catch_warnings(), np.errstate(all="ignore"):
            # Columns are taken by name here, which scikit-learn does not see.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            return getattr(self.model, method)(self.given(data, command), **told)

    def given(self, data: TableFile, command: str) -> Any:
        """Return what the model takes, after a look that names file, row and column.

        Raises
        ------
        DataError
            If it cannot take these rows.
        """
        who = f"{command}, {data.name}"
        if self.is_tabular:
            if hasattr(self.model, "feature_names_in_"):
                self.model.features_.encode(data.columns, who)
            return data.table
        there = {column.name: column for column in data.columns}
        wanted = [str(n) for n in getattr(self.model, "feature_names_in_", there)]
        missing = ", ".join(f'"{name}"' for name in wanted if name not in there)
        if missing:
            among = ", ".join(f'"{name}"' for name in there)
            raise DataError(
                f"{who}: expected the columns of training; {missing} not among {among}."
            )
        if len(wanted) != self.model.n_features_in_:
            expected = f"{self.model.n_features_in_} columns, as in training"
            raise DataError(complaint(who, expected, f"{len(wanted)} columns"))
        columns = [as_kind(there[name], "number", who) for name in wanted]
        for column in columns:
            if column.missing.any():
                place = f'{who}, column "{column.name}", row {int(np.argmax(column.missing))}'
                raise DataError(complaint(place, "a number", "none"))
        return np.column_stack([column.values for column in columns])

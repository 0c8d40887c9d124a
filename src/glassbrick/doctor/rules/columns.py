"""Columns: not finite, constant, of another size than networks are made for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.operations import Lookup

__all__ = ["constant_column", "not_finite", "unscaled_column"]

# The curvature of the loss along a weight grows with the square of its column: at 10 times the
# usual size a learning rate that suits the others is a hundred times too high for it.
_LARGE = 10.0
# A column that never exceeds a hundredth moves its weights so little that it counts for nothing.
# The largest value tells, not the spread: a mark that is rarely 1 is as it should be.
_SMALL = 0.01
# What of its size a column must vary by, for rounding in float32 (6e-8) not to be all there is.
_VARIES = 1e-6


@rule()
def not_finite(patient: Patient) -> Iterator[Remark]:
    """Look for NaN and infinity, column by column."""
    for name, column in _all_columns(patient):
        nan, infinite = int(np.isnan(column).sum()), int(np.isinf(column).sum())
        if nan or infinite:
            yield Remark(
                "error",
                name,
                f"{nan} NaN and {infinite} infinite values in {len(column)} rows.",
                "Fill them in or leave such rows out. The other remarks are on the rows without.",
                {"nan": nan, "infinite": infinite, "rows": len(column)},
            )


@rule("numbers")
def constant_column(patient: Patient) -> Iterator[Remark]:
    """Look for columns that tell nothing: harmless, so only a note, and one for all."""
    columns = patient.columns
    spread, size = np.ptp(columns, axis=0), np.abs(columns).max(axis=0)
    constant = np.flatnonzero(spread <= _VARIES * size)
    if len(columns) > 1 and constant.size:
        several = f"{constant.size} of {columns.shape[1]} columns have"
        who = "It has" if constant.size == 1 else several
        yield Remark(
            "note",
            _several([patient.names[number] for number in constant]),
            f"{who} the same value in every row.",
            "Leave them out: they say nothing, and mislead once they vary.",
            {"columns": [patient.names[number] for number in constant]},
        )


@rule("numbers")
def unscaled_column(patient: Patient) -> Iterator[Remark]:
    """Look for columns much larger or smaller than 1."""
    columns = patient.columns.astype(np.float64)
    sizes, largest = np.sqrt(np.mean(columns**2, axis=0)), np.abs(columns).max(axis=0)
    large = sizes > _LARGE
    small = (largest < _SMALL) & (np.ptp(columns, axis=0) > _VARIES * largest)
    if any(isinstance(operation, Lookup) for operation in patient.net.operations()):
        codes = (columns >= 0).all(axis=0) & (columns == np.floor(columns)).all(axis=0)
        large &= ~codes  # numbers of categories may be large
    for what, which in (("larger", large), ("smaller", small)):
        numbers = np.flatnonzero(which)
        if not numbers.size:
            continue
        names = [patient.names[number] for number in numbers]
        low, high = f"{sizes[numbers].min():.3g}", f"{sizes[numbers].max():.3g}"
        size = low if low == high else f"{low} to {high}"
        who = "It is" if len(names) == 1 else f"{len(names)} of {len(sizes)} columns are"
        yield Remark(
            "warning",
            _several(names),
            f"{who} much {what} than 1: root mean square {size}.",
            "Standardize: (X - mean) / std, with mean and std of the training rows.",
            {"columns": names, "rms": [float(size) for size in sizes[numbers]]},
        )


def _all_columns(patient: Patient) -> Iterator[tuple[str, Array]]:
    """Name all columns: of features and targets, of training and validation."""
    parts = ("", patient.raw, patient.raw_y), ("X_val, ", patient.raw_val, patient.raw_y_val)
    for prefix, X, y in parts:
        if X is not None and y is not None:
            for name, column in zip(patient.names, X.reshape(len(X), -1).T, strict=True):
                yield prefix + name, column
            for number, column in enumerate(y.T):
                yield f"{'y_val' if prefix else 'y'}, column {number}", column


def _several(names: list[str]) -> str:
    """Name the first few columns: "columns A, B, C and 4 more"."""
    if len(names) == 1:
        return names[0]
    told = ", ".join(name.removeprefix("column ") for name in names[:5])
    return f"columns {told}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")

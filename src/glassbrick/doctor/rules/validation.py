"""Validation and test: rows that are trained on or chosen by, too, and a scaler that saw them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark, Severity
from glassbrick.doctor.rule import rule

__all__ = ["chosen_by_the_test", "scaled_together", "shared_rows", "trained_on_the_test"]

# Above what is to be expected, as part of the validation rows: from 1 % on, a score flatters;
# a single row may be a coincidence, as in the iris data.
_SHARED = 0.01
# A mean of 0 and a standard deviation of 1 by chance to so many digits does not happen; float32
# keeps about 5 of a mean.
_EXACT = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-4}


@rule("numbers")
def shared_rows(patient: Patient) -> Iterator[Remark]:
    """Look for validation rows that training has, too, beyond what coarse data repeats anyway."""
    if patient.X_val is None or not len(patient.X_val):
        return
    yield from _common(
        ("validation", patient.X_val),
        ("training", patient.X),
        "Split distinct rows. A network can know by heart what it is judged by.",
    )


@rule("numbers")
def trained_on_the_test(patient: Patient) -> Iterator[Remark]:
    """Look for test rows that training has, too."""
    if patient.X_test is not None and len(patient.X_test):
        yield from _common(
            ("test", patient.X_test),
            ("training", patient.X),
            "Split distinct rows. A network can know by heart what it is judged by.",
        )


@rule("numbers")
def chosen_by_the_test(patient: Patient) -> Iterator[Remark]:
    """Look for test rows that decide when training stops, and which epoch is kept."""
    if patient.X_test is None or patient.X_val is None:
        return
    if len(patient.X_test) and len(patient.X_val):
        yield from _common(
            ("test", patient.X_test),
            ("validation", patient.X_val),
            "Keep a third set for the score: the epoch that these rows chose suits them best.",
        )


@rule("numbers")
def scaled_together(patient: Patient) -> Iterator[Remark]:
    """Look for columns standardized over training and validation rows together."""
    if patient.X_val is None or not len(patient.X_val):
        return
    train = patient.columns.astype(np.float64)
    both = np.concatenate([train, patient.X_val.reshape(len(patient.X_val), -1)])
    exact = _EXACT[patient.X.dtype]
    together, alone = _is_standard(both, exact), _is_standard(train, exact)
    number = int(np.sum(together & ~alone))
    if number:
        yield Remark(
            "note",
            "validation",
            f"{number} of {len(together)} columns have mean 0 and standard deviation 1 over "
            "training and validation rows together: the scaler has seen both.",
            "Fit the scaler to the training rows only. On many rows the difference is small.",
            {"columns": number},
        )


def _common(judging: tuple[str, Array], others: tuple[str, Array], remedy: str) -> Iterator[Remark]:
    """Remark on rows that are in both of two sets, beyond what repeats itself in the second."""
    (where, rows), (other, other_rows) = judging, others
    keys, known = _keys(rows), _keys(other_rows)
    distinct = set(known)
    shared = sum(key in distinct for key in keys)
    share, repeated = shared / len(keys), 1.0 - len(distinct) / len(known)
    if not shared:
        return
    severity: Severity = "note"
    if share > _SHARED + 2.0 * repeated:
        severity = "error" if shared == len(keys) else "warning" if shared > 1 else "note"
    yield Remark(
        severity,
        where,
        f"{shared} of {len(keys)} {where} rows are {other} rows, too; within {other} "
        f"{repeated:.1%} of the rows repeat others.",
        remedy,
        {"shared": shared, "rows": len(keys), "repeated": repeated},
    )


def _keys(rows: Array) -> list[bytes]:
    matrix = np.ascontiguousarray(rows.reshape(len(rows), -1)) + 0.0  # of -0.0 and 0.0, one
    return [row.tobytes() for row in matrix]


def _is_standard(columns: Array, exact: float) -> Array:
    """Say of each column whether it was standardized, with divisor n or n - 1."""
    mean, rows = columns.mean(axis=0), len(columns)
    squares = ((columns - mean) ** 2).sum(axis=0)
    unit = (np.abs(squares / rows - 1.0) < exact) | (
        np.abs(squares / max(rows - 1, 1) - 1.0) < exact
    )
    standard: Array = (np.abs(mean) < exact) & unit
    return standard

"""Validation: rows that are trained on, too, and a scaler that saw them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark, Severity
from glassbrick.doctor.rule import rule

__all__ = ["scaled_together", "shared_rows"]

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
    known, validation = _keys(patient.X), _keys(patient.X_val)
    distinct = set(known)
    shared = sum(key in distinct for key in validation)
    share, repeated = shared / len(validation), 1.0 - len(distinct) / len(known)
    if not shared:
        return
    severity: Severity = "note"
    if share > _SHARED + 2.0 * repeated:
        severity = "error" if shared == len(validation) else "warning" if shared > 1 else "note"
    yield Remark(
        severity,
        "validation",
        f"{shared} of {len(validation)} validation rows are training rows, too; within training "
        f"{repeated:.1%} of the rows repeat others.",
        "Split distinct rows. A network can know by heart what it is judged by.",
        {"shared": shared, "rows": len(validation), "repeated": repeated},
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

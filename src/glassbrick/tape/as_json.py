"""A tape as JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.numeric.gradient_report import GradientResult
from glassbrick.tape.step import LossStep, Step, verdict_of

if TYPE_CHECKING:
    from glassbrick.tape.tape import Tape

__all__ = ["as_json"]


def as_json(tape: Tape, indent: int | None = None) -> str:
    """Return a tape as JSON that any program can read."""
    told = {
        "network": tape.network,
        "is_right": tape.is_right,
        "x": _array(tape.x),
        "steps": [_step(step) for step in tape],
        "loss": _loss(tape.loss),
        "backward": [step.name for step in tape.backward],
    }
    return json.dumps(told, indent=indent, allow_nan=False, ensure_ascii=False)


def _step(step: Step) -> dict[str, Any]:
    return {
        **_told(step),
        "param_rule": step.param_rule,
        "kept": list(step.kept),
        "input_check": _check(step.input_check),
        "param_check": _check(step.param_check),
    }


def _loss(loss: LossStep) -> dict[str, Any]:
    return {
        **_told(loss),
        "value": _number(loss.value),
        "penalty": _number(loss.penalty),
        "total": _number(loss.total),
        "input_check": _check(loss.input_check),
    }


def _told(step: Step | LossStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "formula": step.formula,
        "input_rule": step.input_rule,
        "settings": dict(step.settings),
        "arrays": {name: _array(array) for name, array in step.arrays.items()},
    }


def _check(check: GradientResult | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "verdict": verdict_of(check),
        "difference": _number(check.difference),
        "error": _number(check.error),
        "method": check.method,
        "checked": check.checked,
        "skipped": check.skipped,
        "directional": check.directional,
        "problem": check.problem,
        "note": check.note,
    }


def _array(array: Array) -> dict[str, Any]:
    values = array.tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        flat = [_number(value) for value in array.ravel().tolist()]
        values = np.array(flat, object).reshape(array.shape).tolist()
    return {"shape": list(array.shape), "dtype": array.dtype.name, "values": values}


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))

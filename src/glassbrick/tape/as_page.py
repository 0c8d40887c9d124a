"""A tape as what the page "explain" shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.numeric.gradient_report import GradientResult
from glassbrick.tape.packed import Packed
from glassbrick.tape.step import LossStep, Step, judgement, verdict_of

if TYPE_CHECKING:
    from glassbrick.tape.tape import Tape

__all__ = ["page_data"]

_EXACT_INPUT = 50_000  # numbers of an input that is packed to the last bit
_MANY = 800_000  # numbers, from which on fewer digits of large arrays keep a page small


def page_data(tape: Tape) -> dict[str, Any]:
    """Return the data of ``glassbrick.pages.page("explain", title, data)``, which are JSON.

    Parameters
    ----------
    tape : Tape
        All of whose numbers are in them.

    Returns
    -------
    dict
        With "title". Arrays stand in "arrays", by number; steps refer to them.
    """
    count = sum(array.size for step in [*tape, tape.loss] for array in step.arrays.values())
    packed = Packed(3 if count > _MANY else 4)
    for step in tape:
        if step.input is not None:  # of which products are made that have to be exact
            packed.add(step.input, _EXACT_INPUT)
    places = {step.name: place for place, step in enumerate(tape)}
    steps = [_step(step, packed) for step in tape]
    loss = _loss(tape.loss, packed)
    return {
        "title": "One training step",
        "network": tape.network,
        "verdict": tape.verdict,
        "right": tape.is_right,
        "note": next((check.note for check in tape.checks if check.note), ""),
        "x": packed.add(tape.x),
        "steps": steps,
        "loss": loss,
        "backward": [places[step.name] for step in tape.backward],
        "arrays": packed.told,
        "digits": packed.digits,
        "numbers": packed.text(),
    }


def _step(step: Step, packed: Packed) -> dict[str, Any]:
    return {
        **_told(step, packed),
        "rules": {"input_grad": step.input_rule, "param_grad": step.param_rule},
        "kept": list(step.kept),
        "checks": {
            "input_grad": _check(step.input_check),
            "param_grad": _check(step.param_check),
        },
    }


def _loss(loss: LossStep, packed: Packed) -> dict[str, Any]:
    told = _told(loss, packed)
    for name in ("value", "penalty", "total"):
        told["arrays"][name] = packed.add(np.array(vars(loss)[name]))
    return {
        **told,
        "rules": {"input_grad": loss.input_rule, "param_grad": ""},
        "kept": [],
        "checks": {"input_grad": _check(loss.input_check), "param_grad": None},
    }


def _told(step: Step | LossStep, packed: Packed) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "formula": step.formula,
        "settings": dict(step.settings),
        "arrays": {name: packed.add(array) for name, array in step.arrays.items()},
    }


def _check(check: GradientResult | None) -> dict[str, str] | None:
    return None if check is None else {"verdict": verdict_of(check), "text": judgement(check)}

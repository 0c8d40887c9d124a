"""The learning rate: how large steps are, compared with the weights that they change."""

from __future__ import annotations

from collections.abc import Iterator

from glassbrick.doctor.pass_through import Units
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.doctor.trial import Steps, make_steps
from glassbrick.optimizers import LBFGS, Optimizer

__all__ = ["learning_rate"]

# A thousandth is a good ratio of a step to its weights. A tenth: each ten steps replace what the
# weights were, and a loss may well fall, but not settle.
_HIGH = 0.1
# At a hundred-thousandth, a hundred epochs of a hundred steps change weights by a tenth of their
# size, if all steps go the same way.
_LOW = 1e-5
# The loss of later steps over that of the first ones, from which on it gets out of hand.
_GROWN = 2.0
# A step too long throws relus to where they are 0 for good. A third of a layer, and a fifth more
# than before, is no bad luck of single units.
_MANY_DEAD, _MORE_DEAD = 1.0 / 3.0, 0.2


@rule("a training")
def learning_rate(patient: Patient) -> Iterator[Remark]:
    """Make a few steps with the optimizer that was given, and look how large they are."""
    optim = patient.optimizer
    if optim is None or isinstance(optim, LBFGS):
        return
    steps = make_steps(patient.net, optim, patient.X, patient.y)
    figures = {"lr": steps.lr, "first_loss": steps.first_loss, "last_loss": steps.last_loss}
    figures |= steps.ratios
    lower = "Take a lower learning rate: Trainer.find_lr suggests one."
    # Written so that NaN counts as grown; a loss can be negative.
    if not steps.last_loss - steps.first_loss <= (_GROWN - 1.0) * abs(steps.first_loss):
        yield Remark(
            "error",
            "optimizer",
            f"At learning rate {steps.lr:g} the loss goes from {steps.first_loss:.3g} to "
            f"{steps.last_loss:.3g} within 150 steps.",
            lower,
            figures,
        )
        return
    dying = _dying(patient, steps)
    if dying is not None:
        what = f"At learning rate {steps.lr:g} 150 steps leave {dying.dead} of {dying.number} "
        figures |= {"dead": dying.dead, "units": dying.number}
        yield Remark("warning", dying.place, what + "units without gradient.", lower, figures)
        return
    yield from _size_of_steps(optim, steps, figures, lower)


def _size_of_steps(
    optim: Optimizer, steps: Steps, figures: dict[str, float], lower: str
) -> Iterator[Remark]:
    """Compare the steps with the weights that they change."""
    if not steps.ratios:
        return
    place, ratio = max(steps.ratios.items(), key=lambda item: item[1])
    if ratio > _HIGH:
        what = f"At learning rate {steps.lr:g} each step changes {ratio:.1%} of their size."
        yield Remark("warning", place, what, lower, figures)
    elif ratio < _LOW and optim.schedule is None:  # which may begin low on purpose
        what = f"At learning rate {steps.lr:g} a step changes {ratio:.1e} of their size at most."
        higher = "Take a higher learning rate: Trainer.find_lr suggests one."
        yield Remark("warning", place, what, higher, figures)


def _dying(patient: Patient, steps: Steps) -> Units | None:
    """Return the first units of which the steps left many dead."""
    for before, after in zip(patient.first_pass.units, steps.units, strict=True):
        share = after.dead_share
        if share > _MANY_DEAD and share - before.dead_share > _MORE_DEAD:
            return after
    return None

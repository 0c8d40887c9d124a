"""Steps: gradients that grow until they overflow, and weights that jump or stand still."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

if TYPE_CHECKING:
    from glassbrick.doctor.chart import Chart

__all__ = ["growing_gradients", "size_of_steps"]

# Gradients fall as a network learns. That they are 30 times those of the first epoch, and grew
# in each of the last three, is no scatter.
_GROWN, _IN_A_ROW = 30.0, 3
# Weights that an epoch changes by more than all of their size were not used for anything. In the
# first epochs that happens, as weights start small.
_JUMP, _FIRST = 1.0, 3
# At 1e-5 an epoch, a hundred epochs change weights by a thousandth of their size at most.
_STILL = 1e-5


@rule()
def growing_gradients(chart: Chart) -> Iterator[Remark]:
    """Look whether gradients grow from epoch to epoch: NaN is ahead."""
    grads = chart.gradients
    last = grads[-_IN_A_ROW - 1 :]
    grew = len(last) > _IN_A_ROW and all(a < b for a, b in pairwise(last))
    if grew and grads[-1] > _GROWN * grads[0]:
        yield Remark(
            "error",
            "gradients",
            f"They grow: {grads[0]:.2g} after the first epoch, {grads[-1]:.2g} now, and soon NaN.",
            "Take a lower learning rate, or clip_global_norm=1.",
            {"first": grads[0], "now": grads[-1]},
        )


@rule()
def size_of_steps(chart: Chart) -> Iterator[Remark]:
    """Look whether epochs change weights out of recognition, or not at all."""
    recent = chart.moved[-_IN_A_ROW:]
    if not recent or not recent[0] or len(recent) < _IN_A_ROW:
        return
    for place in recent[0]:
        part = min(moved[place] for moved in recent)
        if chart.epochs >= _FIRST + _IN_A_ROW and part > _JUMP:
            yield Remark(
                "warning",
                place,
                f"Of late each epoch changes {part:.0%} of their size or more.",
                "Take a lower learning rate.",
                {"changed": part},
            )
            return
    most = max(max(moved.values()) for moved in recent)
    # Later, to stand still is what a network does that has learned.
    if chart.epochs == _IN_A_ROW and most < _STILL:
        yield Remark(
            "warning",
            "weights",
            f"Each of the first {_IN_A_ROW} epochs changed {most:.1e} of their size at most.",
            "Take a higher learning rate (Trainer.find_lr), or scale the features.",
            {"changed": most},
        )

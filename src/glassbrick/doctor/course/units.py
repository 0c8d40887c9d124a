"""Units that died while the network was trained, and functions driven into their flat parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

if TYPE_CHECKING:
    from glassbrick.doctor.chart import Chart

__all__ = ["dying_units", "saturating_units"]

# Some die in any training. A third of a layer is more than a good one does without.
_MANY = 1.0 / 3.0
# To be sure of its classes is what a trained tanh does with many rows, and does well by. With
# three quarters of all values in flat parts, little is left that can still learn.
_MOSTLY = 0.75


@rule()
def dying_units(chart: Chart) -> Iterator[Remark]:
    """Look for a layer of which much passes on no gradient any more; tell of the worst."""
    worst = max(chart.units, key=lambda units: units.dead_share, default=None)
    if worst is not None and worst.dead_share > _MANY:
        yield Remark(
            "warning",
            worst.place,
            f"{worst.dead} of {worst.number} units pass on no gradient, whatever the row.",
            "Take a lower learning rate, leaky_relu or gelu, or BatchNorm before it.",
            {"dead": worst.dead, "units": worst.number},
        )


@rule()
def saturating_units(chart: Chart) -> Iterator[Remark]:
    """Look for an activation in whose flat parts most values lie by now; tell of the worst."""
    worst = max(chart.units, key=lambda units: units.flat, default=None)
    if worst is not None and worst.flat > _MOSTLY:
        yield Remark(
            "warning",
            worst.place,
            f"{worst.flat:.0%} of its values lie where it is flat, and learn next to nothing.",
            "Take a lower learning rate, l2, or BatchNorm before it; scale the features.",
            {"flat": worst.flat},
        )

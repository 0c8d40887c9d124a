"""Units that died while the network was trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

if TYPE_CHECKING:
    from glassbrick.doctor.chart import Chart

__all__ = ["dying_units"]

# Some die in any training. A third of a layer is more than a good one does without.
_MANY = 1.0 / 3.0


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

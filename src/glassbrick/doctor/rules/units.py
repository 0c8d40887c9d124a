"""Units: dead ones, which pass on no gradient, and saturated ones, which pass on little."""

from __future__ import annotations

from collections.abc import Iterator

from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

__all__ = ["dead_units", "saturated_units"]

# Some units are always unlucky, more so where features are not centred: of 32 relus over pixels
# from 0 to 1, 5 are often dead. From a quarter on, the layer is a smaller one than was asked for.
_MANY = 0.25
# Half of all values in the flat parts: the other half is what still learns.
_MOSTLY = 0.5


@rule("a pass")
def dead_units(patient: Patient) -> Iterator[Remark]:
    """Look for units that are flat for every row."""
    for units in patient.first_pass.units:
        if units.dead:
            yield Remark(
                "warning" if units.dead_share > _MANY else "note",
                units.place,
                f"{units.dead} of {units.number} units pass on no gradient, whatever the row.",
                "Scale the features, start biases at zero, or take leaky_relu or gelu.",
                {"dead": units.dead, "units": units.number},
            )


@rule("a pass")
def saturated_units(patient: Patient) -> Iterator[Remark]:
    """Look for activations in whose flat parts most values lie."""
    for units in patient.first_pass.units:
        if units.flat > _MOSTLY:
            yield Remark(
                "warning",
                units.place,
                f"{units.flat:.0%} of its values lie where it is flat, and learn next to nothing.",
                "Scale the features, or take a smaller weight_init.",
                {"flat": units.flat},
            )

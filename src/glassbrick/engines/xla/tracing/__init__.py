"""A stand-in for NumPy arrays that records onto JAX what a user's NumPy does to it.

Importing this package imports JAX.
"""

from glassbrick.engines.xla.tracing.refusal import (
    no_random_numbers,
    place_in_users_code,
    refuse_to_trace,
)
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import Constants, constants

__all__ = [
    "Constants",
    "TracedArray",
    "constants",
    "no_random_numbers",
    "place_in_users_code",
    "refuse_to_trace",
]

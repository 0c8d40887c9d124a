"""A stand-in for NumPy arrays that records onto JAX what a user's NumPy does to it.

Importing this package imports JAX.
"""

from glassbrick.engines.xla.tracing.journal import Journal, journal
from glassbrick.engines.xla.tracing.refusal import (
    place_in_users_code,
    refusals,
    refuse_to_trace,
)
from glassbrick.engines.xla.tracing.traced_array import TracedArray

__all__ = [
    "Journal",
    "TracedArray",
    "journal",
    "place_in_users_code",
    "refusals",
    "refuse_to_trace",
]

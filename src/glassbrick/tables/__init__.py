"""Tables of mixed columns, and the matrices of numbers that networks take."""

from glassbrick.tables.columns import Column, Kind
from glassbrick.tables.features import Features
from glassbrick.tables.read import read_table

__all__ = ["Column", "Features", "Kind", "read_table"]

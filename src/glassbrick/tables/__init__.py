"""Tables of mixed columns, and the matrices of numbers that networks take."""

from glassbrick.tables.columns import Column, Kind
from glassbrick.tables.features import Features
from glassbrick.tables.network import table_layers
from glassbrick.tables.read import read_table
from glassbrick.tables.targets import (
    ClassTarget,
    NumberTarget,
    Target,
    Task,
    target_of,
    task_of,
)

__all__ = [
    "ClassTarget",
    "Column",
    "Features",
    "Kind",
    "NumberTarget",
    "Target",
    "Task",
    "read_table",
    "table_layers",
    "target_of",
    "task_of",
]

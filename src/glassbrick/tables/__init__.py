"""Tables of mixed columns, and the matrices of numbers that networks take."""

from glassbrick.tables.columns import Column, Kind, as_kind, column_of, number_column
from glassbrick.tables.distinct import distinct_rows
from glassbrick.tables.features import Features
from glassbrick.tables.network import table_layers
from glassbrick.tables.read import is_table, open_table, read_table, values_of
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
    "as_kind",
    "column_of",
    "distinct_rows",
    "is_table",
    "number_column",
    "open_table",
    "read_table",
    "table_layers",
    "target_of",
    "task_of",
    "values_of",
]

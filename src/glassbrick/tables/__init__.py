"""Tables of mixed columns, and the matrices of numbers that networks take."""

from glassbrick.tables.columns import (
    Column,
    Kind,
    as_kind,
    category_column,
    column_of,
    is_missing,
    number_column,
)
from glassbrick.tables.csv_parts import CSVParts
from glassbrick.tables.distinct import distinct_rows
from glassbrick.tables.features import Features
from glassbrick.tables.network import table_layers
from glassbrick.tables.read import (
    ARROW_ENDINGS,
    CSV_ENDINGS,
    PARQUET_ENDINGS,
    array_column,
    column_names,
    is_table,
    open_csv,
    open_table,
    read_table,
    require_once,
    unmasked,
    values_of,
)
from glassbrick.tables.targets import (
    ClassTarget,
    NumberTarget,
    Target,
    Task,
    complete,
    target_of,
    task_of,
)

__all__ = [
    "ARROW_ENDINGS",
    "CSV_ENDINGS",
    "PARQUET_ENDINGS",
    "CSVParts",
    "ClassTarget",
    "Column",
    "Features",
    "Kind",
    "NumberTarget",
    "Target",
    "Task",
    "array_column",
    "as_kind",
    "category_column",
    "column_names",
    "column_of",
    "complete",
    "distinct_rows",
    "is_missing",
    "is_table",
    "number_column",
    "open_csv",
    "open_table",
    "read_table",
    "require_once",
    "table_layers",
    "target_of",
    "task_of",
    "unmasked",
    "values_of",
]

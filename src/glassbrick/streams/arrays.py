"""Arrays of Arrow as columns of a table: numbers, dates and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.tables import Column, Kind, category_column

if TYPE_CHECKING:
    import pyarrow

__all__ = ["column_of_arrow", "joined", "kind_of", "numbers_of", "plain", "texts_of", "where_known"]


def kind_of(of: pyarrow.DataType) -> Kind | None:
    """Return what values of a type are; None if they cannot be used."""
    from pyarrow import types

    if types.is_dictionary(of):
        return kind_of(of.value_type)
    if types.is_integer(of) or types.is_floating(of) or types.is_decimal(of) or types.is_null(of):
        return "number"
    if types.is_date(of) or types.is_timestamp(of):
        return "date"
    if types.is_boolean(of) or types.is_string(of) or types.is_large_string(of):
        return "category"
    return "category" if types.is_string_view(of) else None


def column_of_arrow(name: str, values: Any, kind: Kind) -> Column:
    """Return values as a column.

    Raises
    ------
    pyarrow.ArrowException
        If they cannot be of that kind.
    """
    if kind == "number":
        return Column(name, kind, numbers_of(values, np.float64))
    if kind == "date":
        return Column(name, kind, _dates(values))
    texts = np.empty(len(values), object)
    texts[:] = texts_of(values).to_pylist()
    return Column(name, kind, texts)


def numbers_of(values: Any, *plain: Any) -> Array:
    """Return numbers, NaN where one is missing: as they are if of a dtype in `plain`."""
    import pyarrow

    if isinstance(values.type, pyarrow.DictionaryType):
        values = values.cast(values.type.value_type)
    if values.null_count == 0:
        found: Array | None = None
        if pyarrow.types.is_primitive(values.type) and not pyarrow.types.is_boolean(values.type):
            found = values.to_numpy(zero_copy_only=False)
        if found is not None and found.dtype in plain:
            return found
    return np.asarray(
        values.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64
    )


def _dates(values: Any) -> Array:
    import pyarrow
    from pyarrow import compute

    if isinstance(values.type, pyarrow.DictionaryType):
        values = values.cast(values.type.value_type)
    if getattr(values.type, "tz", None) is not None:
        values = compute.local_timestamp(values)
    micros = values.cast(pyarrow.timestamp("us"), safe=False)
    return np.asarray(micros.to_numpy(zero_copy_only=False), "datetime64[us]")


def texts_of(values: Any) -> pyarrow.StringArray:
    """Return values as the texts that stand for them as categories."""
    import pyarrow
    from pyarrow import compute, types

    of = values.type
    if isinstance(of, pyarrow.DictionaryType):
        plain = texts_of(values.dictionary)
        return plain.take(values.indices)
    if types.is_string(of):
        return values
    if types.is_boolean(of):
        return compute.if_else(values, "True", "False")
    if (
        types.is_null(of)
        or types.is_large_string(of)
        or types.is_string_view(of)
        or types.is_integer(of)
    ):
        return values.cast(pyarrow.string())
    found = values.dictionary_encode()  # each value once, for Python writes them
    written = category_column("", found.dictionary.to_pylist(), "").values.tolist()
    return pyarrow.array(written, pyarrow.string()).take(found.indices)


def joined(batches: Sequence[pyarrow.RecordBatch]) -> pyarrow.Table:
    """Return batches as one table, whose columns may be of other types in other files."""
    import pyarrow

    if all(batch.schema.equals(batches[0].schema) for batch in batches):
        return pyarrow.Table.from_batches(batches)
    kinds: dict[str, Kind | None] = {}
    for batch in batches:
        for column in batch.schema:
            if not pyarrow.types.is_null(column.type):
                kinds.setdefault(column.name, kind_of(column.type))
    alike = [
        pyarrow.table(
            {name: plain(batch.column(name), kinds.get(name)) for name in batch.schema.names}
        )
        for batch in batches
    ]
    return pyarrow.concat_tables(alike)


def plain(values: Any, kind: Kind | None) -> Any:
    """Return values in the type that stands for all of a kind.

    Raises
    ------
    pyarrow.ArrowException
        If they cannot be of that kind.
    """
    import pyarrow

    if kind == "category":
        return texts_of(values)
    if kind == "date":
        return pyarrow.array(_dates(values))
    return pyarrow.array(numbers_of(values, np.float64), from_pandas=True)


def where_known(values: Any) -> Array:
    """Return where there is a value: neither null nor NaN."""
    from pyarrow import types

    if types.is_floating(values.type):
        return ~np.isnan(numbers_of(values, np.float64, np.float32))
    if values.null_count == 0:
        return np.ones(len(values), bool)
    return np.asarray(values.is_valid().to_numpy(zero_copy_only=False))

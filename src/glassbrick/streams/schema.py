"""Schema: the columns that all files have, and of which kind each is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassbrick.checks import complaint, instance_of, one_of, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError
from glassbrick.streams.arrays import kind_of
from glassbrick.streams.blocks import Block, BlockReader
from glassbrick.tables import Kind, require_once

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Schema", "require_columns", "schema_of"]

_PLURALS: dict[str, str] = {"number": "numbers", "category": "texts", "date": "dates"}


@dataclass
class Schema:
    """Columns of a data set.

    Attributes
    ----------
    kinds : dict of str to {"number", "category", "date"}
        Of the columns that can be used, by name, in the order of the first file.
    left_out : dict of str to str
        Those that cannot, and why.
    keys : dict of str to {"number", "category"}
        Those of the columns that are in the names of folders.
    """

    kinds: dict[str, Kind] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Kind] = field(default_factory=dict)
    _found: dict[str, Kind] = field(default_factory=dict)  # by the types of the files

    @classmethod
    def of(cls, reader: BlockReader, given: Mapping[str, Kind]) -> Schema:
        """Look at the first file, and at the folders of all.

        Parameters
        ----------
        reader : BlockReader
            Of the files.
        given : mapping of str to kind
            Columns whose kind is not to be found from their types.

        Raises
        ------
        FileError
            If a file cannot be read.
        DataError
            If folders are to be called by numbers, and are not.
        """
        first = reader.schema(0)
        found = cls()
        for column in first:
            of = _type_of(column, reader)
            kind = kind_of(of)
            if kind is None:
                found.left_out[column.name] = f"holds values of the type {of}"
            else:
                found._found[column.name] = kind
                found.kinds[column.name] = given.get(column.name) or kind
        keys: dict[str, list[str | None]] = {}
        for file in reader.files.files:
            for name, value in file.keys:
                keys.setdefault(name, []).append(value)
        for name, values in keys.items():
            if name not in first.names:
                kind = given.get(name) or ("category" if _no_numbers(values) else "number")
                if kind == "number" and (texts := _no_numbers(values)):
                    place = f'{reader.who}, folders "{name}=..."'
                    raise DataError(
                        complaint(place, "numbers, as kinds says", f"{name}={texts[0]}")
                    )
                found.kinds[name] = found.keys[name] = kind
        return found

    def require_same(self, reader: BlockReader, file: int, wanted: list[str]) -> None:
        """Refuse a file that has not the columns of the first; note what others it has.

        Raises
        ------
        FileError
            If it cannot be read.
        DataError
            If a column is missing, or of another kind.
        """
        from pyarrow import types

        schema, place = reader.schema(file), reader.place(file)
        require_once(schema.names, place)
        first = reader.files.files[0].path
        folders = {name for name, _ in reader.files.files[file].keys}
        for name in wanted:
            if name in self.keys:
                if name not in folders:
                    raise DataError(f'{place}: no folder of it is called "{name}=...".')
                continue
            if name not in schema.names:
                there = ", ".join(f'"{name}"' for name in schema.names[:20])
                raise DataError(
                    f'{place}: there is no column "{name}", as in {first}, among {there}.'
                )
            of = schema.field(name).type
            if not types.is_null(of) and kind_of(of) != self._found[name]:
                place = f'{place}, column "{name}"'
                expected = f"{_PLURALS[self._found[name]]}, as in {first}"
                raise DataError(complaint(place, expected, f"the type {of}"))
        for name in schema.names:
            if name not in self.kinds:
                self.left_out.setdefault(name, "is not in all files")

    def batches(
        self, reader: BlockReader, block: Block, columns: list[str], *, threads: bool = False
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a block, with columns from files and from their folders."""
        stored = [name for name in columns if name not in self.keys]
        keys = dict(reader.files.files[block.file].keys)
        for batch in reader.read(block, stored, threads=threads):
            full = batch
            for name in columns:
                if name in self.keys:
                    full = full.append_column(name, self._repeated(name, keys[name], len(batch)))
            yield _usual_texts(full.select(columns))

    def _repeated(self, name: str, value: str | None, rows: int) -> Any:
        import pyarrow

        if self.keys[name] == "number":
            number = None if value is None else float(value)
            return pyarrow.repeat(pyarrow.scalar(number, pyarrow.float64()), rows)
        return pyarrow.repeat(pyarrow.scalar(value, pyarrow.string()), rows)


def require_columns(
    target: str, leave_out: Sequence[str], kinds: Mapping[str, Kind], who: str
) -> None:
    """Refuse what cannot be names of columns and their kinds.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is something else, or the target is left out.
    """
    instance_of(target, str, f"{who}, target", '"price"')
    if isinstance(leave_out, str) or not isinstance(leave_out, Collection):
        advice = f"For example: [{leave_out!r}]."
        refuse(ArgumentTypeError, f"{who}, leave_out", "a list of names", leave_out, advice)
    instance_of(kinds, Mapping, f"{who}, kinds", '{"zip": "category"}')
    for name, kind in kinds.items():
        one_of(kind, _PLURALS, f"{who}, kinds[{name!r}]")
    if target in leave_out:
        refuse(ArgumentError, f"{who}, leave_out", "columns other than the target", target)


def schema_of(
    reader: BlockReader, target: str, leave_out: Sequence[str], kinds: Mapping[str, Kind]
) -> Schema:
    """Return the columns that are to be used.

    Raises
    ------
    FileError
        If the first file cannot be read.
    DataError
        If there is no such column, or it cannot be used.
    """
    schema = Schema.of(reader, kinds)
    place = reader.place(0)
    for name in (target, *leave_out, *kinds):
        if name not in schema.kinds and name not in schema.left_out:
            there = ", ".join(f'"{name}"' for name in schema.kinds)
            raise DataError(f'{place}: there is no column "{name}" among {there}.')
    if target in schema.left_out:
        received = f"one that {schema.left_out[target]}"
        raise DataError(complaint(f'{place}, column "{target}"', "one to predict", received))
    for name in leave_out:
        if schema.kinds.pop(name, None) is not None:
            schema.left_out[name] = "was not wanted"
    return schema


def _type_of(column: pyarrow.Field, reader: BlockReader) -> pyarrow.DataType:
    """Return the type of a column: in the first file in which it has values at all."""
    from pyarrow import types

    of = column.type
    for file in range(1, len(reader.files.files)):
        if not types.is_null(of):
            break
        schema = reader.schema(file)
        if column.name in schema.names:  # perhaps twice, which `require_same` refuses
            of = schema.field(schema.names.index(column.name)).type
    return of


def _usual_texts(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Return texts as Arrow can filter them, which of views it cannot yet."""
    import pyarrow

    for place, column in enumerate(batch.schema):
        if pyarrow.types.is_string_view(column.type):
            batch = batch.set_column(place, column.name, batch.column(place).cast(pyarrow.string()))
    return batch


def _no_numbers(values: Sequence[str | None]) -> list[str]:
    """Return the values that cannot be read as numbers."""
    found = []
    for value in values:
        try:
            float("nan" if value is None else value)
        except ValueError:
            found.append(str(value))
    return found

"""CSV and TSV files, cut into slices of whole lines that can be read each for itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from glassbrick.checks import complaint
from glassbrick.errors import DataError, FileError
from glassbrick.streams.blocks import Block, BlockReader, first_line, rows_at_once
from glassbrick.streams.files import Files
from glassbrick.tables import Kind
from glassbrick.tables.csv_cuts import BOM, MISSING, MOST_SLICES, first_line_of, whole_lines

if TYPE_CHECKING:
    import pyarrow

__all__ = ["CSVReader"]

_SLICE = 4 << 20  # bytes
_LOOK = 8  # files, at whose beginnings the kinds of columns are found
_DAY_FORMATS = ("%Y/%m/%d", "%Y.%m.%d", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M:%S")


class CSVReader(BlockReader):
    """Reads slices of lines.

    Parameters
    ----------
    files : Files
        All of them CSV.
    who : str
        What to call whoever reads, in errors.
    kinds : mapping of str to {"number", "category", "date"}
        Columns whose kind is not to be found from their values.
    """

    unit = "slice"

    def __init__(self, files: Files, who: str, kinds: Mapping[str, Kind]):
        super().__init__(files, who)
        self._heads = {file: self._head_of(file) for file in range(len(files.files))}
        self._types = self._types_found(kinds)

    def schema(self, file: int) -> pyarrow.Schema:
        """Return names and types of the columns of a file."""
        import pyarrow

        names, _ = self._heads[file]
        return pyarrow.schema([(n, self._types.get(n, pyarrow.string())) for n in names])

    def blocks(self, file: int) -> Iterator[Block]:
        """Iterate over slices, each of whole lines: a line may end within quotes."""
        place = self.place(file)
        _, start = self._heads[file]
        line, number = 2, 0
        try:
            with self.files.system.open_input_file(self.files.files[file].path) as opened:
                opened.seek(start)
                rest = b""
                while read := opened.read(_SLICE):
                    data = rest + read
                    size = whole_lines(data, self._separator(file))
                    if size:
                        yield Block(file, number, start, size, line)
                        start, number = start + size, number + 1
                        line += data.count(b"\n", 0, size)
                    rest = data[size:]
                    if len(rest) > MOST_SLICES * _SLICE:
                        raise FileError(f"{place}, line {line}: a quote that is never closed.")
                if rest.strip():
                    yield Block(file, number, start, len(rest), line)
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"{place}: cannot be read: {first_line(error)}.") from None

    def decode(
        self, block: Block, columns: Sequence[str], *, threads: bool
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a slice."""
        data = self._bytes(block)
        names, _ = self._heads[block.file]
        types = {name: self._types[name] for name in columns}
        table = _parsed(data, names, self._separator(block.file), types, threads)
        yield from table.to_batches(rows_at_once(len(columns)))

    def row_count(self) -> int:
        """Return about how many rows there are: as many to a byte as at the first beginning."""
        for file in range(len(self.files.files)):
            if (block := next(self.blocks(file), None)) is not None:
                lines = self._bytes(block).count(b"\n")
                return max(lines, 1) * self.files.size // block.size
        return 0

    def place_of(self, block: Block, column: str | None = None) -> str:
        """Return what to call a slice, or a column in it, in errors."""
        told = f"{self.place(block.file)}, line {block.line} or after"
        return told if column is None else f'{told}, column "{column}"'

    def fail(self, block: Block, columns: Sequence[str], error: Exception) -> NoReturn:
        """Raise an error that names the line, which is looked for."""
        data = self._bytes(block)
        place, names = self.place(block.file), self._heads[block.file][0]
        try:
            text = data.decode()
        except UnicodeDecodeError as wrong:
            line = block.line + data.count(b"\n", 0, wrong.start)
            raise FileError(f"{place}, line {line}: is not UTF-8 text.") from None
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=self._separator(block.file))
        line = block.line
        try:
            for row in rows:
                self._require_fitting(row, names, columns, f"{place}, line {line}")
                line = block.line + rows.line_num
            line = block.line
        except csv.Error:  # which has no room for a text of 131,073 letters
            pass
        told = first_line(error)
        raise FileError(f"{place}, line {line} or after: cannot be read: {told}.") from None

    def _require_fitting(
        self, row: list[str], names: list[str], columns: Sequence[str], place: str
    ) -> None:
        """Refuse a line that has not a field for each column, or one of another kind."""
        if row and len(row) != len(names):
            file, _, line = place.rpartition(", ")
            told = f"{line} has {len(row)} fields, and the header has {len(names)}"
            raise FileError(f"{file}: cannot be read as a table: {told}.") from None
        for name, value in zip(names, row, strict=False):
            if name in columns and not _is_of(value, self._types[name]):
                kind = "a date" if "time" in str(self._types[name]) else str(self._types[name])
                expected = {"double": "a number", "bool": "true or false"}.get(kind, kind)
                raise DataError(
                    complaint(
                        f'{place}, column "{name}"',
                        f"{expected}, as at the beginning",
                        repr(value),
                        "If these are texts, say so in Python: "
                        f'TableStream(kinds={{"{name}": "category"}}).',
                    )
                ) from None

    def _bytes(self, block: Block) -> bytes:
        with self.files.system.open_input_file(self.files.files[block.file].path) as opened:
            opened.seek(block.start)
            return bytes(opened.read(block.size))

    def _separator(self, file: int) -> str:
        return "\t" if self.files.files[file].path.lower().endswith(".tsv") else ","

    def _head_of(self, file: int) -> tuple[list[str], int]:
        """Return the names in the first line, and where the second begins."""
        place = self.place(file)
        try:
            with self.files.system.open_input_file(self.files.files[file].path) as opened:
                data = opened.read(1 << 20)
            skipped = len(BOM) if data.startswith(BOM) else 0
            size = first_line_of(data[skipped:], self._separator(file))
            text = data[skipped : skipped + size].decode()
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=self._separator(file)))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise FileError(f"{place}: cannot be read: {first_line(error)}.") from None
        except StopIteration:
            raise FileError(f"{place}: the file is empty.") from None
        if not names:
            received = "a line without any"
            raise FileError(complaint(f"{place}, line 1", "the names of the columns", received))
        return names, skipped + size

    def _types_found(self, kinds: Mapping[str, Kind]) -> dict[str, Any]:
        """Find the types of columns from the beginnings of some files."""
        import pyarrow

        count = len(self.files.files)
        looked_at = sorted({count * part // _LOOK for part in range(_LOOK)} & set(range(count)))
        found: dict[str, list[Any]] = {}
        for file in looked_at:
            block = next(self.blocks(file), None)
            if block is None:
                continue
            data = self._bytes(block)
            names, _ = self._heads[file]
            try:
                table = _parsed(data, names, self._separator(file), {}, threads=True)
            except pyarrow.ArrowException as error:
                self._types = dict.fromkeys(names, pyarrow.string())
                self.fail(block, names, error)
            for field in table.schema:
                found.setdefault(field.name, []).append(field.type)
        given = {
            "number": pyarrow.float64(),
            "category": pyarrow.string(),
            "date": pyarrow.timestamp("us"),
        }
        types = {name: _unified(types) for name, types in found.items()}
        return types | {name: given[kind] for name, kind in kinds.items() if name in types}


def _parsed(
    data: bytes, names: Sequence[str], separator: str, types: Mapping[str, Any], threads: bool
) -> pyarrow.Table:
    from pyarrow import csv as arrow_csv

    return arrow_csv.read_csv(
        io.BytesIO(data),
        arrow_csv.ReadOptions(
            use_threads=threads, block_size=max(len(data), 1) + 1, column_names=list(names)
        ),
        arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=types or None,
            include_columns=list(types) or None,
            null_values=list(MISSING),
            true_values=["true"],
            false_values=["false"],
            strings_can_be_null=True,
            timestamp_parsers=[arrow_csv.ISO8601, *_DAY_FORMATS],
        ),
    )


def _unified(types: Sequence[Any]) -> Any:
    """Return one type for what a column was found to be in several places."""
    import pyarrow
    from pyarrow import types as known

    there = [one for one in types if not known.is_null(one)]
    if all(known.is_integer(one) or known.is_floating(one) for one in there):
        return pyarrow.float64()
    if all(known.is_boolean(one) for one in there):
        return pyarrow.bool_()
    if all(known.is_date(one) or known.is_timestamp(one) for one in there):
        return pyarrow.timestamp("us")
    return pyarrow.string()


def _is_of(value: str, of: Any) -> bool:
    """Whether a text can be read as a type."""
    import pyarrow
    from pyarrow import types as known

    if value in MISSING or known.is_string(of):
        return True
    if known.is_boolean(of):
        return value in ("true", "false")
    row = f"{value}\n".encode()
    try:
        _parsed(row, ["value"], "\x1f", {"value": of}, threads=False)
    except pyarrow.ArrowException:
        return False
    return True

"""Fitting: one pass over all rows, from which features and target are learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.streams.arrays import joined
from glassbrick.streams.blocks import Block, BlockReader
from glassbrick.streams.chance import HELD_OUT, SAMPLED, chance_of
from glassbrick.streams.sample import Sample
from glassbrick.streams.schema import Schema
from glassbrick.streams.summary import Summary, summary_of
from glassbrick.streams.target import TargetSummary
from glassbrick.tables import Features, Kind, Target, Task

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Fitted", "Pass", "PassProgress"]

PassProgress = Callable[[int, int, str], None]
"""Is told how many bytes were read, of how many, and which file is read."""

_SAMPLE_NUMBERS = 1 << 21  # numbers in a sample, over all columns
_MOST_SAMPLED, _FEWEST_SAMPLED = 65_536, 2_048


@dataclass(frozen=True)
class Fitted:
    """What a pass found.

    Attributes
    ----------
    features, target : Features, Target
        As learned from the rows that are trained on.
    blocks : list of Block
        All of them.
    lengths : ndarray of int
        How many rows of each are trained on.
    columns : dict of str to Summary
        Of each column but the target.
    sample : pyarrow.Table
        Rows to train on, each as likely as any other; all of them if there are few.
    held_out : pyarrow.Table or None
        Rows that are not trained on.
    without_target : int
        Rows in which there is nothing to predict.
    target_kind : {"number", "category"}
        What the values of the target are.
    target_is_truth : bool
        Whether they are truth values.
    """

    features: Features
    target: Target
    blocks: list[Block]
    lengths: Array
    columns: dict[str, Summary]
    sample: pyarrow.Table
    held_out: pyarrow.Table | None
    without_target: int
    target_kind: Kind
    target_is_truth: bool


class Pass:
    """One pass over all rows.

    Parameters
    ----------
    reader : BlockReader
        Of the files.
    schema : Schema
        Of their columns.
    target : str
        The column to predict.
    task : {"regression", "classification"} or None
        What for; None: found from the column.
    seed : int
        From which it follows which rows are held out, and which are in the sample.
    held_out : float
        Which share of rows is not trained on.
    progress : PassProgress
        Is told how far it is.
    """

    def __init__(
        self,
        reader: BlockReader,
        schema: Schema,
        target: str,
        task: Task | None,
        *,
        seed: int,
        held_out: float,
        progress: PassProgress,
    ):
        self.reader, self.schema, self.seed, self.task = reader, schema, seed, task
        self.progress = progress
        self.target = TargetSummary(target, schema.kinds[target])
        self.columns: dict[str, Summary] = {
            name: summary_of(name, kind) for name, kind in schema.kinds.items() if name != target
        }
        width = max(len(self.columns), 1)
        most = min(max(_SAMPLE_NUMBERS // width, _FEWEST_SAMPLED), _MOST_SAMPLED)
        self.sample = Sample(most)
        # No more rows are held out than there is room for.
        self.held_out = min(held_out, most / max(reader.row_count(), 1)) if held_out else 0.0
        self.others: list[pyarrow.RecordBatch] = []
        self.without_target = 0

    def run(self) -> Fitted:
        """Read all rows.

        Raises
        ------
        FileError
            If a file cannot be read.
        DataError
            If a file has other columns, a number is infinite, or nothing can be learned.
        """
        import pyarrow

        blocks, lengths = [], []
        for block in self._blocks():
            blocks.append(block)
            lengths.append(self._add_block(len(blocks) - 1, block))
        place = self.reader.who
        sample = self.sample.table()
        if sample is None:
            rows = "rows" if not self.without_target else f'rows with "{self.target.name}"'
            raise DataError(f"{place}: expected {rows} to train on; there are none.")
        others = joined(self.others) if self.others else None
        return Fitted(
            features=self._features(sample),
            target=self.target.target(self.task, sample, place),
            blocks=blocks,
            lengths=np.array(lengths, np.int64),
            columns=self.columns,
            sample=sample,
            held_out=others,
            without_target=self.without_target,
            target_kind=self.target.kind,
            target_is_truth=pyarrow.types.is_boolean(sample.schema.field(self.target.name).type),
        )

    def _blocks(self) -> Iterator[Block]:
        files = self.reader.files
        wanted = [*self.columns, self.target.name]
        done = 0
        for number, file in enumerate(files.files):
            self.schema.require_same(self.reader, number, wanted)
            before = done
            for block in self.reader.blocks(number):
                self.progress(done, files.size, file.path)
                yield block
                done += block.size
            done = before + file.size
        self.progress(files.size, files.size, "")

    def _add_block(self, number: int, block: Block) -> int:
        """Take note of the rows of a block; return how many are trained on."""
        import pyarrow

        wanted = [*self.columns, self.target.name]
        start = kept = 0
        for batch in self.schema.batches(self.reader, block, wanted, threads=True):
            rows = batch.num_rows
            known = self.target.known(batch.column(self.target.name))
            self.without_target += rows - int(np.count_nonzero(known))
            if self.held_out:
                others = chance_of(self.seed, HELD_OUT, number, start, rows) < self.held_out
                if (others & known).any():
                    self.others.append(batch.filter(pyarrow.array(others & known)))
                known &= ~others
            chances = chance_of(self.seed, SAMPLED, number, start, rows)
            if not known.all():
                batch, chances = batch.filter(pyarrow.array(known)), chances[known]
            self._summarize(block, batch)
            self.sample.add(batch, chances)
            start, kept = start + rows, kept + batch.num_rows
        return kept

    def _summarize(self, block: Block, batch: pyarrow.RecordBatch) -> None:
        import pyarrow

        if not batch.num_rows:
            return
        summaries: Mapping[str, Any] = {**self.columns, self.target.name: self.target}
        for name, summary in summaries.items():
            place = self.reader.place_of(block, name)
            try:
                summary.add(batch.column(name))
            except OverflowError as error:
                raise DataError(complaint(place, "finite numbers", str(error))) from None
            except (pyarrow.ArrowException, ValueError) as error:
                kind = self.schema.kinds[name]
                raise DataError(
                    complaint(place, f"values of the kind {kind}", str(error))
                ) from None

    def _features(self, sample: pyarrow.Table) -> Features:
        left_out = {name: s.useless for name, s in self.columns.items() if s.useless}
        left_out = {**self.schema.left_out, **left_out}
        used = [name for name in self.columns if name not in left_out]
        if not used:
            reasons = "; ".join(f'"{name}" {reason}' for name, reason in left_out.items())
            raise DataError(
                f"{self.reader.who}: there is no column to learn from: {reasons or 'none at all'}."
            )
        encoders = [
            self.columns[name].encoder(sample.column(name).combine_chunks()) for name in used
        ]
        return Features(encoders, left_out)

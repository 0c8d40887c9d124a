"""What the doctor says of a training by the command: of its rows, and of how networks learned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from glassbrick.cli.table_file import TableFile
from glassbrick.cli.train_plan import Prepared
from glassbrick.doctor import HealthReport, Remark
from glassbrick.doctor.remark import SEVERITIES

__all__ = ["Said", "remarks_of", "remarks_on"]

# The command keeps the epoch that was best on rows not seen: what comes after it does no harm.
_HARMLESS = ("overfitting",)
_SHARED = 0.01  # of the rows that are kept: fewer may be alike by coincidence


@dataclass(frozen=True)
class Said:
    """A remark, and on which networks it was made.

    Attributes
    ----------
    remark : Remark
        On the first of them.
    networks : tuple of int
        Counted from 1; empty if it is on the rows.
    """

    remark: Remark
    networks: tuple[int, ...] = ()

    def line(self, networks: int) -> str:
        """Return it as one text, in a training of so many networks."""
        if not self.networks or networks == 1:
            return str(self.remark)
        which = "all networks" if len(self.networks) == networks else _numbered(self.networks)
        remark = self.remark
        return f"{remark.severity}: {which}: {remark.where}: {remark.what} {remark.remedy}"

    def to_json(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self.remark) | {"networks": list(self.networks)}


def remarks_on(prepared: Prepared, reports: Iterable[HealthReport]) -> list[Said]:
    """Return remarks on rows and on networks, worst first, each kind and place once."""
    said = [*(Said(remark) for remark in _on_rows(prepared)), *remarks_of(reports)]
    return sorted(said, key=lambda some: SEVERITIES.index(some.remark.severity))


def remarks_of(reports: Iterable[HealthReport]) -> list[Said]:
    """Return remarks on networks, worst first, each kind and place once."""
    found: dict[tuple[str, str], Said] = {}
    for number, report in enumerate(reports, 1):
        for remark in report.remarks:
            if remark.kind in _HARMLESS:
                continue
            key = remark.kind, remark.where
            first = found.get(key, Said(remark))
            found[key] = Said(first.remark, (*first.networks, number))
    return sorted(found.values(), key=lambda some: SEVERITIES.index(some.remark.severity))


def _on_rows(prepared: Prepared) -> Iterable[Remark]:
    """Look whether rows that are kept for --valid are trained on, too."""
    training, valid, target = prepared.training, prepared.valid, prepared.target
    if valid is None or not set(training.names) <= set(valid.names):
        return
    known, rows = set(_rows(training, training.names)), _rows(valid, training.names)
    shared = sum(row in known for row in rows)
    if shared > max(1.0, _SHARED * len(rows)):
        all_of_them = shared == len(rows)
        yield Remark(
            "error" if all_of_them else "warning",
            "--valid",
            f"{shared} of its {len(rows)} rows are trained on, too, with the same {target!r}.",
            "Keep distinct rows: networks may know those by heart.",
            {"shared": shared, "rows": len(rows)},
            "shared_rows",
        )


def _rows(table: TableFile, names: list[str]) -> list[tuple[Any, ...]]:
    """Return rows as what can be compared, with None where there is no value."""
    columns = {column.name: column for column in table.columns}
    lists = []
    for name in names:
        column = columns[name]
        told = column.values.astype(object)
        told[column.missing] = None
        lists.append(told.tolist())
    return list(zip(*lists, strict=True))


def _numbered(networks: tuple[int, ...]) -> str:
    """Name networks: "network 2", "networks 1, 2 and 4"."""
    if len(networks) == 1:
        return f"network {networks[0]}"
    return f"networks {', '.join(map(str, networks[:-1]))} and {networks[-1]}"

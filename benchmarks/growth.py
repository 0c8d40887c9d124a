"""The benchmark of growing: many networks, several processes, data larger than memory.

``make bench`` runs it, with 4 GB of free space in the folder for temporary files. It ends with
what the cost model makes of it for machines that are not here.

    python benchmarks/growth.py [--page docs/figures/scaling.md]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import costs
import machine
import populations
import processes
import streaming
from cost_model import CostModel, parameters
from report import Table
from rich.console import Console

RESULTS = Path(__file__).parent / "results" / "growth.json"
ROWS = 100_000_000
HOSTS = (1, 2, 8, 64)
ROWS_A_HOST = 1024  # of a batch
NETWORK = {"bandwidth": 1.25e9, "latency": 50e-6}  # ten gigabits a second, as data centres have


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, help="Markdown to write, for docs/scaling.md")
    parser.add_argument("--from-results", action="store_true", help="do not measure anew")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if options.from_results else measure()
    tables = [*measured(results), *predicted(CostModel.of(results["costs"]))]
    console = Console()
    for table in tables:
        table.print(console)
    if options.page is not None:
        text = "\n\n".join(f"**{table.title}**\n\n{table.markdown()}" for table in tables)
        options.page.write_text(f"{_told_of(results['machine'])}\n\n{text}\n", encoding="utf-8")


def measure() -> dict[str, Any]:
    """Measure everything, and keep it."""
    results = {
        "machine": machine.describe(),
        "populations": populations.measure(),
        "processes": processes.measure(),
        "streaming": streaming.measure(engines=("xla", "numpy")),
        "costs": costs.measure(),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def measured(results: dict[str, Any]) -> list[Table]:
    """Return what was asked for, beside what was wanted."""
    table = Table("Measured, against what was wanted", ["", "measured", "wanted"])
    many, several = results["populations"], results["processes"]
    table.rows += [
        [
            "100 networks 13-13-1 at once, times the time of one, with compilation",
            f"{many['times_one']:.2f}",
            "at most 3",
        ],
        [
            "the same, compiled before",
            f"{many['times_one_compiled']:.1f}",
            "",
        ],
        [
            "100 fits of scikit-learn's, times the time of our 100, with compilation",
            f"{many['scikit_learn_over_ours']:.0f}",
            "at least 40",
        ],
        [
            "the same, compiled before",
            f"{many['scikit_learn_over_ours_compiled']:.0f}",
            "at least 40",
        ],
        ["20 splits of 500 rows, 13-50-1, 40 epochs", f"{many['splits']:.2f} s", "seconds"],
        [
            f"{several['network']}, batch {several['batch']}: how many times faster are "
            f"{several['processes']} processes of one thread",
            f"{several['times_as_fast']['wall']:.2f}",
            "at least 1.8",
        ],
    ]
    for found in results["streaming"]["engines"]:
        size = results["streaming"]["bytes_of_numbers"] / 1e9
        name = f"{results['streaming']['network']} on a stream of {size:.0f} GB, {found['engine']}"
        table.rows += [
            [
                f"{name}: memory over all that is imported",
                f"{found['megabytes_at_most_beyond_what_it_imports']:.0f} MB",
                "at most 400 MB",
            ],
            [
                f"{name}: memory over `import glassbrick` alone",
                f"{found['megabytes_at_most']:.0f} MB",
                "",
            ],
            [
                f"{name}: time of a step, times that in memory",
                f"{found['times_as_long']['wall']:.2f}",
                "at most 1.25",
            ],
        ]
    return [table]


def predicted(model: CostModel) -> list[Table]:
    """Return what the model says of a hundred million rows on hosts with a network between."""
    there = model.on(**NETWORK)
    tables = []
    for sizes in model.compute:
        name = "-".join(map(str, sizes))
        table = Table(
            f"{name}, {parameters(sizes):,} parameters, {ROWS_A_HOST} rows a host and batch",
            ["hosts", "compute", "add up", "read", "an epoch", "of the ideal"],
        )
        alone = there.epoch(sizes, ROWS_A_HOST, ROWS)
        for hosts in HOSTS:
            parts = there.parts(sizes, ROWS_A_HOST * hosts, hosts)
            seconds = there.epoch(sizes, ROWS_A_HOST * hosts, ROWS, hosts)
            told = [f"{1e3 * parts[part]:.1f} ms" for part in ("compute", "reduce", "read")]
            share = f"{alone / hosts / seconds:.0%}"
            table.rows.append([str(hosts), *told, _duration(seconds), share])
        tables.append(table)
    return tables


def _duration(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"


def _told_of(about: dict[str, Any]) -> str:
    return (
        f"Measured on {about['cores']} cores of {about['processor']}, {about['memory_gigabytes']} "
        f"GB, {about['system']}, Python {about['python']}, of which other programs used "
        f"{about['busy_percent_at_start']:.0f} % at the beginning."
    )


if __name__ == "__main__":
    main()

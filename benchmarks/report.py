"""Report: the tables of a run, for the terminal and as a Markdown page."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import plot
from peers import BOUND, PEERS, named
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from summary import GLASSBRICK, Line, failures, gigaflops, lines, number, with_unit
from workloads import CHECK_ROWS, CHECK_STEPS

_ACTIVATIONS = {"relu": "ReLU"}
MAIN_VERSIONS = ("glassbrick", "numpy", "jax", "jaxlib", "torch", "keras", "scikit-learn")


@dataclass
class Table:
    """Rows of text under a title; the first column stands left, the others right."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def markdown(self) -> str:
        """Render for the page."""
        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        return "\n".join("| " + " | ".join(row) + " |" for row in [self.columns, rule, *self.rows])

    def print(self, console: Console) -> None:
        """Print to a terminal."""
        table = RichTable(title=self.title, title_justify="left", box=box.SIMPLE_HEAD, padding=0)
        for position, column in enumerate(self.columns):
            # What stands left gives way where a terminal is narrow, never the figures.
            justify = "right" if position else "left"
            table.add_column(column, justify=justify, no_wrap=position > 0)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)


def overviews(results: dict[str, Any]) -> list[Table]:
    """Medians of all workloads beside each other, a table for each optimizer."""
    optimizers = dict.fromkeys(step["optimizer"] for step in results["steps"])
    return [_overview(results, optimizer) for optimizer in optimizers]


def _overview(results: dict[str, Any], optimizer: str) -> Table:
    steps = [step for step in results["steps"] if step["optimizer"] == optimizer]
    table = Table(f"A step with {optimizer}, median", ["", *(step["network"] for step in steps)])
    medians = [
        {line.peer.name: with_unit(line.median) for line in lines(step["runs"])} for step in steps
    ]
    for peer in PEERS:
        row = [of_step.get(peer.name, "-") for of_step in medians]
        if set(row) != {"-"}:
            table.rows.append([peer.title, *row])
    return table


def of_workload(step: dict[str, Any]) -> Table:
    """Everything about the steps of one workload."""
    hidden = _ACTIVATIONS.get(step["hidden"], step["hidden"])
    trained = f"{hidden}, {step['loss']}, {step['optimizer']}"
    found = lines(step["runs"])
    engines = [line for line in found if line.peer.name in GLASSBRICK]
    compared = [f"÷ {_engine(line)}" for line in engines]
    unit, scale = _unit(max(line.median for line in found)) if found else ("", 1.0)
    table = Table(
        f"{step['network']}, batch {step['batch']}, {trained}",
        ["", "threads", f"{unit} a step", "quartiles", "GFLOP/s", *compared],
    )
    for line in found:
        low, median, high = (
            number(v / scale) for v in (line.quartiles[0], line.median, line.quartiles[1])
        )
        speed = number(gigaflops(step, line))
        ratios = [f"{line.times(engine):.2f}" for engine in engines]
        row = [line.peer.title, str(line.threads), median, f"{low}-{high}", speed, *ratios]
        table.rows.append(row)
    return table


def same_numbers(results: dict[str, Any]) -> Table:
    """By how much the peers' predictions differ after the same training."""
    checks = [check for check in results["same_numbers"] if check]
    trained = [f"{check['network']}, {check['optimizer']}" for check in checks]
    table = Table("Largest difference after the same training", ["", *trained])
    for peer in PEERS:
        cells = [_difference(check, peer.name) for check in checks]
        if set(cells) != {"-"}:
            table.rows.append([peer.title, *cells])
    spreads = [f"{check['spread_of_predictions']:.1f}" for check in checks]
    if table.rows:
        table.rows.append(["spread of predictions", *spreads])
    return table


def _difference(check: dict[str, Any], peer: str) -> str:
    if peer == check["compared_with"]:
        return "0"
    differences = check["largest_difference"]
    return f"{differences[peer]:.0e}" if peer in differences else "-"


def startup(results: dict[str, Any]) -> Table:
    """Seconds from the start of a process to its end, and megabytes on disk."""
    columns = ["", "seconds", "quartiles", "validation loss", "MB on disk"]
    table = Table("From process start to a trained chapter model", columns)
    for name, told in results["startup"].items():
        if "failed" in told:
            continue
        line = Line(named([name])[0], 0, told["seconds"])
        low, high = line.quartiles
        table.rows.append(
            [
                line.peer.title,
                f"{line.median:.2f}",
                f"{low:.2f}-{high:.2f}",
                f"{told['validation_loss']:.1f}",
                f"{results['megabytes'][name]:.0f}",
            ]
        )
    return table


def predictions(results: dict[str, Any]) -> Table:
    """Microseconds of a prediction."""
    rows = sorted({told["rows"] for told in results["predictions"]})
    columns = ["", *(f"{n:,} row{'s' * (n > 1)}" for n in rows)]
    table = Table("Prediction with 13-13-13-1, microseconds, median", columns)
    found = {n: lines(told for told in results["predictions"] if told["rows"] == n) for n in rows}
    for position, line in enumerate(found[rows[0]] if rows else []):
        cells = [found[n][position] for n in rows]
        title = "Glassbrick" if line.peer.name in GLASSBRICK else line.peer.title
        ways = {cell.way for cell in cells} - {"predict"}
        title += "".join(f", {way}" for way in ways)
        table.rows.append([title, *(number(cell.median) for cell in cells)])
    return table


def print_tables(results: dict[str, Any]) -> None:
    """Print all tables, 80 columns wide."""
    console = Console(width=80, highlight=False)
    console.print()
    tables = [*overviews(results), *map(of_workload, results["steps"])]
    for table in [*tables, same_numbers(results), startup(results), predictions(results)]:
        if table.rows:
            table.print(console)
    console.print(*failures(results), sep="\n")


def write_page(results: dict[str, Any], path: Path) -> None:
    """Write the Markdown page."""
    found = failures(results)
    parts = [
        _INTRODUCTION,
        *(f"{table.title}:\n\n{table.markdown()}" for table in overviews(results)),
        f"![Microseconds a step of each peer and workload]({path.stem}.png)",
        _machine(results),
        "## Step by step",
        _STEPS,
        *(f"### {t.title}\n\n{t.markdown()}" for t in map(of_workload, results["steps"])),
        "## What was run",
        "\n".join(f"- **{peer.title}**: {peer.how}" for peer in _present(results)),
        *(["Not measured:\n\n" + "\n".join(f"- {line}." for line in found)] if found else []),
        _METHOD.format(**results),
        _SAME_NUMBERS.format(steps=CHECK_STEPS, rows=CHECK_ROWS),
        same_numbers(results).markdown(),
        "## From nothing to a trained model",
        _STARTUP,
        startup(results).markdown(),
        "## Prediction",
        _PREDICTION,
        predictions(results).markdown(),
        _CAVEATS,
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _present(results: dict[str, Any]) -> list[Any]:
    measured = {run["peer"] for step in results["steps"] for run in step["runs"]}
    return [peer for peer in PEERS if peer.name in measured]


def _machine(results: dict[str, Any]) -> str:
    on, versions = results["machine"], results["versions"]
    with_versions = ", ".join(f"{n} {versions[n]}" for n in MAIN_VERSIONS if n in versions)
    return (
        f"Measured on {results['date']}: {on['processor']}, {on['cores']} cores, "
        f"{on['memory_gigabytes']:.0f} GB, {on['system']}, Python {on['python']}, "
        f"{with_versions}; NumPy's products are from {on['numpy_blas']}. When it began, other "
        f"processes kept the machine busy to {on['busy_percent_at_start']:.0f} %."
    )


def _engine(line: Line) -> str:
    return line.peer.title.split(", ")[1]


def _unit(microseconds: float) -> tuple[str, float]:
    return ("ms", 1000.0) if microseconds >= 10_000 else ("µs", 1.0)


_INTRODUCTION = """\
# Glassbrick and its peers

How long a training step takes: one batch forward, backward, and into the parameters; \
the median. All peers do the same arithmetic in float32, in dense layers with a linear end, \
on rows shuffled in each epoch. Each network is trained twice: by plain SGD on the squared \
error, and by Adam with ReLU, as is usual today, where the two networks of ten outputs classify \
by softmax cross entropy. `make bench` measures all of it \
again, in about twelve minutes, prints these tables, and writes this page anew."""

_STEPS = f"""\
Each peer ran with one thread and with two; the table has the better one, and says which it was. \
GFLOP/s counts the multiplications and additions of the step's matrix products and nothing else. \
The columns "÷ NumPy" and "÷ XLA" say how many times the time of that Glassbrick engine it \
takes, compared round by round: above 1, Glassbrick is faster. "{BOUND.title}" bounds every step \
on NumPy: such a step cannot be faster, because these products are part of it. XLA has products \
of its own, and can be."""

_METHOD = """\
Each peer has, for each number of threads, a process of its own, so that the threads of one do \
not disturb another; all processes live through the whole run, and only one works at a time. A \
process is kept to as many cores as it may have threads. After a warm-up, in which everything is \
compiled, the processes take turns for {rounds} rounds. A measurement is one whole fit of as many \
epochs as take about {seconds_a_measurement} seconds, of which each goes on with the parameters \
of the one before. What a fit does besides its steps is part of it: checks of the data, shuffling, \
records of losses, and on Glassbrick's XLA engine some hundredths of a second for recording \
the network again. No peer has validation data."""

_SAME_NUMBERS = """\
All of them learn the same. {steps} steps on all of {rows} rows at once, from the same parameters, \
give predictions (of classes: probabilities) that differ from those of the first peer by at \
most so much. scikit-learn and Keras add Adam's epsilon before they make up for averages that \
began at zero, the others after it."""

_STARTUP = """\
A process starts, imports its library, reads the Boston data, trains the network 13-13-13-1 \
(sigmoid) for 50 epochs in batches of 32 at learning rate 0.01, takes the validation loss every \
ten epochs, and ends. Compilation is part of it. Each library draws its own starting parameters \
and has its own dtype, as its users get them, so that validation losses differ. Threads are those \
that each library takes by itself. Megabytes are the files of what has to be installed, \
with everything it requires, without Python and compiled bytecode; of PyTorch there are builds \
with CUDA too, which are several times as large as those without."""

_PREDICTION = """\
NumPy rows in, NumPy predictions out; the better of one and two threads, and of the ways that a \
library has. Glassbrick predicts in NumPy, whichever engine trained the network; it checks each \
time that the rows are finite."""

_CAVEATS = """\
## What these figures do not say

- They are of small and middling dense networks on a processor with few cores. PyTorch, JAX and \
Keras are made for much more: other layers, graphics processors, many machines.
- On the smallest network a step is nearly all overhead: there the "bound" is the cost of calling \
NumPy eight times, not that of arithmetic.
- Not all keep the same books. Glassbrick and scikit-learn record the loss of each step, Keras its \
mean; the PyTorch loop keeps none. Glassbrick and scikit-learn also look for numbers that \
are not finite.
- `torch.compile` has the network and the loss; shuffling and the optimizer are as in the eager \
loop. More of it could be compiled, and the fixed cost of a call to a compiled function weighs \
on small networks.
- Which library has the fastest matrix products depends on the processor: another one can change \
the order of the last two networks.
- Absolute times vary from hour to hour on a shared machine. Trust ratios more than times, and no \
difference smaller than the quartiles are apart."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the page and the plot of an earlier run.")
    parser.add_argument("figures", type=Path, help="JSON file that run.py wrote")
    parser.add_argument("page", type=Path, help="Markdown page to write, and a plot beside it")
    options = parser.parse_args()
    earlier = json.loads(options.figures.read_text(encoding="utf-8"))
    write_page(earlier, options.page)
    plot.draw(earlier, options.page.with_suffix(".png"))

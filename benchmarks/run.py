"""The benchmark command: compares Glassbrick with its peers. ``make bench`` runs it.

Everything that is compared takes turns: in each round each worker process measures once.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
from pathlib import Path
from typing import Any

import footprint
import machine
import numpy as np
import plot
import report
import startup
from peers import PEERS, THREADS, Peer, named
from rich.console import Console
from worker import PeerError, Worker
from workloads import CHECK_STEPS, CHECKED, WORKLOADS, Workload
from workloads import named as workload_named

ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS, QUICK_SECONDS = 0.6, 0.3  # of one measurement, about
PREDICTING = ("glassbrick_numpy", "torch_eager", "keras_jax", "scikit_learn")
ROWS = (1, 10_000)
RESULTS = Path(__file__).parent / "results"
console = Console(stderr=True)


def main() -> None:
    """Measure, and write what was found."""
    options = _options()
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    seconds = QUICK_SECONDS if options.quick else SECONDS
    chosen = [work for work in WORKLOADS if work.name in options.only]
    results = measure(chosen, named(options.peers), rounds, seconds)
    everything = not options.quick and len(chosen) == len(WORKLOADS)
    everything = everything and len(options.peers) == len(PEERS)
    path = options.json or RESULTS / ("latest.json" if everything else "partial.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report.print_tables(results)
    if options.page is not None:
        report.write_page(results, options.page)
        plot.draw(results, options.page.with_suffix(".png"))


def _options() -> argparse.Namespace:
    workloads, peers = [work.name for work in WORKLOADS], [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smoke run: fewer rounds")
    parser.add_argument(
        "--only", nargs="+", choices=workloads, default=workloads, metavar="WORKLOAD",
        help=" ".join(workloads),
    )  # fmt: skip
    parser.add_argument(
        "--peers", nargs="+", choices=peers, default=peers, metavar="PEER", help=" ".join(peers)
    )
    parser.add_argument(
        "--json", type=Path, help="where the figures go, if not to results/latest.json, or "
        "partial.json if it is not everything",
    )  # fmt: skip
    parser.add_argument("--page", type=Path, help="Markdown page to write, and a plot beside it")
    return parser.parse_args()


def measure(
    workloads: list[Workload], peers: list[Peer], rounds: int, seconds: float
) -> dict[str, Any]:
    """Measure everything; return what is written as JSON."""
    about = machine.describe()
    workers, left_out = _start(peers)
    peers = [peer for peer in peers if peer.name not in left_out]
    try:
        results = {
            "date": datetime.date.today().isoformat(),
            "machine": about,
            "rounds": rounds,
            "seconds_a_measurement": seconds,
            "left_out": left_out,
            "versions": machine.versions(name for peer in peers for name in peer.distributions),
            "same_numbers": [_same_numbers(workload_named(name), workers) for name in CHECKED],
            "steps": [_steps(work, workers, rounds, seconds) for work in workloads],
            "predictions": _predictions(workers, rounds),
        }
    finally:
        for worker in workers:
            worker.close()
    _tell("startup")
    results["startup"] = startup.measure(peers, rounds)
    results["megabytes"] = {peer.name: footprint.megabytes(peer.distributions) for peer in peers}
    return results


def _tell(what: str) -> None:
    console.print(f"{datetime.datetime.now():%H:%M:%S} {what}", highlight=False)


def _start(peers: list[Peer]) -> tuple[list[Worker], dict[str, str]]:
    """Start a worker for each peer and number of threads; say which peers cannot be run."""
    _tell("starting workers")
    workers, left_out = [], {}
    for peer in peers:
        for threads in THREADS:
            worker = Worker(peer, threads)
            try:
                worker.ask("load")
                workers.append(worker)
            except PeerError as error:
                worker.close()
                left_out[peer.name] = str(error)
                break
    return workers, left_out


def _same_numbers(work: Workload, workers: list[Worker]) -> dict[str, Any]:
    """Compare what peers predict after the same training from the same parameters."""
    _tell(f"{work.name}: same numbers")
    predictions: dict[str, list[float]] = {}
    for worker in workers:
        if worker.peer.name not in predictions:
            with contextlib.suppress(PeerError):  # it will fail, and be told of, when it is timed
                predictions[worker.peer.name] = worker.ask("trained", workload=work.name)
    predictions = {name: values for name, values in predictions.items() if values}
    if not predictions:
        return {}
    first, reference = next(iter(predictions.items()))
    return {
        "network": work.network,
        "optimizer": work.optimizer,
        "steps": CHECK_STEPS,
        "compared_with": first,
        "spread_of_predictions": float(np.ptp(reference)),
        "largest_difference": {
            name: float(np.abs(np.subtract(values, reference)).max())
            for name, values in predictions.items()
        },
    }


def _steps(work: Workload, workers: list[Worker], rounds: int, seconds: float) -> dict[str, Any]:
    """Time the steps of a workload, worker after worker, round after round."""
    runs: dict[Worker, dict[str, Any]] = {}
    _tell(f"{work.name}: preparing")
    for worker in workers:
        runs[worker] = {"peer": worker.peer.name, "threads": worker.threads}
        try:
            epochs = worker.ask("prepare", workload=work.name, seconds=seconds)
            runs[worker] |= {"epochs": epochs, "microseconds": []}
        except PeerError as error:
            runs[worker]["failed"] = str(error)
    ready = [worker for worker in workers if "failed" not in runs[worker]]
    for number in range(rounds):
        _tell(f"{work.name}: round {number + 1} of {rounds}")
        first = number * len(ready) // rounds  # another one begins each time
        for worker in ready[first:] + ready[:first]:
            _measure_once(worker, runs[worker])
    for worker in ready:
        if "failed" not in runs[worker]:
            before, after = worker.ask("errors")
            runs[worker] |= {"error_before": before, "error_after": after}
            if after is not None and not after < before:
                runs[worker]["failed"] = f"it did not learn: the error is {after}, was {before}"
    return {
        "workload": work.name,
        "network": work.network,
        "batch": work.batch,
        "rows": work.rows,
        "hidden": work.hidden,
        "optimizer": work.optimizer,
        "loss": work.loss,
        "operations_a_step": work.operations_a_step,
        "runs": list(runs.values()),
    }


def _measure_once(worker: Worker, run: dict[str, Any]) -> None:
    if "failed" not in run:
        try:
            run["microseconds"].append(worker.ask("measure"))
        except PeerError as error:
            run["failed"] = str(error)


def _predictions(workers: list[Worker], rounds: int) -> list[dict[str, Any]]:
    """Time predictions; a peer that has several ways is judged by its best."""
    _tell("predictions")
    found = []
    for rows in ROWS:
        asked = [worker for worker in workers if worker.peer.name in PREDICTING]
        told = [[w.ask("predict", rows=rows, seconds=0.1) for w in asked] for _ in range(rounds)]
        found += [
            {
                "peer": worker.peer.name, "threads": worker.threads, "rows": rows, "way": way,
                "microseconds": [answer[number][way] * 1e6 for answer in told],
            }
            for number, worker in enumerate(asked)
            for way in told[0][number]
        ]  # fmt: skip
    return found


if __name__ == "__main__":
    main()

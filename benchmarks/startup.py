"""Startup: from the start of a process to a trained chapter model, and to the process's end."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from peers import Peer, named

PEERS = ("glassbrick_numpy", "glassbrick_xla", "torch_eager", "keras_jax", "scikit_learn")


def measure(peers: list[Peer], repeats: int) -> dict[str, dict[str, Any]]:
    """Time whole processes, in turns, after a first one each that fills the disk's caches."""
    told: dict[str, dict[str, Any]] = {}
    for peer in peers:
        if peer.name in PEERS:
            try:
                told[peer.name] = {"validation_loss": _run(peer)[1], "seconds": []}
            except subprocess.CalledProcessError as error:
                told[peer.name] = {"failed": error.stderr.strip().splitlines()[-1]}
    for _ in range(repeats):
        for peer in peers:
            if peer.name in told and "failed" not in told[peer.name]:
                told[peer.name]["seconds"].append(_run(peer)[0])
    return told


def _run(peer: Peer) -> tuple[float, float]:
    """Run this file for a peer; return the seconds it took and the validation loss."""
    began = time.perf_counter()
    process = subprocess.run(
        [sys.executable, __file__, peer.name], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - began, float(process.stdout.split()[-1])


if __name__ == "__main__":
    print(named([sys.argv[1]])[0].load().train_chapter_model())

"""Processes of one thread that keep to one core, as one machine of many would be used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

HOST = "127.0.0.1"
_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def start(script: str, *words: object, **pipes: Any) -> subprocess.Popen[str]:
    """Start a script that is to compute in one thread; what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, script, *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"XLA_FLAGS": _ONE_THREAD},
        **pipes,
    )


def keep_to_core(number: int) -> None:
    """Let this process run on one core; where there are fewer, some share one."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])

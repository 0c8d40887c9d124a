"""Machine: what the figures were measured on, and with which versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
from footprint import closure


def describe() -> dict[str, object]:
    """Describe processor and system, and how busy they are with other things right now."""
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gigabytes": round(psutil.virtual_memory().total / 1e9, 1),
        "system": _system(),
        "python": platform.python_version(),
        "numpy_blas": _blas(),
        "busy_percent_at_start": psutil.cpu_percent(interval=2.0),
    }


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of distributions and of all that they require."""
    return {name: version(name) for name in sorted(closure(distributions))}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = platform.platform()
    return f"{name}, {platform.machine()}"


def _blas() -> str:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"

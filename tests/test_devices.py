"""Batches shared out over devices: the numbers of one device, on two, four and eight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def told():
    """What a process with eight devices found."""
    paths = [str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-W", "error", HERE / "devices_script.py"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_several_devices_give_the_numbers_of_one(told):
    assert len(told["differences"]) >= 9
    assert {name: found for name, found in told["differences"].items() if found > 1e-10} == {}

"""Batches shared out over devices: the numbers of one device, on two, four and eight."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from glassbrick import XLA, ArgumentError, ArgumentTypeError
from glassbrick.cli.app import app
from glassbrick.engines.xla.placement import shared_out

HERE = Path(__file__).parent


def run(*arguments):
    """Run Python in a process of its own, in which JAX has not started."""
    paths = [str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a process with eight devices found."""
    done = run(HERE / "devices_script.py", tmp_path_factory.mktemp("checkpoints"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_several_devices_give_the_numbers_of_one(told):
    """Of a short last batch, batches of fewer rows than devices, dropout, clipping, weights..."""
    assert len(told["differences"]) >= 8
    assert {name: found for name, found in told["differences"].items() if found > 1e-10} == {}


def test_each_device_gathers_and_computes_its_own_rows_and_gradients_are_added_up(told):
    found = told["collectives"]
    assert all(shape.startswith("f64[4,") for shape in found["gather"])  # 16 rows, 4 devices
    assert len(found["gather"]) == 2
    (added,) = found["all-reduce"]  # all gradients in one
    gradients = ["1,1", "1,6", "1,6", "6,7", "1,7", "7,5"]  # of the weights and biases
    sizes = re.findall(r"f64\[([\d,]*)\]", added)
    assert sorted(map(size_of, sizes)) == sorted([1, *map(size_of, gradients)])
    assert found["all-gather"] == ["f64[12,1]{1,0}"]  # what is predicted of the validation rows
    assert found["all-to-all"] == found["collective-permute"] == found["reduce-scatter"] == []


def size_of(shape):
    """Sizes without those of 1, multiplied."""
    total = 1
    for part in filter(None, shape.split(",")):
        total *= int(part)
    return total


def test_a_training_on_devices_goes_on_where_it_was_bit_for_bit(told):
    assert told["resumed"] is True


def test_trainings_that_are_run_together_are_each_on_all_devices(told):
    assert told["together"] == [[True, True], True]


def test_a_training_on_devices_diverges_where_another_does(told):
    on_one, on_four = told["diverged"]
    assert on_one == on_four


def test_engines_on_devices_can_be_copied_and_told(told):
    copies = told["copies"]
    assert copies["devices"] == [True, True]
    *others, chosen = copies["reprs"]
    assert others == ["XLA()", "XLA(devices=3)", "XLA(devices='all')"]
    assert "id=5" in chosen
    assert copies["reasons"] == ["as asked for, on 2 devices"] * 2
    assert copies["all"] == 8
    assert repr(pickle.loads(pickle.dumps(XLA(devices=3)))) == "XLA(devices=3)"


def test_more_devices_than_there_are_are_refused_with_what_to_do(told):
    too_many, number, text = told["refusals"]
    assert "expected no more than there are, 8 (cpu); received 9" in too_many
    assert 'jax.config.update("jax_num_cpu_devices", 9)' in too_many
    assert "--xla_force_host_platform_device_count=9" in too_many
    assert "received 3 (int)" in number
    assert "received 'cpu' (str)" in text


def test_rows_are_put_where_they_are_computed_if_the_devices_divide_them(told):
    first, second, undivided = told["placed"]
    assert first == [[2, 3]] * 4
    assert second == [[2, 3, 3]] * 4
    assert undivided == [[7, 3]] * 4


@pytest.mark.parametrize("owners", [[1], [1, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0]])
def test_devices_are_in_the_order_of_their_processes(owners):
    devices = [SimpleNamespace(process_index=owner, id=n) for n, owner in enumerate(owners)]
    found = shared_out(devices, 1, 2)
    assert [device.process_index for device in found] == sorted(owners)
    for owner in set(owners):  # and else as they were
        own = [device.id for device in found if device.process_index == owner]
        assert own == sorted(own)
    assert len(found) == len(owners)


@pytest.mark.parametrize(
    ("owners", "received"),
    [
        ([0, 0, 1], "2 of process 0, and 1 of process 1"),
        ([0], "1 of process 0, and 0 of process 1"),
        ([0, 0, 0], "3 of process 0, and 0 of process 1"),
    ],
)
def test_devices_are_as_many_of_each_process(owners, received):
    devices = [SimpleNamespace(process_index=owner) for owner in owners]
    with pytest.raises(ArgumentError, match=f"as many devices of each process.*{received}"):
        shared_out(devices, 1, 2)


@pytest.mark.parametrize(
    ("devices", "kind", "received"),
    [
        (0, ArgumentError, "0 (int)"),
        (-1, ArgumentError, "-1 (int)"),
        (True, ArgumentTypeError, "True (bool)"),
        (1.5, ArgumentTypeError, "1.5 (float)"),
        ("many", ArgumentError, "'many' (str)"),
        ((), ArgumentError, "() (tuple)"),
        ([1, 1], ArgumentError, "[1, 1] (list)"),
    ],
)
def test_what_devices_cannot_be(devices, kind, received):
    with pytest.raises(kind, match="XLA, devices: expected") as raised:
        XLA(devices)
    assert f"received {received}" in str(raised.value)


def test_the_command_makes_the_devices_that_it_is_to_use():
    words = "train --devices 3 --epochs 1 --ensemble 1 --layers 4 --no-doctor --json"
    done = run("-m", "glassbrick", *words.split())
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["engine"], told["devices"]) == ("xla", 3)
    assert told["engine_reason"] == "as asked for, on 3 devices"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("--devices 2 --engine numpy", 2, "--devices 2 needs the engine xla"),
        ("--devices 2 --engine auto", 2, "--devices 2 needs the engine xla"),
        ("--devices 0", 2, "--devices"),
    ],
)
def test_the_command_refuses_what_does_not_go_with_devices(words, status, said):
    result = CliRunner().invoke(app, ["train", *words.split()])
    assert result.exit_code == status
    assert said in " ".join(result.output.replace("\u2502", " ").split())

"""Several processes that train together: the numbers of one, and what is said when one is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from glassbrick import XLA, load

HERE = Path(__file__).parent
PATIENCE = 240.0  # seconds, on a machine that has other work; a process that hangs fails the test

if sys.platform == "win32":
    pytest.skip("needs signals", allow_module_level=True)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Processes:
    """Processes of the script, which write their results into a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.running, self.started = [], []

    def begin(self, count, what, **told):
        """Start so many; what is told as a dict is for the process of that number."""
        for old in [*self.folder.glob("result-*"), *self.folder.glob("at-*")]:
            old.unlink()
        common = {"coordinator": f"127.0.0.1:{free_port()}", "processes": count, "what": what}
        script = ["-W", "error", str(HERE / "distributed_script.py")]
        programs = []
        for number in range(count):
            mine = {k: v[number] if isinstance(v, dict) else v for k, v in told.items()}
            mine |= common | {"process": number, "folder": str(self.folder)}
            programs.append([*script, json.dumps(mine)])
        return self.launch(programs)

    def command(self, *arguments):
        """Start two that train by the command; an argument in a tuple is for one of them."""
        found = f"--coordinator=127.0.0.1:{free_port()} --processes=2".split()
        return self.launch(
            [
                ["-m", "glassbrick", "train", *found, f"--process={number}"]
                + [part[number] if isinstance(part, tuple) else part for part in arguments]
                for number in range(2)
            ]
        )

    def launch(self, programs):
        paths = [str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")]
        own = {
            "PYTHONPATH": os.pathsep.join(paths),
            "JAX_PLATFORMS": "cpu",
            # What was compiled by those that were lost is not compiled again.
            "JAX_COMPILATION_CACHE_DIR": str(self.folder / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        self.running = []
        for program in programs:
            one = subprocess.Popen(
                [sys.executable, *program],
                env=os.environ | own | {"COLUMNS": "80", "NO_COLOR": "1"},
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self.running.append(one)
            self.started.append(one)
        return self

    def wait_until(self, number, epoch):
        """Wait until a process has done so many epochs."""
        place, deadline = self.folder / f"at-{number}", time.monotonic() + PATIENCE
        while not (place.exists() and place.read_text() == str(epoch)):
            assert time.monotonic() < deadline
            assert self.running[number].poll() is None, self.running[number].stderr.read()
            time.sleep(0.02)

    def kill(self, number, how=signal.SIGKILL):
        self.running[number].send_signal(how)

    def results(self, *, lost=()):
        """Wait for all but those that are lost; return what each found, and what it printed."""
        self.printed = [
            None if number in lost else one.communicate(timeout=PATIENCE)
            for number, one in enumerate(self.running)
        ]
        found = []
        for number in range(len(self.running)):
            place = self.folder / f"result-{number}.json"
            found.append(json.loads(place.read_text()) if place.exists() else None)
        return found

    def statuses(self):
        return [one.poll() for one in self.running]

    def end(self):
        for one in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.communicate()


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    started.end()


def difference(first, second):
    """The largest norm-wise difference between two lists of arrays."""
    pairs = zip(first, second, strict=True)
    norms = [(np.linalg.norm(np.subtract(a, b)), np.linalg.norm(a)) for a, b in pairs]
    return max(apart / max(size, 1e-3) for apart, size in norms)


REFUSED = [
    "batch_size is 4 in process 0, and 5 in process 1",
    "seed is 0 in process 0, and 1 in process 1",
    "the order of the rows has other numbers",
    "the first parameters is ",
    "epochs is 2 in process 0, and 3 in process 1",
    "eval_every is 2 in process 0, and 3 in process 1",
    "stopping, patience is 2 in process 0, and 3 in process 1",
    'metrics is [] in process 0, and ["mae"] in process 1',
    "restore_best is true in process 0, and false in process 1",
    'callbacks is ["EarlyStopping"] in process 0, and [] in process 1',
    "callback 1, rule, patience is 1 in process 0, and 2 in process 1",
    "has no Checkpoint, and process 0 has one. Give it in all; only the first writes.",
    "process 0 on ",  # has none
]


def test_four_processes_give_the_numbers_of_one(processes, capfd):
    from distributed_script import everything, streamed

    found = processes.begin(4, "same numbers").results()
    assert processes.statuses() == [0] * 4, processes.printed
    for name, train in (("everything", everything), ("streamed", streamed)):
        alone = train(XLA())
        assert difference(alone, found[0][name]) < 1e-10
        assert all(other[name] == found[0][name] for other in found)
    lines = capfd.readouterr().out.splitlines()
    # The first process alone prints and writes.
    assert [out.splitlines() for out, _ in processes.printed] == [lines, [], [], []]
    assert [err for _, err in processes.printed] == [""] * 4
    names = sorted(path.name for path in processes.folder.iterdir())
    found_names = [name for name in names if not name.startswith(("result", "compiled"))]
    assert found_names == ["kept", "log-0.csv"]
    assert [other["stopped"] for other in found] == [[3, "enough"]] * 4
    assert all(other["refused"] == found[0]["refused"] for other in found)
    parts = zip(REFUSED, found[0]["refused"], strict=True)
    assert [why for why, said in parts if not ("process 1" in said and why in said)] == []
    (alone, placed), *others = [other["devices"] for other in found]
    assert alone == 1
    for refused, placed_there in others:
        assert "XLA, devices: expected as many devices of each process" in refused
        assert "received 1 of process 0, and 0 of process 1." in refused
        assert placed_there == placed


def test_a_run_goes_on_to_the_bit_after_each_kind_of_loss(processes):
    from distributed_script import slow

    def lost(result, number, why):
        assert result["error"] == "LostProcessError"
        assert f"process {number} of 2" in result["message"]
        assert why in result["message"]
        assert f"checkpoint in {processes.folder / 'kept'}" in result["message"]

    # A disk that is full when process 0 writes a checkpoint.
    acts = {"act": {0: "fill the disk", 1: None}, "after": {0: [2], 1: []}}
    first, second = processes.begin(2, "go on", **acts).results()
    assert first["error"] == "FileError"
    assert "kept" in first["message"]
    lost(second, 0, "it ended with FileError")
    assert processes.statuses() == [1, 1]

    # A file that one process cannot read.
    acts = {"act": {0: None, 1: "fail to read"}, "after": {0: [], 1: [4]}}
    first, second = processes.begin(2, "go on", **acts).results()
    assert second == {
        "error": "FileError",
        "message": "cannot read part-7.parquet: Input/output error.",
    }
    lost(first, 1, "it ended with FileError: cannot read part-7.parquet: Input/output error.")

    # kill -9 of either.
    for victim, epoch, what in ((1, 6, "go on"), (0, "within 1", "stream")):
        other = 1 - victim
        acts = {"act": {victim: "wait", other: None}, "after": {victim: [epoch], other: []}}
        processes.begin(2, what, **acts).wait_until(victim, epoch)
        processes.kill(victim)
        lost(processes.results()[other], victim, "its connection broke")
        assert sorted(processes.statuses()) == [-signal.SIGKILL, 1]
        if what == "go on":
            shutil.copytree(processes.folder / "kept", processes.folder / "kept-for-one")

    # Ctrl-C in one.
    acts = {"act": {0: None, 1: "interrupt"}, "after": {0: [], 1: [2]}}
    first, second = processes.begin(2, "stream", **acts).results()
    lost(first, 1, "it was interrupted")
    assert "slow" in second

    first, second = processes.begin(2, "stream, and do it all again").results()
    assert first == second
    assert first["slow"] == first["whole"]
    assert first["streamed"] == first["streamed whole"]

    # One process alone goes on from where two were.
    assert difference(slow(XLA(), processes.folder / "kept-for-one"), first["whole"]) < 1e-10
    assert processes.statuses() == [0, 0]


def test_a_straggler_is_waited_for_and_one_that_never_comes_back_is_named(processes):
    acts = {"act": {0: None, 1: "stop"}, "after": {0: [], 1: [3]}}
    processes.begin(2, "go on", **acts).wait_until(1, 3)
    time.sleep(1.5)
    processes.kill(1, signal.SIGCONT)
    first, second = processes.results()
    assert first["slow"] == second["slow"]

    processes.begin(2, "go on for ever", silence=3.0).wait_until(1, True)
    processes.kill(1, signal.SIGSTOP)
    processes.results(lost=[1])
    assert processes.statuses() == [1, None]
    _, said = processes.printed[0]
    assert said.startswith("glassbrick: process 1 of 2 on ")
    assert "was lost: no sign of life for 3 seconds. Start all processes again" in said
    processes.kill(1, signal.SIGCONT)
    processes.results(lost=[0])
    assert processes.statuses() == [1, 1]
    assert "process 1 of 2, this one, " in processes.printed[1][1]


def test_the_command(processes):
    rng = np.random.default_rng(0)
    for year in (2024, 2025):
        rows = "".join(f"{a:.3f},{b:.3f},{a - b:.3f}\n" for a, b in rng.standard_normal((200, 2)))
        (processes.folder / f"{year}.csv").write_text(f"a,b,difference\n{rows}")
    how = ("--target=difference", "--layers=8", "--epochs=3", "--out=m.safetensors")
    processes.command("*.csv", *how).results()
    assert processes.statuses() == [0, 0], processes.printed
    (first, silence), (second, said) = processes.printed
    assert first.startswith("Rows are streamed, and each batch is shared out among 2 processes")
    assert "Epoch 3 of 3" in first
    assert "engine xla in 2 processes" in " ".join(first.split())
    assert silence == second == ""
    assert said.startswith("glassbrick: process 1 of 2 has joined process 0 on ")
    model = load(processes.folder / "m.safetensors")
    assert model.predict({"a": [1.0], "b": [-1.0]}).shape == (1,)
    assert not (processes.folder / "m.safetensors.checkpoint").exists()

    processes.command(("*.csv", "*.parquet"), *how, "--force").results()
    assert processes.statuses() == [1, 1]
    (_, first), (_, second) = processes.printed
    assert "*.parquet" in second
    assert "process 1 of 2 on " in first
    assert "was lost: it ended with FileError: " in first
    assert "*.parquet" in first

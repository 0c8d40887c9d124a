"""The command as a user types it: output, exit status, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glassbrick as gb
from test_chapter import PRINTED, expected_output

ENVIRONMENT = {**os.environ, "COLUMNS": "80", "PYTHONWARNINGS": "error", "NO_COLOR": "1"}


def glassbrick(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "glassbrick", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT | environment,
        check=False,
    )


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chapter")
    return glassbrick("chapter", "--plot", folder / "curves.png"), folder


def test_chapter_prints_the_chapters_lines(chapter):
    run, _ = chapter
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    for hidden_layers in PRINTED:
        assert expected_output(hidden_layers) in run.stdout


def test_chapter_compares_all_21_figures(chapter):
    out = chapter[0].stdout
    assert out.count(" agrees") == 21
    assert "DIFFERS" not in out
    assert out.endswith("21 of 21 figures agree with the chapter\n")
    assert max(map(len, out.splitlines()[:-2])) <= 80


def test_chapter_draws_a_plot(chapter):
    image = (chapter[1] / "curves.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 20_000
    assert [file.name for file in chapter[1].iterdir()] == ["curves.png"]  # nothing half-written


def test_the_plot_shows_the_numbers(boston_split):
    from glassbrick.cli.chapter import _train
    from glassbrick.cli.chapter_models import MODELS
    from glassbrick.cli.chapter_plot import figure_of

    outcomes = [_train(model, "numpy") for model in MODELS]
    curves, scatter = figure_of(outcomes).axes
    for line, outcome in zip(curves.lines, outcomes, strict=True):
        assert line.get_ydata().tolist() == outcome.history.val_loss
        assert line.get_xdata().tolist() == list(range(1, 51))
    actual = boston_split[3].ravel().tolist()
    for points in scatter.collections:
        assert points.get_offsets()[:, 0].tolist() == actual


def test_a_plot_is_not_overwritten_unless_forced(chapter):
    run, folder = chapter
    file = folder / "curves.png"
    before = file.stat().st_mtime_ns
    run = glassbrick("chapter", "--plot", file)
    assert run.returncode == 1
    assert "is there already. Give another name, or --force." in run.stderr
    assert "Validation" not in run.stdout  # refused before the work
    assert file.stat().st_mtime_ns == before
    assert glassbrick("chapter", "--plot", file, "--force").returncode == 0
    assert file.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("curves.docx", "ends in '.docx'"),
        ("no/curves.png", "there is no folder"),
        ("", "has no ending"),
        ("n" * 300 + ".png", "cannot write"),
    ],
)
def test_a_plot_that_cannot_be_written_is_refused_at_once(tmp_path, name, complaint):
    run = glassbrick("chapter", "--plot", tmp_path / name)
    assert run.returncode == 1
    assert run.stdout == ""
    assert complaint in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_missing_matplotlib_is_told_with_the_remedy(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    run = glassbrick("chapter", "--plot", tmp_path / "p.png", PYTHONPATH=str(tmp_path))
    assert run.returncode == 1
    assert "pip install 'glassbrick[plot]'" in run.stderr


def test_a_figure_that_differs_is_an_exit_status(monkeypatch, capsys):
    from dataclasses import replace

    from glassbrick.cli import chapter

    wrong = replace(chapter.MODELS[0], mae="3.51")
    monkeypatch.setattr(chapter, "MODELS", (wrong, *chapter.MODELS[1:]))
    assert chapter.run(None, force=False, engine="numpy") == 1
    out = capsys.readouterr().out
    assert out.count("DIFFERS") == 1
    assert "20 of 21 figures agree" in out


def test_an_interrupted_chapter_stops(monkeypatch, capsys):
    from glassbrick.cli import chapter

    class Interrupted(chapter.SGD):
        def step(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(chapter, "SGD", Interrupted)
    assert chapter.run(None, force=False, engine="numpy") == 130
    assert "Interrupted in epoch 1" in capsys.readouterr().out


BLOCKS = """
import numpy as np
from glassbrick import Dense, Layer, MeanSquaredError, NeuralNetwork, Operation, ParamOperation
from helper import FACTOR

class Twice(Operation):
    def _output(self):
        return FACTOR * self.input_
    def _input_grad(self, output_grad):
        return {twice} * output_grad

class Scale(ParamOperation):
    def _output(self):
        return self.input_ * self.param
    def _input_grad(self, output_grad):
        return output_grad * self.param
    def _param_grad(self, output_grad):
        return (output_grad * self.input_).sum(axis=0, keepdims=True)

class Leaky(Operation):
    def __init__(self, slope):
        self.slope = slope
    def _output(self):
        return np.where(self.input_ > 0, self.input_, self.slope * self.input_)
    def _input_grad(self, output_grad):
        return np.where(self.input_ > 0, output_grad, self.slope * output_grad)

class Abstract(Operation):
    pass

class Mine(MeanSquaredError):
    pass

class Thin(Dense):
    pass

{example}
net = NeuralNetwork([Dense(3), Dense(1, "linear")], MeanSquaredError())
"""


@pytest.fixture
def blocks(tmp_path):
    def write(twice="2.0", example="example = Leaky(0.1)"):
        (tmp_path / "helper.py").write_text("FACTOR = 2.0\n")
        file = tmp_path / "my_blocks.py"
        file.write_text(BLOCKS.format(twice=twice, example=example))
        return file

    return write


def test_check_finds_and_passes_all_blocks(blocks):
    run = glassbrick("check", blocks())
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("6 of 6 blocks have right gradients\n")
    for subject in ("Twice()", "Scale((1, 4))", "example = Leaky()", "Mine()", "Thin(3", "net = "):
        assert subject in run.stdout
    assert "Abstract" not in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_check_names_what_is_wrong(blocks):
    run = glassbrick("check", blocks(twice="1.0"))
    assert run.returncode == 1
    assert "Twice(): 1 of 1 gradient wrong" in run.stdout
    assert "twice.input_grad: at [" in run.stdout
    assert "5 of 6 blocks have right gradients" in run.stdout


def test_check_says_what_it_could_not_make(blocks):
    run = glassbrick("check", blocks(example=""))
    assert run.returncode == 1
    assert "Leaky was not checked" in run.stdout
    assert "example = Leaky(...)" in " ".join(run.stdout.split())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("x = (", "blocks.py, line 1: "),
        ("\nraise ValueError('no')", "blocks.py, line 2: ValueError: no"),
        ("import nothing_like_it", "ModuleNotFoundError"),
        ("x = 1", "found no Operation, Layer, Loss or NeuralNetwork"),
        ("from glassbrick import Sigmoid", "found no Operation"),
        ("raise SystemExit(3)", "line 1: SystemExit: 3"),
    ],
)
def test_check_refuses_files_without_blocks(tmp_path, source, complaint):
    file = tmp_path / "blocks.py"
    file.write_text(source)
    run = glassbrick("check", file)
    assert run.returncode == 1
    assert complaint in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_check_refuses_what_is_no_file(tmp_path):
    assert "No such file" in glassbrick("check", tmp_path / "none.py").stderr
    assert "Is a directory" in glassbrick("check", tmp_path).stderr
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "null bytes" in glassbrick("check", binary).stderr
    binary.write_bytes(b"x = '\xff'")
    assert "utf-8" in glassbrick("check", binary).stderr


def test_check_reads_files_as_python_does(tmp_path):
    block = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from glassbrick import Sigmoid\n"
        "@dataclass\n"
        "class Settings:\n"
        "    name: str = '\u00e9'\n"
        "class Mine(Sigmoid):\n"
        "    pass\n"
    )
    for encoding, cookie in (("utf-8-sig", ""), ("latin-1", "# -*- coding: latin-1 -*-\n")):
        file = tmp_path / "blocks.py"
        file.write_bytes((cookie + block).encode(encoding))
        run = glassbrick("check", file)
        assert run.returncode == 0, run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["blocks.py"]


def test_check_refuses_a_tolerance_that_nothing_passes(blocks):
    run = glassbrick("check", blocks(), "--tolerance", "-1")
    assert run.returncode == 1
    assert run.stderr.startswith("glassbrick: --tolerance: expected a finite number greater than 0")


def test_a_users_file_leaves_the_search_path_as_it_was(tmp_path):
    from glassbrick.cli.user_module import load_module

    before = sys.path.copy()
    (tmp_path / "beside.py").write_text("VALUE = 3")
    (tmp_path / "mine.py").write_text("from beside import VALUE")
    assert load_module(tmp_path / "mine.py").VALUE == 3
    assert sys.path == before


def test_check_goes_on_after_a_block_that_cannot_be_checked(tmp_path):
    file = tmp_path / "blocks.py"
    file.write_text(
        "import numpy as np\n"
        "from glassbrick import Loss, Sigmoid\n"
        "class Asserts(Loss):\n"
        "    def _output(self):\n"
        "        assert self.target.min() > 5, 'targets are large'\n"
        "        return 1.0\n"
        "    def _input_grad(self):\n"
        "        return self.prediction\n"
        "class ManyNumbers(Loss):\n"
        "    def _output(self):\n"
        "        return self.prediction\n"
        "    def _input_grad(self):\n"
        "        return self.prediction\n"
        "class Open(Sigmoid):\n"
        "    def __init__(self):\n"
        f"        self.file = open({str(file)!r})\n"
        "class Last(Sigmoid):\n"
        "    pass\n"
    )
    run = glassbrick("check", file, PYTHONWARNINGS="ignore")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "Asserts was not checked" in run.stdout
    assert "ManyNumbers was not checked" in run.stdout
    assert "Open was not checked: TypeError" in run.stdout
    assert "Last(): 1 gradient right" in run.stdout
    assert "1 of 4 blocks" in run.stdout


def test_output_that_cannot_be_written_is_one_line():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            [sys.executable, "-m", "glassbrick", "chapter"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            check=False,
        )
    assert run.returncode == 1
    assert run.stderr == "glassbrick: cannot print: No space left on device\n"


@pytest.mark.parametrize("arguments", [["no-such"], ["chapter", "--no"], ["check"]])
def test_usage_errors_have_exit_status_2(arguments):
    run = glassbrick(*arguments)
    assert run.returncode == 2
    assert "Usage: glassbrick" in run.stderr


def test_help_and_version():
    import glassbrick as package

    assert glassbrick("--version").stdout == f"glassbrick {package.__version__}\n"
    for arguments in (["--help"], ["-h"], ["chapter", "--help"], ["check", "-h"]):
        run = glassbrick(*arguments)
        assert run.returncode == 0
        assert max(map(len, run.stdout.splitlines())) <= 80


def test_the_command_is_the_module():
    command = Path(sys.executable).parent / "glassbrick"
    if not command.exists():
        pytest.skip("installed without its command")
    run = subprocess.run(
        [command, "--version"], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    assert run.stdout == glassbrick("--version").stdout


def test_a_reader_that_goes_away_is_no_crash():
    run = subprocess.run(
        f"{sys.executable} -m glassbrick chapter | head -n 2",
        shell=True,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert "Traceback" not in run.stderr
    assert len(run.stdout.splitlines()) == 2


@pytest.mark.parametrize("engine", ["xla", "auto"])
def test_chapter_on_other_engines(engine):
    run = glassbrick("chapter", "--engine", engine)
    assert run.returncode == 0
    assert run.stdout.endswith("21 of 21 figures agree with the chapter\n")
    assert run.stderr == ""


def test_an_unknown_engine_is_a_usage_error():
    run = glassbrick("chapter", "--engine", "steam")
    assert run.returncode == 2
    assert "numpy" in run.stderr


# show and export.


@pytest.fixture
def model(tmp_path):
    net = gb.NeuralNetwork([gb.Dense(4, "tanh"), gb.Dense(1, "linear")], gb.Huber(), rng=3)
    net.build(3)
    net.save(tmp_path / "net.safetensors")
    return net, tmp_path / "net.safetensors"


def test_show(model):
    _, path = model
    run = glassbrick("show", path, COLUMNS="80")
    assert run.returncode == 0
    assert "dense_1" in run.stdout
    assert "Loss: Huber(delta=1)" in run.stdout
    assert "Random numbers: rng=3" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_show_for_machines(model):
    told = json.loads(glassbrick("show", model[1], "--json").stdout)
    assert told["parameters"] == 4 * 3 + 4 + 4 + 1
    assert told["kind"] == "network"
    assert told["arrays"]["dense_1.weight_multiply.param"]["shape"] == [3, 4]


def test_show_a_network_without_parameters(tmp_path):
    net = gb.NeuralNetwork([gb.Dense(1)], gb.MeanSquaredError(), rng=3)
    net.save(tmp_path / "net")
    run = glassbrick("show", tmp_path / "net")
    assert "It has no parameters yet." in run.stdout
    assert json.loads(glassbrick("show", tmp_path / "net", "--json").stdout)["parameters"] == 0


def test_export(model, tmp_path):
    net, path = model
    onnx, python = tmp_path / "net.onnx", tmp_path / "net.py"
    run = glassbrick("export", path, "--onnx", onnx, "--python", python)
    assert run.returncode == 0
    assert f"ONNX model written to {onnx}" in run.stdout
    assert onnx.stat().st_size > 100
    names = {}
    exec(python.read_text(), names)
    rows = np.ones((2, 3))
    assert np.array_equal(names["predict"](rows), net.predict(rows))
    again = glassbrick("export", path, "--onnx", onnx)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert glassbrick("export", path, "--onnx", onnx, "--force").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["show"], 2, "Missing argument"),
        (["show", "none"], 1, "No such file"),
        (["show", "."], 1, "directory"),
        (["show", __file__], 1, "damaged, or not a file of Glassbrick's"),
        (["export", "MODEL"], 2, "--onnx FILE or --python FILE"),
        (["export", "none", "--onnx", "x"], 1, "No such file"),
        (["export", "MODEL", "--onnx", "no/x"], 1, "there is no folder"),
        (["export", "MODEL", "--onnx"], 2, "requires an argument"),
        (["export", "MODEL", "--pickle", "x"], 2, "No such option"),
    ],
)
def test_bad_uses_of_model_files(arguments, status, words, model, tmp_path):
    given = [str(model[1]) if word == "MODEL" else word for word in arguments]
    run = glassbrick(*given, cwd=tmp_path)
    assert run.returncode == status
    assert words in run.stderr
    assert "Traceback" not in run.stderr

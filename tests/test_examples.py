"""The examples on real data run on both engines, and print what is believable."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example as a command; return what it prints."""
    pytest.importorskip("sklearn")

    def run_with(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run_with


def number_after(words, printed):
    """Return the number that stands behind some words in the last line."""
    return float(re.search(rf"{words} (\d+\.\d+)", printed.splitlines()[-1])[1])


@pytest.mark.parametrize("network", ["plain", "residual"])
def test_digits(run, engine, network, tmp_path):
    picture = tmp_path / "digits.png"
    few = ["--network", network, "--engine", engine, "--seeds", "0", "--epochs", "8"]
    assert 0.93 < number_after("mean accuracy", run("digits", *few, "--plot", str(picture))) <= 1.0
    assert picture.stat().st_size > 10_000


def test_breast_cancer(run, engine, tmp_path):
    picture = tmp_path / "breast_cancer.png"
    few = ["--engine", engine, "--seeds", "0", "--epochs", "20"]
    printed = run("breast_cancer", *few, "--plot", str(picture))
    assert 0.93 < number_after("mean accuracy", printed) <= 1.0
    assert 0.97 < number_after("ROC AUC", printed) <= 1.0
    assert 0.0 <= number_after("calibration error", printed) < 0.1
    assert picture.stat().st_size > 10_000


def test_diabetes(run, engine, tmp_path):
    picture = tmp_path / "diabetes.png"
    few = ["--engine", engine, "--seeds", "0", "--epochs", "30"]
    printed = run("diabetes", *few, "--plot", str(picture))
    ridge = number_after("of Ridge", printed)
    assert 45.0 < ridge < 65.0
    assert number_after("squared error", printed) < 1.05 * ridge
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("missing", ["sklearn", "matplotlib"])
@pytest.mark.parametrize("name", [path.stem for path in sorted(EXAMPLES.glob("*.py"))])
def test_what_is_missing_is_told(run, monkeypatch, name, missing):
    for module in list(sys.modules):
        if module.split(".")[0] == missing:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit, match="pip install matplotlib scikit-learn"):
        run(name)

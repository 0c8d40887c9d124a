"""The code in the documentation runs, and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]


def run_blocks(page):
    """Run the Python blocks of a page as one program; pair what was printed with what is shown."""
    text = page.read_text(encoding="utf-8")
    names = {"__name__": page.stem}
    pairs = []
    for match in re.finditer(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", text, re.DOTALL):
        lines_before = "\n" * text.count("\n", 0, match.start(1))  # so that errors tell the line
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(lines_before + match[1], str(page), "exec"), names)
        pairs.append((printed.getvalue(), match[2] or ""))
    return pairs


def test_the_page_on_files_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    run_blocks(ROOT / "docs" / "model-file.md")
    assert {path.name for path in tmp_path.iterdir()} == {
        "boston-checkpoints",
        "boston.safetensors",
        "iris.safetensors",
        "scaled.safetensors",
    }


def test_the_page_on_watching_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("glassbrick.training.callbacks.watch._GONE", 0.1)
    ((printed, _),) = run_blocks(ROOT / "docs" / "watch.md")
    assert printed == ""
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


def test_the_page_on_writing_blocks_runs_as_it_says():
    pairs = run_blocks(ROOT / "docs" / "write-your-own-block.md")
    assert len(pairs) >= 9
    for printed, shown in pairs:
        assert printed == shown


def test_the_page_on_explaining_a_step_runs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = run_blocks(ROOT / "docs" / "explain.md")
    assert len(pairs) == 5
    for printed, shown in pairs:
        assert printed == shown
    assert (tmp_path / "step.html").stat().st_size > 10_000


def test_the_page_on_scikit_learn_runs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with np.errstate(all="warn"):  # as scikit-learn, which is compared with, needs it
        pairs = run_blocks(ROOT / "docs" / "scikit-learn.md")
    assert len(pairs) == 6
    for printed, shown in pairs:
        assert printed == shown


def test_the_page_on_the_doctor_runs_as_it_says():
    pairs = run_blocks(ROOT / "docs" / "doctor.md")
    assert len(pairs) == 3
    for printed, shown in pairs:
        assert masked(printed) == masked(shown)


def test_the_page_on_plots_runs_as_it_says(tmp_path, monkeypatch):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    pyplot.close("all")
    with np.errstate(all="warn"):  # as scikit-learn needs it
        pairs = run_blocks(ROOT / "docs" / "plots.md")
    assert len(pyplot.get_fignums()) == 10  # one for each picture, but for those in "both.png"
    pyplot.close("all")
    assert (tmp_path / "both.png").stat().st_size > 20_000
    assert len(pairs) == 7
    for printed, shown in pairs:
        assert masked(printed) == masked(shown)


def masked(text):
    """Put dots in the place of what differs from run to run, and from machine to machine."""
    text = " ".join(text.split())  # for a longer time may break lines elsewhere
    text = re.sub(r"\d+\.\d s\b", "... s", text)
    text = re.sub(r"engine \w+", "engine ...", text)
    text = re.sub(r"after epoch \d+", "after epoch ...", text)
    # Rounding may differ between machines: digits that are told, but not all of them.
    return re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.2g}", text)


def test_the_page_on_tables_shows_what_its_commands_print(tmp_path):
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    shutil.copy(ROOT / "examples" / "penguins.csv", tmp_path)
    command = tmp_path / "bin" / "glassbrick"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m glassbrick "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    shown = re.findall(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", page, re.DOTALL)
    assert len(shown) == 7
    for script, expected in shown:
        run = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, ""), script
        if expected:
            assert masked(run.stdout) == masked(expected), script
    assert {path.name for path in tmp_path.iterdir()} == {
        "bin",
        "mass.html",
        "mass.onnx",
        "mass.safetensors",
        "penguins.csv",
        "predictions.csv",
        "species-checkpoints",
        "species.safetensors",
    }


def test_the_page_on_tables_runs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "penguins.csv", tmp_path)
    pairs = run_blocks(ROOT / "docs" / "tables.md")
    assert len(pairs) == 3
    for printed, shown in pairs:
        assert masked(printed) == masked(shown)


def test_the_page_on_notebooks_runs_and_shows_its_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "notebooks.md"
    run_blocks(page)
    drawn, shown = (
        re.sub(r"glassbrick-\w+-\d+", "id", path.read_text(encoding="utf-8"))
        for path in (tmp_path / "network.svg", page.with_name("network.svg"))
    )
    assert drawn == shown, "copy the picture that the page saves to docs/network.svg"

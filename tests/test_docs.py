"""The code in the documentation runs, and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
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
        "net.onnx",
        "predict.py",
        "scaled.safetensors",
    }


def test_the_page_on_writing_blocks_runs_as_it_says():
    pairs = run_blocks(ROOT / "docs" / "write-your-own-block.md")
    assert len(pairs) >= 9
    for printed, shown in pairs:
        assert printed == shown


def test_the_page_on_scikit_learn_runs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with np.errstate(all="warn"):  # as scikit-learn, which is compared with, needs it
        pairs = run_blocks(ROOT / "docs" / "scikit-learn.md")
    assert len(pairs) == 5
    for printed, shown in pairs:
        assert printed == shown

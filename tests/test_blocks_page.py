"""The page of all blocks is what the docstrings say, and names every public block."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import pytest

import glassbrick

SCRIPT = Path(__file__).parents[1] / "docs" / "make_blocks_page.py"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_blocks_page", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(maker):
    written = maker.PAGE.read_text(encoding="utf-8")
    assert written == maker.page(), "say: make docs"


def test_every_public_block_is_in_one_section(maker):
    page = maker.page()
    bases = (
        *(glassbrick.Operation, glassbrick.Layer, glassbrick.Loss, glassbrick.Optimizer),
        *(glassbrick.Schedule, glassbrick.Callback, glassbrick.Initializer),
    )
    abstract = {*bases, glassbrick.ParamOperation, glassbrick.RowLoss}
    for name, thing in vars(glassbrick).items():
        if inspect.isclass(thing) and issubclass(thing, bases) and thing not in abstract:
            assert page.count(f"| `{name}(") == 1, name
    for name in glassbrick.metrics.METRICS:
        assert page.count(f"| `{name}` |") == 1, name

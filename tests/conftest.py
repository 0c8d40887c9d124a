"""Guards on every test: strict floating point, and NumPy's global random state untouched."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")

# Most of the suite's time, XLA would compile. What is tested is what it is given to compile, so
# that simpler machine code, made in two fifths of the time, will do. With XLA_FLAGS= in the
# environment it makes that of users.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)

# A shell ignores Ctrl-C in what it runs in the background, and its children do, too: tests that
# press it would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def strict_floating_point():
    """Overflow, underflow, division by zero and invalid operations raise."""
    with np.errstate(all="raise"):
        yield


@pytest.fixture(autouse=True)
def global_random_state_is_untouched():
    """Neither read nor changed: a read of the legacy stream would advance it."""
    before = np.random.get_state()
    yield
    after = np.random.get_state()
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1]), "a test's code used NumPy's global random state"
    assert before[2:] == after[2:], "a test's code used NumPy's global random state"


@pytest.fixture(params=["numpy", "xla"])
def engine(request):
    """The name of an engine: what is asked of training holds on each."""
    return request.param


@pytest.fixture
def type_command(monkeypatch, capsys):
    """Type a command; returns exit status, standard output, standard error."""
    from glassbrick.cli import main

    def typed(*arguments, columns=200):
        monkeypatch.setattr(sys, "argv", ["glassbrick", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return typed


@pytest.fixture(scope="session")
def boston_split():
    from glassbrick import datasets

    return datasets.load_boston().chapter_split()


@pytest.fixture
def restored_random_state():
    state, pythons = np.random.get_state(), random.getstate()
    yield
    np.random.set_state(state)
    random.setstate(pythons)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, in which pages are read as users read them."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Chromium: the package chromium of Debian")
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        args = [*quiet, "--no-sandbox", "--disable-component-update", "--no-first-run"]
        running = playwright.chromium.launch(executable_path=program, args=args)
        yield running
        running.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open HTML as a file, without a network; a page that complains fails the test."""
    contexts, complaints = [], []

    def open_(html, **settings):
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []

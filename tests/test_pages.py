"""The built pages are those of the sources, and a page is one file that data cannot break."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from glassbrick import Dense, MeanSquaredError, NeuralNetwork
from glassbrick.pages import page, script
from glassbrick.tape.as_page import page_data

ROOT = Path(__file__).parents[1]
PAGES = ["explain", "watch"]


def sources_hash():
    front = ROOT / "frontend"
    files = [path for path in (front / "src").rglob("*") if path.is_file()]
    files += [front / "build.mjs", front / "package.json"]
    hashed = hashlib.sha256()
    for name in sorted(path.relative_to(front).as_posix() for path in files):
        text = (front / name).read_text(encoding="utf-8")
        hashed.update(f"{name}\n".encode())
        hashed.update(text.encode())
    return hashed.hexdigest()


@pytest.mark.parametrize("name", PAGES)
def test_the_built_page_is_that_of_the_sources(name):
    built = script(name).splitlines()[0]
    assert f"sha256 {sources_hash()}" in built, "run: make pages"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_the_network_for_nothing(name):
    text = page(name, "A page", {"title": "t"})
    assert not re.search(r"""(src|href)=["']?\w""", text)
    assert "@import" not in text
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}  # names of XML


def test_data_cannot_end_their_element():
    nasty = '</script><script>alert("x")</script><!--'
    text = page("explain", nasty, {"title": nasty})
    assert nasty not in text
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data[1]) == {"title": nasty}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_its_data(name, open_page):
    data = {"title": "t"}
    if name == "explain":
        net = NeuralNetwork([Dense(1, inputs=1)], MeanSquaredError(), rng=0)
        data = page_data(net.explain([[1.0]], [[1.0]]))
    opened = open_page(page(name, "A title", data | {"title": "<b>said</b>"}))
    assert opened.title() == "A title"
    assert opened.locator("h1").inner_text() == "<b>said</b>"


def test_data_have_no_numbers_that_json_has_not():
    with pytest.raises(ValueError):
        page("explain", "t", {"value": float("nan")})

"""The documentation is whole: each page has its place, each link its end, each name its entry."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest
import typer

import glassbrick
from glassbrick.cli.app import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.fixture(scope="module")
def part_of_site():
    """Import what builds the site, which is no package."""
    sys.path.insert(0, str(DOCS / "_site"))
    yield importlib.import_module
    sys.path.remove(str(DOCS / "_site"))


@pytest.fixture(scope="module")
def generated_pages(part_of_site):
    return part_of_site("generated_pages")


def test_each_page_has_one_place_in_the_navigation():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL)
    lines = [line for tree in trees for line in tree.splitlines() if line and line[0] != ":"]
    entries = [re.sub(r".*<(.*)>", r"\1", line) for line in lines]
    captions = [word for tree in trees for word in re.findall(r":caption: (\w+)", tree)]
    assert captions == ["Start", "Tasks", "Understand", "Reference", "Project"]
    entries = [entry for entry in entries if entry != "reference/index"]
    assert sorted(entries) == sorted(page.stem for page in PAGES if page.stem != "index")


def anchors_of(page):
    """The anchors that headings of a page have, on the site and on the web view of a repository."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_links_to_parts_of_pages_lead_there(page):
    text = page.read_text(encoding="utf-8")
    for path, anchor in re.findall(r"\]\(([^)#:\s]*\.md)?#([^)]+)\)", text):
        target = page.parent / path if path else page
        assert anchor in anchors_of(target), f"{page.name} links to {path}#{anchor}"


def test_each_public_name_has_one_entry_in_the_reference(generated_pages):
    pages = generated_pages.api_pages()
    entries = [
        f"{module}.{name}"
        for text in pages.values()
        for module, name in re.findall(
            r"^\.\. currentmodule:: (\S+)\n\n\.\. (?:auto\w+|py:data):: (\w+)", text, re.MULTILINE
        )
    ]
    public = {f"glassbrick.{name}": getattr(glassbrick, name) for name in glassbrick.__all__}
    pages_text = "".join(page.read_text(encoding="utf-8") for page in (*PAGES, ROOT / "README.md"))
    modules = set(re.findall(r"^from (glassbrick\.\w+) import", pages_text, re.MULTILINE))
    modules |= {f"glassbrick.{name}" for name in ("displays", "distributed", "streams")}
    modules |= {thing.__name__ for thing in public.values() if inspect.ismodule(thing)}
    for module_name in modules:
        module = importlib.import_module(module_name)
        public |= {f"{module_name}.{name}": getattr(module, name) for name in module.__all__}
    expected = [name for name, thing in public.items() if not inspect.ismodule(thing)]
    assert sorted(entries) == sorted(expected)
    assert len(expected) > 130


def test_a_class_shows_what_it_has_of_its_own(generated_pages):
    pages = generated_pages.api_pages()
    (trainer,) = re.findall(r":: Trainer\n(?:   :\S+:\n)?   :members: (.*)", pages["Training"])
    assert {"fit", "find_lr", "explain", "generate_batches"} <= set(trainer.split(", "))
    assert ":: ReLU\n   :show-inheritance:\n\n" in pages["Operations"]  # all else is Operation's


def test_a_name_of_an_unknown_module_is_refused(generated_pages):
    class Stray:
        pass

    Stray.__module__ = "glassbrick.elsewhere"
    with pytest.raises(LookupError, match="no page of PAGES"):
        generated_pages.page_of("glassbrick.Stray", Stray)


def test_each_command_and_option_is_on_the_page_of_the_command_line(part_of_site):
    page = part_of_site("command_pages").command_line()
    sections = {part.split("\n")[0]: part for part in page.split("\n## ")[1:]}
    commands = typer.main.get_command(app).commands
    assert sorted(sections) == sorted(commands)
    for name, command in commands.items():
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.opts[0] in sections[name], f"{name} {parameter.opts}"


def test_all_formulas_can_be_set(part_of_site):
    mathml = part_of_site("math_in_mathml").mathml
    modules = set((ROOT / "src").rglob("*.py")) - {*(ROOT / "src").rglob("formulas.py")}
    texts = [module.read_text(encoding="utf-8") for module in modules]
    formulas = [f for text in texts for f in re.findall(r":math:`([^`\[]+)`", text)]
    assert len(formulas) > 200
    for formula in formulas:
        assert "<mi>" in mathml(formula), formula


@pytest.mark.parametrize(
    "html",
    [
        '<script async src="https://cdn.example.org/mathjax.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.org/css">',
        "<img alt='' src='http://example.org/badge.svg'>",
        "body { background: url(https://example.org/a.png) }",
    ],
)
def test_what_comes_from_a_server_is_found(part_of_site, html):
    assert part_of_site("nothing_from_outside").FETCHED.search(html)


@pytest.mark.parametrize(
    "html",
    ['<a href="https://arxiv.org/abs/1606.07792">', '<script src="_static/furo.js"></script>'],
)
def test_what_a_reader_follows_may_lead_anywhere(part_of_site, html):
    assert not part_of_site("nothing_from_outside").FETCHED.search(html)

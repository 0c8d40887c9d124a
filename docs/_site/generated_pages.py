"""Writes docs/reference/ before Sphinx reads it: every public name, and every command.

Names are found by themselves: a new one comes to the page of its module, and there is an error
if no page has its module.
"""

from __future__ import annotations

import importlib
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from command_pages import command_line

PUBLIC = (
    "glassbrick",
    "glassbrick.datasets",
    "glassbrick.displays",
    "glassbrick.distributed",
    "glassbrick.sklearn",
    "glassbrick.streams",
)
"""The modules whose `__all__` is the API."""

PAGES: dict[str, tuple[str, str]] = {
    "Networks": ("What is trained, how it is told and kept.", "network summary diagram loading"),
    "Layers": ("What networks are made of.", "layers"),
    "Operations": ("What layers are made of: a rule forward, a rule backward.", "operations"),
    "Losses": ("What training makes small.", "losses"),
    "Initializers": ("How parameters start.", "initializers"),
    "Optimizers": ("How gradients change parameters.", "optimizers"),
    "Schedules": ("How the learning rate changes.", "schedules"),
    "Training": ("A network, an optimizer and data, brought together.", "training engines"),
    "Populations": ("Many networks of one recipe, compared.", "population"),
    "Machines": ("Several processes that train one network.", "distributed"),
    "Callbacks": ("What looks on while a network trains.", "training.callbacks"),
    "Metrics": ("How predictions are judged.", "metrics"),
    "The view inside": (
        "Every number of a step, the proof of gradients and engines, the doctor.",
        "tape glass numeric doctor",
    ),
    "Displays": ("Pictures; `from glassbrick import displays`.", "displays"),
    "scikit-learn": ("Estimators; `from glassbrick.sklearn import ...`.", "sklearn"),
    "Data": (
        "Data sets, arrays, streams and random numbers.",
        "datasets arrays batches stream streams noise randomness",
    ),
    "Errors": ("All are a `GlassbrickError`; each says what to do.", "errors checks"),
}
"""Title of a page: what it says first, and the modules whose names it tells."""

ALIASES = {
    "Array": "What annotations call NumPy's arrays, of any shape and dtype.",
    "RandomSource": "A NumPy `Generator` or `RandomState`: what an initializer draws from.",
}
"""Names of types, which have no docstring of their own."""

FOLDER = Path(__file__).parents[1] / "reference"


def setup(app: Any) -> dict[str, Any]:
    """Write the pages before others are read."""
    app.connect("config-inited", lambda *_: write(FOLDER))
    app.connect("autodoc-process-bases", _public_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _public_bases(_app: Any, _name: str, _kind: type, _options: Any, bases: list[Any]) -> None:
    """Leave out the bases that are nobody's business, and call the others as users do."""
    names = {id(thing): name for name, thing in public_names().items()}
    bases[:] = [f":py:class:`~{names[id(base)]}`" for base in bases if id(base) in names]


def write(folder: Path) -> None:
    """Write all pages anew; those that say the same keep their time, so that Sphinx rests."""
    pages = {f"{file_name(title)}.rst": text for title, text in api_pages().items()}
    pages |= {"index.rst": index(), "command-line.md": command_line()}
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def public_names() -> dict[str, object]:
    """Return all that is public, by its full name."""
    found = {}
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        found |= {f"{module_name}.{name}": getattr(module, name) for name in module.__all__}
    return {name: thing for name, thing in found.items() if not isinstance(thing, ModuleType)}


def api_pages() -> dict[str, str]:
    """Return the pages of the API, by title."""
    names: dict[str, list[str]] = {title: [] for title in PAGES}
    for name, thing in public_names().items():
        names[page_of(name, thing)].append(name)
    return {title: "\n".join(_page(title, names[title])) for title in PAGES}


def page_of(name: str, thing: object) -> str:
    """Return the title of the page that a name belongs to."""
    module = getattr(thing, "__module__", "")
    if not module.startswith("glassbrick."):
        module = "glassbrick.arrays"  # the only name of a type: Array
    inner = module.removeprefix("glassbrick.") + "."
    fitting = {
        len(part): title
        for title, (_, parts) in PAGES.items()
        for part in parts.split()
        if inner.startswith(f"{part}.")
    }
    if not fitting:
        raise LookupError(f"no page of PAGES in {__file__} has {name} of {module}")
    return fitting[max(fitting)]


def index() -> str:
    """Return the first page, which lists the others."""
    lines = [*_title("Reference"), "All public names, in the words of their docstrings.", ""]
    lines += ["`help(gb.Dense)` tells the same in Python. [source] leads to the code.", ""]
    for title, (told, _) in PAGES.items():
        lines += [f":doc:`{title} <{file_name(title)}>`", f"    {told}", ""]
    lines += [":doc:`The command line <command-line>`", "    All commands and options.", ""]
    files = [file_name(title) for title in PAGES]
    return "\n".join([*lines, *_toctree(*files, "command-line")])


def file_name(title: str) -> str:
    """Return the name of a page's file, without its ending."""
    return title.lower().replace(" ", "-")


def _page(title: str, names: list[str]) -> Iterator[str]:
    yield from [*_title(title), PAGES[title][0], ""]
    for name in sorted(names, key=_by_kind):
        module, _, short = name.rpartition(".")
        yield from [short, "-" * len(short), "", f".. currentmodule:: {module}", ""]
        yield from _directive(short, public_names()[name])
        yield ""


def _by_kind(name: str) -> tuple[bool, str]:
    """Classes that others inherit from come first."""
    thing = public_names()[name]
    own = [base for base in public_names().values() if inspect.isclass(base)]
    is_base = inspect.isclass(thing) and any(
        issubclass(other, thing) and other is not thing for other in own
    )
    return not is_base, name.lower()


def _directive(short: str, thing: object) -> Iterator[str]:
    if not inspect.isclass(thing):
        if inspect.isroutine(thing):
            yield f".. autofunction:: {short}"
        else:
            yield from [f".. py:data:: {short}", "", "   " + ALIASES[short]]
        return
    yield f".. autoclass:: {short}"
    if any(base in public_names().values() for base in thing.__bases__):
        yield "   :show-inheritance:"
    members = list(_members(thing))
    if members:
        yield f"   :members: {', '.join(members)}"


def _members(kind: type) -> Iterator[str]:
    """Name what a class has that no public base of it has: its own, and that of its mix-ins."""
    public = [base for base in public_names().values() if inspect.isclass(base)]
    bases = [base for base in public if base in kind.__mro__[1:]]
    told = {name for base in bases for above in base.__mro__ for name in vars(above)}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("glassbrick"):
            continue
        for name, member in vars(base).items():
            is_ours = callable(member) or isinstance(member, property | classmethod | staticmethod)
            documented = is_ours and bool(inspect.getdoc(getattr(kind, name, None)))
            if not name.startswith("_") and documented and (name not in told or base is kind):
                told.add(name)
                yield name


def _title(title: str) -> list[str]:
    return [title, "=" * len(title), ""]


def _toctree(*pages: str) -> list[str]:
    return [".. toctree::", "   :hidden:", "", *(f"   {page}" for page in pages), ""]

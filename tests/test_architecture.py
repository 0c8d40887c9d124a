"""The house keeps its order: imports point one way, files stay small, the surface is as told."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import glassbrick

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "glassbrick"
MODULES = sorted(SOURCE.rglob("*.py"))

# Data flows down this list, and imports point only up it.
FLOORS = [
    "errors",
    "checks",
    "arrays",
    "names",
    "files",
    "pages",
    "svg",
    "drawing",
    "modes",
    "quiet",
    "memory",
    "rollback",
    "blocks",
    "randomness",
    "noise",
    "batches",
    "row_weights",
    "order",
    "stream",
    "operations",
    "initializers",
    "penalties",
    "layers",
    "losses",
    "numeric",
    "tape",
    "summary",
    "diagram",
    "export",
    "recipes",
    "network_file",
    "network",
    "schedules",
    "optimizers",
    "metrics",
    "jax_import",
    "distributed",
    "engines",
    "doctor",
    "training",
    "population",
    "datasets",
    "tables",
    "streams",
    "sklearn",
    "loading",
    "displays",
    "glass",
    "cli",
]


def floor_of(name):
    """The floor of a module name such as "glassbrick.training.run"; None for the package."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else None


def runtime_imports(path):
    """Modules of ours that a file imports, but for those that only a type checker reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            yield node.module or ""
        if isinstance(node, ast.Import) and id(node) not in for_types:
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_up_the_list(path):
    here = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if here in ("__init__", "__main__"):
        return
    for module in runtime_imports(path):
        if module.startswith("glassbrick."):
            there = floor_of(module)
            assert FLOORS.index(there) <= FLOORS.index(here), f"{here} imports {there}"


def test_every_module_has_a_floor():
    names = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in MODULES}
    assert names - {"__init__", "__main__"} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_say_what_they_are_and_stay_small(path):
    text = path.read_text(encoding="utf-8")
    first = ast.get_docstring(ast.parse(text)).splitlines()[0]
    assert first.endswith(".")
    code = [line for line in text.splitlines() if line.strip()]
    assert len(code) <= 330
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    for function in functions:
        body = function.body
        is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        start = body[1].lineno if is_docstring and len(body) > 1 else function.lineno
        assert function.end_lineno - start <= 45, f"{function.name} is long"


def test_the_public_names():
    exported = [name for name in vars(glassbrick) if not name.startswith("_")]
    modules = {name for name in exported if inspect.ismodule(getattr(glassbrick, name))}
    assert set(glassbrick.__all__) == (set(exported) - modules) | {"datasets"}
    assert list(glassbrick.__all__) == sorted(glassbrick.__all__, key=_isort_key)


def _isort_key(name):
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


CHAPTER_SURFACE = {
    "Operation": "forward backward _output _input_grad",
    "ParamOperation": "_param_grad",
    "Layer": "forward backward _setup_layer params param_grads operations",
    "Loss": "forward backward _output _input_grad",
    "NeuralNetwork": "forward backward train_batch params param_grads",
    "Optimizer": "step net",
    "Trainer": "generate_batches fit best_loss",
}


@pytest.mark.parametrize("name", CHAPTER_SURFACE)
def test_the_chapters_surface_is_there(name):
    for attribute in CHAPTER_SURFACE[name].split():
        assert hasattr(getattr(glassbrick, name), attribute)


SIGNATURES = {
    "NeuralNetwork": "layers, loss, seed=1",
    "Dense": "neurons, activation=None",
    "SGD": "lr=0.01",
    "Trainer": "net, optim",
    "Trainer.fit": "self, X_train, y_train=None, X_test=None, y_test=None, epochs=100, "
    "eval_every=10, batch_size=32, seed=1, restart=True",
    "Trainer.generate_batches": "self, X, y, size=32",
    "WeightMultiply": "W",
    "BiasAdd": "B",
    "mae": "y_true, y_pred",
    "rmse": "y_true, y_pred",
    "eval_regression_model": "model, X_test, y_test",
    "to_2d_np": "a, type='col'",
    "permute_data": "X, y",
    "assert_same_shape": "array, array_grad",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_chapters_signatures_are_kept(name):
    target = glassbrick
    for part in name.split("."):
        target = getattr(target, part)
    parameters = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in inspect.signature(target).parameters.values()
        if p.kind not in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    ]
    assert ", ".join(map(str, parameters)) == SIGNATURES[name]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_all_names_what_a_module_defines(path):
    if path.name.startswith("__"):
        return
    defined = set()
    names = None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = {name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)}
            defined |= found
            if "__all__" in found:
                names = ast.literal_eval(node.value)
    assert names is not None
    assert set(names) == {name for name in defined if not name.startswith("_")}


def test_import_is_light():
    code = (
        "import sys, glassbrick\n"
        "heavy = {'rich', 'typer', 'matplotlib', 'safetensors', 'jax', 'torch', 'scipy',"
        " 'sklearn', 'pyarrow', 'polars'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_versions_agree():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert version("glassbrick") == glassbrick.__version__
    assert "## [Unreleased]" in changelog
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, flags=re.MULTILINE)
    assert not released or released[0] == glassbrick.__version__


def test_the_package_is_typed():
    assert (SOURCE / "py.typed").exists()


def test_readme_code_runs(capsys):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    out = capsys.readouterr().out
    (shown,) = re.findall(r"```text\n(.*?)```", readme, flags=re.DOTALL)
    assert out == shown


def test_documentation_links_lead_somewhere():
    pages = [page for folder in (".", "docs", "examples") for page in (ROOT / folder).glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name} links to {link}"

"""`glassbrick show`: what a model file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassbrick.cli.outputs import require_ending, require_room
from glassbrick.files import Contents, read_sealed
from glassbrick.loading import load
from glassbrick.network import NeuralNetwork

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run"]

_MOST = 20  # names in a line


def run(file: Path, as_json: bool, diagram: Path | None = None, force: bool = False) -> int:
    """Print what a file holds, and draw it; return the exit status."""
    from rich.console import Console

    if diagram is not None:
        require_ending(diagram, "--diagram", [".svg"])
        require_room(diagram, "--diagram", force)
    model = load(file)
    contents = read_sealed(file, "show")
    # An estimator tells its networks first, then those that are parameters of it.
    networks = [model] if isinstance(model, NeuralNetwork) else model._networks()
    if diagram is not None:
        names = _column_names(model, networks[0], contents.description)
        networks[0].diagram(**names).save(diagram, overwrite=force)
    if as_json:
        print(json.dumps(_told(contents, networks, file), indent=2))  # noqa: T201
        return 0
    console = Console(highlight=False)
    told = contents.description
    if not isinstance(model, NeuralNetwork):
        _show_estimator(model, told, console)
    _show_network(networks[0], console)
    if len(networks) > 1:
        console.print(f"This is the first of {len(networks)} networks.")
    console.print(f"Made with: {_versions(told.get('made_with'))}", markup=False)
    if diagram is not None:
        console.print(f"Diagram written to {diagram}", markup=False)
    return 0


def _show_estimator(estimator: Any, told: dict[str, Any], console: Console) -> None:
    """Print an estimator, with those parameters that are not as by default."""
    console.print(repr(estimator), markup=False)
    if told["left_out"]:
        console.print(f"As by default, for no file can hold it: {', '.join(told['left_out'])}")
    features = told["features"]
    names = f": {_some(features['names'])}" if features["names"] else ""
    console.print(f"Features: {features['count']}{names}", markup=False)
    if hasattr(estimator, "classes_"):
        console.print(f"Classes: {_some(estimator.classes_.tolist())}", markup=False)
    if hasattr(estimator, "targets_"):
        console.print(f"Predicts: {_some([t.name for t in estimator.targets_])}", markup=False)
        console.print(f"When it was trained:\n{estimator.comparison_}\n", markup=False)


def _column_names(model: Any, net: NeuralNetwork, told: dict[str, Any]) -> dict[str, Any]:
    """Return the names that an estimator knows of its network's columns."""
    names = told.get("features", {}).get("names")
    # An estimator for tables makes other columns of those that it is given.
    if not names or hasattr(model, "targets_") or net.layers[0].shape != (len(names),):
        return {}
    return {"features": names}


def _some(values: list[Any]) -> str:
    """Name the first values, and say how many more there are."""
    more = f" and {len(values) - _MOST} more" if len(values) > _MOST else ""
    return ", ".join(map(repr, values[:_MOST])) + more


def _versions(told: Any) -> str:
    """Name what wrote a file; early files do not say."""
    if not isinstance(told, dict):
        return "a version that did not say"
    return ", ".join(f"{name} {found}" for name, found in told.items())


def _show_network(net: NeuralNetwork, console: Console) -> None:
    if net.is_built:
        console.print(net.summary())
    else:
        console.print(repr(net), markup=False)
        console.print("It has no parameters yet.")
    console.print(f"Loss: {net.loss!r}", markup=False)
    console.print(f"Random numbers: {net.streams!r}", markup=False)


def _told(contents: Contents, networks: list[NeuralNetwork], file: Path) -> dict[str, Any]:
    told, arrays = contents
    described = {name: {"dtype": a.dtype.name, "shape": a.shape} for name, a in arrays.items()}
    params = sum(param.size for net in networks if net.is_built for param in net.params())
    return {"file": str(file), "parameters": params, **told, "arrays": described}

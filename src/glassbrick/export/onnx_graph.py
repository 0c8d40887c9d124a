"""Graph: the nodes of an ONNX model, the tensors they begin with, and names for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import MissingExtraError

__all__ = ["FIGURES", "TEXTS", "Graph"]

_OPSETS = {"": 18, "ai.onnx.ml": 3}  # old enough for all in use, new enough for axes as inputs
_IR = 9

FIGURES = np.dtype(np.float64)
"""What tables and targets are computed in."""

TEXTS = np.dtype(object)
"""What texts are to NumPy."""


class Graph:
    """Collects what an ONNX model is made of.

    Parameters
    ----------
    outputs : sequence of str
        The names of all that the model will return; nothing else gets these names.
    who : str
        What to call whoever wants the model, in errors.

    Attributes
    ----------
    place : str
        What nodes belong to from now on; part of their names.
    dtypes : dict of str to dtype
        Of inputs, tensors and whatever else has told its own.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    """

    def __init__(self, outputs: Sequence[str], who: str):
        try:
            import onnx  # noqa: F401
        except ImportError:
            raise MissingExtraError(who, "onnx", "onnx") from None
        self.place = ""
        self.dtypes: dict[str, np.dtype[Any]] = {}
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken = set(outputs)
        self._constants: dict[str | bytes, str] = {}
        self._domains = {""}

    def input(
        self, name: str, dtype: np.dtype[Any], row: Sequence[int | None], doc: str = ""
    ) -> str:
        """Add an input for any number of rows, and return its name, which is free until now."""
        name = self._free(name)
        self._inputs.append(_value(name, dtype, (None, *row), doc))
        self.dtypes[name] = dtype
        return name

    def output(
        self, name: str, value: str, dtype: np.dtype[Any], shape: Sequence[int | None]
    ) -> None:
        """Let the model return a value by one of the names for it; None stands for the rows."""
        self.node("Identity", [value], output=name)
        self._outputs.append(_value(name, dtype, shape))

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str = "",
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """Add a node, and return the name of its output."""
        from onnx import helper

        output = output or self._free(f"{self.place}.{kind}_{len(self._nodes)}")
        self._domains.add(domain)
        made = helper.make_node(kind, list(inputs), [output], domain=domain or None, **attributes)
        self._nodes.append(made)
        return output

    def tensor(self, array: Array, name: str = "") -> str:
        """Return the name of a tensor that has these numbers or texts."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(array).reshape(array.shape)
        key: str | bytes = repr(array.tolist())
        if array.dtype != TEXTS:
            key = f"{array.dtype}{array.shape}".encode() + array.tobytes()
        if name or key not in self._constants:
            name = self._free(name or f"constant_{len(self._tensors)}")
            self._tensors.append(numpy_helper.from_array(array, name))
            self._constants[key] = name
            self.dtypes[name] = array.dtype
        return self._constants[key]

    def number(self, value: float, dtype: np.dtype[Any] = FIGURES) -> str:
        """Return the name of a tensor that is one number."""
        return self.tensor(np.array(value, dtype))

    def cast(self, name: str, dtype: np.dtype[Any]) -> str:
        """Convert to another dtype."""
        from onnx import helper

        output = self.node("Cast", [name], to=helper.np_dtype_to_tensor_dtype(dtype))
        self.dtypes[output] = dtype
        return output

    def model(self, doc: str, version: str, properties: Mapping[str, str] | None = None) -> bytes:
        """Return the model as a file holds it.

        Parameters
        ----------
        doc : str
            What the model is.
        version : str
            Of Glassbrick.
        properties : mapping of str to str, optional
            What else there is to know of it.
        """
        from onnx import checker, helper

        graph = helper.make_graph(
            self._nodes, "network", self._inputs, self._outputs, self._tensors
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(d, _OPSETS[d]) for d in sorted(self._domains)],
            ir_version=_IR,
            producer_name="glassbrick",
            producer_version=version,
            doc_string=doc,
        )
        helper.set_model_props(model, dict(properties or {}))
        checker.check_model(model, full_check=True)
        return model.SerializeToString()  # type: ignore[no-any-return]

    def _free(self, name: str) -> str:
        """Return a name that nothing has yet; ONNX takes no name that is empty."""
        while not name or name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _value(name: str, dtype: np.dtype[Any], shape: Sequence[int | None], doc: str = "") -> Any:
    from onnx import helper

    sizes = ["rows" if size is None else size for size in shape]
    kind = helper.np_dtype_to_tensor_dtype(dtype)
    return helper.make_tensor_value_info(name, kind, sizes, doc)

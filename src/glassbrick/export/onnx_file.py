"""A network as an ONNX model: each call of NumPy as the nodes that compute the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import MissingExtraError, TracingError
from glassbrick.export.calls import Call, Program, Rows
from glassbrick.export.noted import Ref

__all__ = ["onnx_of"]

_OPSET, _IR = 18, 9  # old enough for all that is in use, new enough for axes as inputs

_ALIKE = {  # functions of NumPy that ONNX has by another name
    "absolute": "Abs",
    "add": "Add",
    "ceil": "Ceil",
    "cos": "Cos",
    "divide": "Div",
    "exp": "Exp",
    "floor": "Floor",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "log": "Log",
    "logical_and": "And",
    "logical_not": "Not",
    "logical_or": "Or",
    "matmul": "MatMul",
    "maximum": "Max",
    "minimum": "Min",
    "multiply": "Mul",
    "negative": "Neg",
    "power": "Pow",
    "reciprocal": "Reciprocal",
    "rint": "Round",
    "sign": "Sign",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "subtract": "Sub",
    "tanh": "Tanh",
    "where": "Where",
}
_TRUTHS = frozenset(("And", "Not", "Or"))  # which work on truth values; others on numbers
_COMPARING = frozenset(("Greater", "GreaterOrEqual", "Less", "LessOrEqual"))
_REDUCING = {".max": "ReduceMax", ".min": "ReduceMin", ".sum": "ReduceSum", ".mean": "ReduceMean"}


def onnx_of(program: Program, name: str, version: str) -> bytes:
    """Return an ONNX model that does what a program does, for any number of rows.

    Parameters
    ----------
    program : Program
        What to write.
    name : str
        What the network is.
    version : str
        Of Glassbrick.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    TracingError
        If there is a call that has no counterpart in ONNX.
    """
    try:
        from onnx import checker, helper
    except ImportError:
        raise MissingExtraError("NeuralNetwork.to_onnx", "onnx", "onnx") from None
    graph = _Graph(program)
    for call in program.calls:
        graph.add(call)
    kind = helper.np_dtype_to_tensor_dtype
    rows = [size if size is not None else "rows" for size in program.shape]
    last = graph.node("Identity", [graph.name(program.result)], output="prediction")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "network",
            [helper.make_tensor_value_info("X", kind(program.dtype), ["rows", *program.inputs])],
            [helper.make_tensor_value_info(last, kind(program.dtype), rows)],
            graph.tensors,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="glassbrick",
        producer_version=version,
        doc_string=name,
    )
    checker.check_model(model, full_check=True)
    return model.SerializeToString()  # type: ignore[no-any-return]


class _Graph:
    """Nodes, and the tensors that they begin with."""

    def __init__(self, program: Program):
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self._constants: dict[bytes, str] = {}
        self._names: dict[int | str, str] = {0: "X"}
        self._dtypes: dict[str, np.dtype[Any]] = {"X": program.dtype}
        self._place = ""
        for place, array in program.arrays.items():
            self._names[place] = self.tensor(array, place)

    def add(self, call: Call) -> None:
        """Add what computes a call."""
        self._place = call.place
        rule = _RULES.get(call.name)
        if rule is not None:
            output = rule(self, call)
        elif call.name in _ALIKE:
            output = self._alike(call)
        elif call.name in _REDUCING:
            output = self._reduce(call)
        else:
            _refuse(call)
        self._names[call.result] = output
        self._dtypes[output] = call.dtype

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        from onnx import helper

        output = output or f"{self._place}.{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def tensor(self, array: Array, name: str = "") -> str:
        """Return the name of a tensor that has these numbers."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(array).reshape(array.shape)
        key = f"{array.dtype}{array.shape}".encode() + array.tobytes()
        if name or key not in self._constants:
            name = name or f"constant_{len(self.tensors)}"
            self.tensors.append(numpy_helper.from_array(array, name))
            self._constants[key] = name
            self._dtypes[name] = array.dtype
        return self._constants[key]

    def name(self, thing: Any, dtype: np.dtype[Any] | None = None) -> str:
        """Return the name of an argument, of the dtype that is wanted."""
        if not isinstance(thing, Ref):
            return self.tensor(np.asarray(thing, dtype))
        name = self._names[thing.number]
        if dtype is None or self._dtypes[name] == dtype:
            return name
        return self.cast(name, dtype)

    def cast(self, name: str, dtype: np.dtype[Any]) -> str:
        """Convert to another dtype."""
        from onnx import helper

        output = self.node("Cast", [name], to=helper.np_dtype_to_tensor_dtype(dtype))
        self._dtypes[output] = dtype
        return output

    def dtype_of(self, thing: Any) -> Any:
        """Return what NumPy takes into account of an argument when it finds a common dtype."""
        if isinstance(thing, Ref):
            return self._dtypes[self._names[thing.number]]
        return thing.dtype if isinstance(thing, np.ndarray | np.generic) else thing

    def _alike(self, call: Call) -> str:
        if call.kwargs:
            _refuse(call)
        kind = _ALIKE[call.name]
        if kind == "Where":
            truth, *values = call.args
            inputs = [self.name(truth), *(self.name(value, call.dtype) for value in values)]
        else:
            wanted = np.dtype(bool) if kind in _TRUTHS else call.dtype
            if kind in _COMPARING:
                wanted = np.result_type(*map(self.dtype_of, call.args))
            inputs = [self.name(arg, wanted) for arg in call.args]
        return self.node(kind, inputs)

    def _reduce(self, call: Call) -> str:
        given = dict(zip(("axis",), call.args[1:], strict=False)) | dict(call.kwargs)
        axis, keepdims = given.pop("axis", None), given.pop("keepdims", False)
        if given or axis is None:
            _refuse(call)
        axes = np.atleast_1d(np.asarray(axis, np.int64))
        inputs = [self.name(call.args[0], call.dtype), self.tensor(axes)]
        return self.node(_REDUCING[call.name], inputs, keepdims=int(keepdims))


_Rule: TypeAlias = Callable[[_Graph, Call], str]


def _expm1(graph: _Graph, call: Call) -> str:
    """Compute 2 tanh(x/2) / (1 - tanh(x/2)) near 0, where nothing cancels; else exp(x) - 1."""
    x = graph.name(call.args[0], call.dtype)
    half, one, two = (graph.tensor(np.array(n, call.dtype)) for n in (0.5, 1.0, 2.0))
    tanh = graph.node("Tanh", [graph.node("Mul", [x, half])])
    near = graph.node("Div", [graph.node("Mul", [two, tanh]), graph.node("Sub", [one, tanh])])
    far = graph.node("Sub", [graph.node("Exp", [x]), one])
    is_near = graph.node("Less", [graph.node("Abs", [x]), one])
    return graph.node("Where", [is_near, near, far])


def _log1p(graph: _Graph, call: Call) -> str:
    x = graph.name(call.args[0], call.dtype)
    one = graph.tensor(np.array(1.0, call.dtype))
    return graph.node("Log", [graph.node("Add", [x, one])])


def _square(graph: _Graph, call: Call) -> str:
    x = graph.name(call.args[0], call.dtype)
    return graph.node("Mul", [x, x])


def _product(graph: _Graph, call: Call) -> str:
    return graph.node("MatMul", [graph.name(arg, call.dtype) for arg in call.args])


def _reshape(graph: _Graph, call: Call) -> str:
    sizes = call.args[1:] if len(call.args) != 2 else call.args[1]
    sizes = sizes if isinstance(sizes, tuple | list) else (sizes,)
    shape = [-1 if isinstance(size, Rows) else size for size in sizes]
    if call.kwargs or shape.count(-1) > 1:
        _refuse(call)
    return graph.node(
        "Reshape", [graph.name(call.args[0]), graph.tensor(np.array(shape, np.int64))]
    )


def _take(graph: _Graph, call: Call) -> str:
    array, index, *axis = call.args
    if len(axis) != 1 or call.kwargs:
        _refuse(call)
    inputs = [graph.name(array), graph.name(index, np.dtype(np.int64))]
    return graph.node("Gather", inputs, axis=axis[0])


def _items(graph: _Graph, call: Call) -> str:
    """Take rows of a table by their numbers, or one of them."""
    array, key = call.args
    if type(key) is not int and not (isinstance(key, Ref) and graph.dtype_of(key).kind in "iu"):
        _refuse(call)
    inputs = [graph.name(array), graph.name(key, np.dtype(np.int64))]
    return graph.node("Gather", inputs, axis=0)


def _astype(graph: _Graph, call: Call) -> str:
    return graph.cast(graph.name(call.args[0]), call.dtype)


def _concatenate(graph: _Graph, call: Call) -> str:
    axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else 0)
    return graph.node("Concat", [graph.name(p, call.dtype) for p in call.args[0]], axis=axis)


def _transpose(graph: _Graph, call: Call) -> str:
    if call.args[1:] or call.kwargs:
        _refuse(call)
    return graph.node("Transpose", [graph.name(call.args[0])])


_RULES: Mapping[str, _Rule] = {
    "[]": _items,
    "concatenate": _concatenate,
    "dot": _product,
    ".dot": _product,
    ".astype": _astype,
    ".reshape": _reshape,
    ".take": _take,
    ".transpose": _transpose,
    "expm1": _expm1,
    "log1p": _log1p,
    "square": _square,
}


def _refuse(call: Call) -> Any:
    """Say which call has no counterpart."""
    what = f"np.{call.name}" if call.name[0].isalpha() else f"the method {call.name}"
    raise TracingError(
        f"{call.place}: expected calls of NumPy that ONNX has, too; received {what} in this form. "
        "Write it with sums, products, np.exp, np.log, np.where, np.maximum and their like; or "
        "use to_python."
    )

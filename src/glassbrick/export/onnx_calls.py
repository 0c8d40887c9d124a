"""Calls of NumPy as the nodes of ONNX that compute the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from glassbrick.errors import TracingError
from glassbrick.export.calls import Call, Program, Rows
from glassbrick.export.noted import Ref
from glassbrick.export.onnx_graph import Graph

__all__ = ["add_program"]

_INTEGERS = np.dtype(np.int64)
_TO_THE_END = np.iinfo(np.int64).max

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


def add_program(graph: Graph, program: Program, input_: str, prefix: str = "") -> str:
    """Add the nodes that do what a program does, and return the name of its result.

    Parameters
    ----------
    graph : Graph
        Where to.
    program : Program
        What to write.
    input_ : str
        What it begins with, of its dtype.
    prefix : str, default ""
        Put before the names of its arrays and nodes, to tell several programs apart.

    Raises
    ------
    TracingError
        If there is a call that has no counterpart in ONNX.
    """
    calls = _Calls(graph, program, input_, prefix)
    for call in program.calls:
        calls.add(call)
    return calls.name(program.result)


class _Calls:
    """Turns calls into nodes, and knows what their results are called."""

    def __init__(self, graph: Graph, program: Program, input_: str, prefix: str):
        self.graph, self._prefix = graph, prefix
        self.node, self.tensor, self.cast = graph.node, graph.tensor, graph.cast
        self._names: dict[int | str, str] = {0: input_}
        graph.dtypes[input_] = program.dtype
        for place, array in program.arrays.items():
            self._names[place] = graph.tensor(array, prefix + place)

    def add(self, call: Call) -> None:
        """Add what computes a call."""
        self.graph.place = self._prefix + call.place
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
        self.graph.dtypes[output] = call.dtype

    def name(self, thing: Any, dtype: np.dtype[Any] | None = None) -> str:
        """Return the name of an argument, of the dtype that is wanted."""
        if not isinstance(thing, Ref):
            return self.tensor(np.asarray(thing, dtype))
        name = self._names[thing.number]
        if dtype is None or self.graph.dtypes[name] == dtype:
            return name
        return self.cast(name, dtype)

    def dtype_of(self, thing: Any) -> Any:
        """Return what NumPy takes into account of an argument when it finds a common dtype."""
        if isinstance(thing, Ref):
            return self.graph.dtypes[self._names[thing.number]]
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


_Rule: TypeAlias = Callable[[_Calls, Call], str]


def _expm1(calls: _Calls, call: Call) -> str:
    """Compute 2 tanh(x/2) / (1 - tanh(x/2)) near 0, where nothing cancels; else exp(x) - 1."""
    x = calls.name(call.args[0], call.dtype)
    half, one, two = (calls.graph.number(n, call.dtype) for n in (0.5, 1.0, 2.0))
    tanh = calls.node("Tanh", [calls.node("Mul", [x, half])])
    near = calls.node("Div", [calls.node("Mul", [two, tanh]), calls.node("Sub", [one, tanh])])
    far = calls.node("Sub", [calls.node("Exp", [x]), one])
    is_near = calls.node("Less", [calls.node("Abs", [x]), one])
    return calls.node("Where", [is_near, near, far])


def _log1p(calls: _Calls, call: Call) -> str:
    x = calls.name(call.args[0], call.dtype)
    one = calls.graph.number(1.0, call.dtype)
    return calls.node("Log", [calls.node("Add", [x, one])])


def _square(calls: _Calls, call: Call) -> str:
    x = calls.name(call.args[0], call.dtype)
    return calls.node("Mul", [x, x])


def _product(calls: _Calls, call: Call) -> str:
    return calls.node("MatMul", [calls.name(arg, call.dtype) for arg in call.args])


def _reshape(calls: _Calls, call: Call) -> str:
    sizes = call.args[1:] if len(call.args) != 2 else call.args[1]
    sizes = sizes if isinstance(sizes, tuple | list) else (sizes,)
    shape = [-1 if isinstance(size, Rows) else size for size in sizes]
    if call.kwargs or shape.count(-1) > 1:
        _refuse(call)
    return calls.node(
        "Reshape", [calls.name(call.args[0]), calls.tensor(np.array(shape, np.int64))]
    )


def _take(calls: _Calls, call: Call) -> str:
    array, index, *axis = call.args
    if len(axis) != 1 or call.kwargs:
        _refuse(call)
    inputs = [calls.name(array), calls.name(index, _INTEGERS)]
    return calls.node("Gather", inputs, axis=axis[0])


def _items(calls: _Calls, call: Call) -> str:
    """Take rows of a table by their numbers, one of them, or some columns side by side."""
    array, key = call.args
    if isinstance(key, tuple) and all(map(_is_plain_slice, key)):
        return _part(calls, array, key)
    if type(key) is not int and not (isinstance(key, Ref) and calls.dtype_of(key).kind in "iu"):
        _refuse(call)
    inputs = [calls.name(array), calls.name(key, _INTEGERS)]
    return calls.node("Gather", inputs, axis=0)


def _is_plain_slice(key: Any) -> bool:
    if not isinstance(key, slice) or key.step not in (None, 1):
        return False
    return all(end is None or type(end) is int for end in (key.start, key.stop))


def _part(calls: _Calls, array: Any, key: tuple[slice, ...]) -> str:
    """Take what lies between two numbers along each axis."""
    starts = [part.start or 0 for part in key]
    ends = [_TO_THE_END if part.stop is None else part.stop for part in key]
    limits = (np.array(numbers, _INTEGERS) for numbers in (starts, ends, range(len(key))))
    return calls.node("Slice", [calls.name(array), *map(calls.tensor, limits)])


def _astype(calls: _Calls, call: Call) -> str:
    return calls.cast(calls.name(call.args[0]), call.dtype)


def _concatenate(calls: _Calls, call: Call) -> str:
    axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else 0)
    return calls.node("Concat", [calls.name(p, call.dtype) for p in call.args[0]], axis=axis)


def _transpose(calls: _Calls, call: Call) -> str:
    if call.args[1:] or call.kwargs:
        _refuse(call)
    return calls.node("Transpose", [calls.name(call.args[0])])


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

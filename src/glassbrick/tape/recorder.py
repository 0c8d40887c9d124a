"""Recorder: takes down what passes through a network, without touching it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.blocks import inherits
from glassbrick.layers import Layer, Series
from glassbrick.layers.series import LayerOfLayers
from glassbrick.layers.tree import all_layers, own_operations
from glassbrick.losses import Loss
from glassbrick.operations import Operation
from glassbrick.tape.step import Setting

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["Call", "Recorder", "own", "settings_of"]


@dataclass(eq=False)
class Call:
    """One call of a block, forward and backward.

    Attributes
    ----------
    name : str
        Of the block; later calls of it are numbered.
    kind : {"operation", "joint", "whole", "row"}
        How it can be judged: an operation; a layer that joins others; a layer with a forward or
        backward of its own; a layer that is no more than blocks in a row.
    block : Operation or Layer
        Which was called.
    before : Operation, Layer or None
        A copy of it, as it was before.
    input, output, output_grad, input_grad, param_grad : ndarray or None
        What went through it.
    kept : dict
        What it keeps of the call besides.
    settings : dict
        The numbers that it was made with.
    children : list of Call
        The calls of layers within this layer.
    param_grads : dict from str to ndarray
        Of a layer judged as a whole: the gradients of all its parameters, by operation.
    """

    name: str
    kind: str
    block: Operation | Layer
    before: Any
    input: Array
    output: Array | None = None
    output_grad: Array | None = None
    input_grad: Array | None = None
    param_grad: Array | None = None
    kept: dict[str, Array] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    children: list[Call] = field(default_factory=list)
    param_grads: dict[str, Array] = field(default_factory=dict)


class Recorder:
    """Watches the blocks of a network that is there for nothing else.

    Parameters
    ----------
    net : NeuralNetwork
        A copy, which is not used afterwards.

    Attributes
    ----------
    calls : list of Call
        In the order in which they were done forward.
    backward : list of Call
        In the order in which they were done backward.
    loss : float
        What the network's loss said.
    """

    def __init__(self, net: NeuralNetwork):
        self.calls: list[Call] = []
        self.backward: list[Call] = []
        self.loss = float("nan")
        self._inside: list[Call] = []
        self._open: dict[int, list[Call]] = {}  # calls of each block that had no backward yet
        self._numbers: dict[str, int] = {}
        for layer in all_layers(net.layers):
            self._watch(layer.name, layer)
            for name, operation in own_operations(layer):
                self._watch(name, operation)
        self._watch_loss(net.loss)

    def _watch(self, name: str, block: Operation | Layer) -> None:
        """Let a block tell of each call; attributes of its own come before its class's methods."""
        forward, backward, kind = block.forward, block.backward, _kind_of(block)

        def told_forward(input_: Array) -> Array:
            before = _copy_of(block, kind)
            call = Call(self._numbered(name), kind, block, before, own(input_))
            self._inside.append(call)
            output = forward(input_)
            self._inside.pop()
            if self._inside and isinstance(block, Layer):
                self._inside[-1].children.append(call)
            call.output = own(output)
            call.kept = _kept(block, call.before)
            call.settings = {} if isinstance(block, Layer) else settings_of(block)
            self.calls.append(call)
            self._open.setdefault(id(block), []).append(call)
            return output

        def told_backward(output_grad: Array) -> Array:
            call = self._open[id(block)].pop() if self._open.get(id(block)) else None
            came = own(output_grad)
            input_grad = backward(output_grad)
            if call is not None:
                call.output_grad, call.input_grad = came, own(input_grad)
                if "param_grad" in vars(block):
                    call.param_grad = own(vars(block)["param_grad"])
                if kind == "whole":
                    call.param_grads = _param_grads(block)
                self.backward.append(call)
            return input_grad

        vars(block).update(forward=told_forward, backward=told_backward)

    def _watch_loss(self, loss: Loss) -> None:
        forward = loss.forward

        def told_forward(*batch: Array) -> float:
            value = forward(*batch)
            self.loss = float(value)
            return value

        vars(loss)["forward"] = told_forward

    def _numbered(self, name: str) -> str:
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        return f"{name} ({number})" if number > 1 else name


def own(array: Any) -> Array:
    """Return a read-only copy of an array."""
    copied = np.array(array)
    copied.flags.writeable = False
    return copied


def settings_of(block: Operation | Loss) -> dict[str, Setting]:
    """Return what an operation or a loss was made with, as far as it is numbers."""
    return {
        name: value
        for name, value in vars(block).items()
        if not name.startswith("_")
        and (isinstance(value, bool | int | float) or _is_row_of_numbers(value))
    }


def _is_row_of_numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(v, int | float) for v in value)


def _param_grads(layer: Any) -> dict[str, Array]:
    """Return the gradients of a layer's own parameters, by operation."""
    named = {name: vars(operation) for name, operation in own_operations(layer)}
    return {name: own(held["param_grad"]) for name, held in named.items() if "param_grad" in held}


def _kind_of(block: Operation | Layer) -> str:
    """Tell how a block can be judged: by itself, as what joins layers, as a whole, or not."""
    if isinstance(block, Operation):
        return "operation"
    base = LayerOfLayers if isinstance(block, LayerOfLayers) else Layer
    if not inherits(block, base, "forward", "backward"):
        return "whole"
    is_row = base is Layer or inherits(block, Series, "_pass", "_pass_back")
    return "row" if is_row else "joint"


def _copy_of(block: Operation | Layer, kind: str) -> Any:
    """Return a copy of a block, as it is now, that nobody watches; None if it is not judged."""
    if kind == "row":
        return None
    twin = block.apart() if kind == "joint" else copy.deepcopy(block)
    blocks: list[Any] = [twin]
    for layer in all_layers([twin] if isinstance(twin, Layer) else []):
        blocks += [layer, *layer.operations]
    for each in blocks:
        for name in ("forward", "backward"):
            vars(each).pop(name, None)
    return twin


def _kept(block: Operation | Layer, before: Any) -> dict[str, Array]:
    """Return what an operation keeps of a call besides, and what the call changed in it."""
    if isinstance(block, Layer):
        return {}
    shown = {*Operation.memory, "param", "param_grad"}
    kept = {}
    for name, value in vars(block).items():
        if not isinstance(value, np.ndarray) or name in shown or name.startswith("_"):
            continue
        if name in block.memory or not np.array_equal(value, vars(before).get(name)):
            kept[name] = own(value)
    return kept

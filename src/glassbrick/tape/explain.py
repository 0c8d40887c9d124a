"""How a tape is made: a copy of a network does one step, and all that passes is taken down."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, as_rows, as_targets, require_same_rows
from glassbrick.checks import refuse
from glassbrick.errors import DataError, ShapeError
from glassbrick.layers.tree import own_operations
from glassbrick.names import snake_case
from glassbrick.numeric.gradient_report import GradientResult
from glassbrick.operations import ParamOperation
from glassbrick.tape.formulas import formula_of, input_rule_of, param_rule_of
from glassbrick.tape.proving import Proof
from glassbrick.tape.recorder import Call, Recorder, own, settings_of
from glassbrick.tape.step import LossStep, Step, verdict_of
from glassbrick.tape.tape import Tape

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork
    from glassbrick.optimizers import Optimizer

__all__ = ["explain"]

_TOLERANCE = 1e-7


def explain(
    net: NeuralNetwork,
    x: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    optim: Optimizer | None,
    who: str,
) -> Tape:
    """Let copies do a step, and return all its numbers.

    Parameters
    ----------
    net : NeuralNetwork
        Stays as it is.
    x, y, sample_weight : array_like
        A batch.
    optim : Optimizer, optional
        Whose update is told, too. It stays as it is.
    who : str
        What to call the caller in errors.

    Raises
    ------
    GlassbrickError
        If the batch cannot be used, a block breaks the rules of shapes, or the optimizer is
        not ready.
    """
    batch = _as_batch(net, x, y, sample_weight, who)
    net, optim = copy.deepcopy((net, optim))
    if not net.is_built:
        net._draw_params(batch[0][:1])
    before = {id(op): own(op.param) for op in net.operations() if isinstance(op, ParamOperation)}
    recorder = Recorder(net)
    with np.errstate(all="ignore"):
        total = float(net.train_batch(*batch))
        proof = Proof(_TOLERANCE)
        loss = _loss_step(net, recorder.loss, total, proof)
        new = _stepped(net, optim)
        steps = list(_steps(recorder.calls, proof))
    penalties = {id(op): own(penalty.gradient(before[id(op)])) for penalty, op in net.penalties()}
    told = [_with_params(block, step, before, penalties, new) for block, step in steps]
    backward = [call.name for call in recorder.backward]
    return Tape(repr(net), tuple(told), loss, own(batch[0]), backward)


def _as_batch(
    net: NeuralNetwork, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None, who: str
) -> tuple[Array, ...]:
    dtype = net.dtype if net.is_built else None
    rows = as_rows(x, f"{who}, x", dtype)
    targets = as_targets(y, f"{who}, y", rows.dtype)
    require_same_rows(rows, f"{who}, x", targets, f"{who}, y")
    if sample_weight is None:
        return rows, targets
    name = f"{who}, sample_weight"
    weights = as_numbers(sample_weight, name, rows.dtype)
    if weights.shape not in ((len(rows),), (len(rows), 1)):
        refuse(ShapeError, name, f"one number for each of {len(rows)} rows", weights)
    if (weights < 0).any():
        refuse(DataError, name, "numbers that are not negative", float(weights.min()))
    return rows, targets, weights.reshape(-1, 1)


def _stepped(net: NeuralNetwork, optim: Optimizer | None) -> dict[int, Array]:
    """Let the optimizer make its step, and return the new parameters."""
    if optim is None:
        return {}
    optim.step()
    return {id(op): own(op.param) for op in net.operations() if isinstance(op, ParamOperation)}


def _loss_step(net: NeuralNetwork, value: float, total: float, proof: Proof) -> LossStep:
    loss = net.loss
    name = snake_case(type(loss).__name__)
    gradient = own(loss.input_grad)
    return LossStep(
        name=name,
        kind=type(loss).__name__,
        formula=formula_of(loss),
        value=value,
        penalty=float(sum(cost.value(operation.param) for cost, operation in net.penalties())),
        total=total,
        prediction=own(loss.prediction),
        target=own(loss.target),
        input_grad=gradient,
        weights=None if loss.weights is None else own(loss.weights),
        input_rule=input_rule_of(loss),
        input_check=proof.of_loss(loss, name, gradient),
        settings=settings_of(loss),
    )


def _steps(calls: list[Call], proof: Proof) -> Iterator[tuple[Any, Step]]:
    """Make a step of each call, but for layers that are only blocks in a row."""
    wrong: list[str] = []
    run = {id(call.block) for call in calls}
    for call in calls:
        block: Any = call.block
        inside = any(name.startswith(f"{call.name}.") for name in wrong)
        checks = proof.of(call, all_right_inside=not inside)
        if any(verdict_of(check) == "WRONG" for check in checks.values()):
            wrong.append(call.name)
        for name, operation in own_operations(block) if call.kind == "whole" else ():
            if isinstance(operation, ParamOperation) and id(operation) not in run:
                yield operation, _not_run(name, operation, call, checks.get(name))
        if call.kind != "row":
            yield (
                block,
                Step(
                    call.name,
                    type(block).__name__,
                    formula_of(block),
                    call.input,
                    call.output,
                    call.output_grad,
                    call.input_grad,
                    input_rule_of(block),
                    param_grad=call.param_grad,
                    param_rule=param_rule_of(block),
                    kept=call.kept,
                    settings=call.settings,
                    input_check=checks.get("input_grad"),
                    param_check=checks.get("param_grad"),
                ),
            )


def _not_run(name: str, operation: Any, call: Call, check: GradientResult | None) -> Step:
    """Make a step of an operation of which a layer only takes the parameter."""
    return Step(
        name,
        type(operation).__name__,
        formula_of(operation),
        param_grad=call.param_grads.get(name),
        param_check=None if check is None else replace(check, block=name, gradient="param_grad"),
    )


def _with_params(
    block: Any,
    step: Step,
    before: dict[int, Array],
    penalties: dict[int, Array],
    new: dict[int, Array],
) -> Step:
    """Add the parameter of an operation, and what becomes of it."""
    param = before.get(id(block))
    if param is None:
        return step
    new_param = new.get(id(block))
    return replace(
        step,
        param=param,
        penalty_grad=penalties.get(id(block)),
        update=None if new_param is None else own(new_param - param),
        new_param=new_param,
    )

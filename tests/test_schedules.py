"""Schedules against PyTorch's, in steps and epochs, eager and compiled."""

from __future__ import annotations

import math

import numpy as np
import pytest

import glassbrick
from blocks import norm_error
from glassbrick import (
    SGD,
    Adam,
    ArgumentError,
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    GlassbrickError,
    LinearDecay,
    NotReadyError,
    OneCycle,
    Schedule,
    StepDecay,
    Trainer,
    WarmUp,
)
from networks import make_data, make_net

SCHEDULES = {
    name: kind
    for name, kind in vars(glassbrick).items()
    if isinstance(kind, type) and issubclass(kind, Schedule) and kind is not Schedule
}
STEPS = 40


def warmed_up(optimizer, torch_schedules):
    rise = torch_schedules.LinearLR(optimizer, start_factor=0.1, total_iters=8)
    cosine = torch_schedules.CosineAnnealingLR(optimizer, T_max=32)
    return torch_schedules.SequentialLR(optimizer, [rise, cosine], milestones=[8])


# For each schedule what it is compared with. PyTorch's OneCycleLR counts to one step less.
ORACLES = {
    "ConstantRate": (
        ConstantRate(0.4),
        lambda o, s: s.ConstantLR(o, factor=1.0),
    ),
    "StepDecay": (
        StepDecay(0.4, every=7, factor=0.3, unit="step"),
        lambda o, s: s.StepLR(o, 7, gamma=0.3),
    ),
    "ExponentialDecay": (
        ExponentialDecay(0.4, factor=0.9, unit="step"),
        lambda o, s: s.ExponentialLR(o, gamma=0.9),
    ),
    "LinearDecay": (
        LinearDecay(0.4, 0.1, length=30, unit="step"),
        lambda o, s: s.LinearLR(o, 1.0, 0.25, total_iters=30),
    ),
    "CosineDecay": (
        CosineDecay(0.4, 0.1, length=STEPS, unit="step"),
        lambda o, s: s.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1),
    ),
    "WarmUp": (
        WarmUp(CosineDecay(0.4, length=32, unit="step"), length=8, start=0.1, unit="step"),
        warmed_up,
    ),
    "OneCycle": (
        OneCycle(0.4, rise=(0.25 * STEPS - 1) / (STEPS - 1), length=STEPS - 1, unit="step"),
        lambda o, s: s.OneCycleLR(
            o, 0.4, total_steps=STEPS, pct_start=0.25, final_div_factor=1e4, cycle_momentum=False
        ),
    ),
}


def test_every_schedule_has_an_oracle():
    assert set(ORACLES) == set(SCHEDULES)


@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("name", ORACLES)
def test_schedule_equals_pytorch(name):
    torch = pytest.importorskip("torch")
    ours, make = ORACLES[name]
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    theirs = make(optimizer, torch.optim.lr_scheduler)
    for step in range(STEPS):
        (expected,) = theirs.get_last_lr()
        assert ours.at_step(step) == pytest.approx(expected, rel=1e-12, abs=1e-15)
        optimizer.step()
        if step < STEPS - 1:
            theirs.step()


class Inverse(Schedule):
    """A user's, of the time alone."""

    endless = True

    def rate(self, t, length):
        return self.lr / (1.0 + t)


class Polynomial(Schedule):
    """A user's, as long as the fit, with a condition."""

    def rate(self, t, length):
        return np.where(t < 0.5 * length, self.lr, self.lr * (1.0 - t / length) ** 2)


IN_EPOCHS = [
    0.05,
    ConstantRate(0.05),
    StepDecay(0.05, every=2, factor=0.5),
    ExponentialDecay(0.05, factor=0.5),
    LinearDecay(0.05),
    LinearDecay(0.05, 0.1, length=2),
    CosineDecay(0.05, 0.01),
    CosineDecay(0.05, length=7, unit="step"),
    WarmUp(CosineDecay(0.05), length=1),
    WarmUp(0.05, length=3, start=0.5, unit="step"),
    WarmUp(StepDecay(0.05, every=0.4), length=1.5),
    WarmUp(WarmUp(OneCycle(0.05), length=1), length=3, unit="step"),
    WarmUp(LinearDecay(0.05), length=100),
    OneCycle(0.05, final=0.0),
    Inverse(0.05),
    Polynomial(0.05),
]


class Logged(Adam):
    """Keeps the rate of each step."""

    def __init__(self, lr):
        super().__init__(lr)
        self.rates, self.position = np.zeros(30), np.zeros((), int)

    def _begin_step(self):
        self.rates[self.position] = self.lr
        self.position += 1


def test_all_are_tried_in_epochs():
    assert {type(each).__name__ for each in IN_EPOCHS} >= set(SCHEDULES)


@pytest.mark.parametrize("lr", IN_EPOCHS, ids=str)
def test_schedules_train_alike_on_both_engines(lr):
    X, y = make_data(rows=37)
    trained = []
    for engine in ("numpy", "xla"):
        trainer = Trainer(make_net(), Logged(lr=lr), engine=engine)
        trainer.optim.plan(steps_an_epoch=5, steps=20)
        trainer.fit(X, y, epochs=4, batch_size=8, verbose=False)
        trained.append(trainer)
    eager, compiled = (trainer.optim for trainer in trained)
    expected = [lr.at_step(k, 5, 20) if isinstance(lr, Schedule) else lr for k in range(21)]
    for optim in (eager, compiled):
        assert np.allclose(optim.rates[:20], expected[:20], rtol=1e-12, atol=1e-17)
        assert optim.lr == pytest.approx(float(expected[20]), rel=1e-12, abs=1e-17)
        assert type(optim.lr) is float
        assert optim.t == 21.0
    for a, b in zip(trained[0].net.params(), trained[1].net.params(), strict=True):
        assert norm_error(a, b) <= 1e-12


def test_float32_stays_float32_under_a_schedule(engine):
    X, y = make_data(rows=37, dtype=np.float32)
    for lr in IN_EPOCHS[1:]:
        trainer = Trainer(make_net(), SGD(lr=lr, momentum=0.9))
        trainer.optim.plan(5, 10)
        trainer.fit(X, y, epochs=2, batch_size=8, verbose=False)
        assert all(param.dtype == np.float32 for param in trainer.net.params())
        assert all(a.dtype == np.float32 for memory in trainer.optim._memory for a in memory)


def test_a_schedule_lasts_as_long_as_the_fit():
    schedule = LinearDecay(0.8)
    assert schedule.at_step(50, 10, 100) == pytest.approx(0.4)
    assert schedule.at_step(50, 10, 200) == pytest.approx(0.6)
    assert schedule.at_step(100, 10, 100) == schedule.at_step(170, 10, 100) == 0.0
    assert LinearDecay(0.8, length=5).at_step(25, 10, 1000) == pytest.approx(0.4)
    later = WarmUp(LinearDecay(0.8), length=2)
    assert [later.at_step(k, 10, 100) for k in (0, 10, 20, 60, 100)] == pytest.approx(
        [0.0, 0.4, 0.8, 0.4, 0.0]
    )


def test_every_so_often_is_counted_without_rounding_errors():
    schedule = StepDecay(1.0, every=0.1, factor=0.5)
    rates = [schedule.at_step(step, 100) for step in range(0, 100, 10)]
    assert rates == pytest.approx([0.5**k for k in range(10)])


def test_a_schedule_can_be_shared():
    schedule = CosineDecay(0.1)
    first, second = SGD(lr=schedule), SGD(lr=schedule)
    first.plan(5, 10)
    second.plan(5, 20)
    for optimizer in (first, second):
        optimizer._steps[...] = 10
        optimizer.plan(5, 10 if optimizer is first else 20)
    assert (first.lr, second.lr) == (pytest.approx(0.0), pytest.approx(0.05))
    assert first.schedule is second.schedule is schedule


@pytest.mark.parametrize(
    "lr",
    [CosineDecay(0.1), StepDecay(0.1, 2), LinearDecay(0.1, unit="step"), WarmUp(0.1, 1)],
    ids=str,
)
def test_a_schedule_that_needs_a_plan_says_so(lr, engine):
    trainer = Trainer(make_net(), SGD(lr=lr, momentum=0.9), engine=engine)
    X, y = make_data()
    trainer.net.train_batch(X, y)
    before = [param.copy() for param in trainer.net.params()]
    for use in (trainer.optim.step, lambda: trainer.optim.lr):
        with pytest.raises(NotReadyError, match=r"Decay|WarmUp.*optim\.plan"):
            use()
    assert all(np.array_equal(a, b) for a, b in zip(before, trainer.net.params(), strict=True))
    trainer.optim.plan(5, 10)
    assert trainer.optim.lr >= 0.0


def test_a_rule_that_returns_no_rate_is_refused():
    class Wrong(Schedule):
        endless = True

        def rate(self, t, length):
            return [0.1, None, -0.1, math.nan][int(t)]

    optimizer = SGD(lr=Wrong(0.1, unit="step"))
    assert optimizer.lr == 0.1
    for _ in range(3):
        optimizer._steps += 1
        with pytest.raises(GlassbrickError, match=r"Wrong.*rate: expected a finite number"):
            optimizer.plan(1, 1)


WRONG = [
    (ConstantRate, (0.0,), {}),
    (CosineDecay, ("fast",), {}),
    (CosineDecay, (0.1, -0.1), {}),
    (LinearDecay, (0.1,), {"length": 0}),
    (LinearDecay, (0.1,), {"unit": "year"}),
    (LinearDecay, (0.1,), {"unit": 3}),
    (StepDecay, (0.1, 0), {}),
    (StepDecay, (0.1, 5, 0.0), {}),
    (ExponentialDecay, (0.1, -1.0), {}),
    (OneCycle, (0.1, 1.0), {}),
    (OneCycle, (0.1,), {"start": -1.0}),
    (WarmUp, (CosineDecay, 5), {}),
    (WarmUp, ("cosine", 5), {}),
    (WarmUp, (0.1, 0), {}),
    (WarmUp, (0.1, 5, -0.1), {}),
]


@pytest.mark.parametrize(("kind", "arguments", "options"), WRONG, ids=str)
def test_arguments_out_of_range_are_refused(kind, arguments, options):
    with pytest.raises(GlassbrickError, match=f"^{kind.__name__}, .*expected .*received"):
        kind(*arguments, **options)


def test_a_schedule_says_what_it_is():
    assert repr(WarmUp(0.1, 5)) == "WarmUp(then=ConstantRate(lr=0.1), length=5.0, start=0.0)"
    assert repr(CosineDecay(0.1, unit="step")) == "CosineDecay(lr=0.1, final=0.0, unit='step')"


def test_only_a_schedule_or_a_number_is_a_rate():
    with pytest.raises(ArgumentError, match="SGD, lr"):
        SGD(lr=-CosineDecay(0.1).lr)

"""Optimizers against PyTorch's, and what all share: options, groups, state, both engines."""

from __future__ import annotations

import copy
import gc
import pickle

import jax
import numpy as np
import pytest

import glassbrick
from blocks import norm_error
from glassbrick import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ArgumentError,
    ArgumentTypeError,
    CosineDecay,
    GlassbrickError,
    Lion,
    NAdam,
    NotReadyError,
    Optimizer,
    RMSProp,
    ShapeError,
    Trainer,
)
from glassbrick.engines.xla import program
from glassbrick.engines.xla.recording import record
from glassbrick.engines.xla.settings import own_settings
from glassbrick.optimizers import groups
from networks import make_data, make_net, params_of

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

OPTIMIZERS = {
    name: kind
    for name, kind in vars(glassbrick).items()
    if isinstance(kind, type) and issubclass(kind, Optimizer) and kind is not Optimizer
    if name != "LBFGS"  # which makes no steps; it has tests of its own
}
SHAPES = [(13, 13), (1, 13), (70, 80), (1, 1), (200, 170), (4,)]  # small, and large enough to cut
EXACT, STEPS = 1e-12, 50


class TorchLion:
    """The formula of the paper."""

    def __init__(self, params, lr, betas=(0.9, 0.99)):
        self.params, self.lr, self.betas = params, lr, betas
        self.means = [torch.zeros_like(param) for param in params]

    def step(self):
        first, second = self.betas
        for param, mean in zip(self.params, self.means, strict=True):
            direction = torch.sign(first * mean + (1.0 - first) * param.grad)
            param.data -= self.lr * direction
            mean.copy_(second * mean + (1.0 - second) * param.grad)


@pytest.fixture(autouse=True)
def torchs_own_numbers_in_float64():
    """Such as the product of momenta that its NAdam keeps."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def without_decay(kind):
    return lambda params, lr, **options: kind(params, lr, weight_decay=0.0, **options)


# For each optimizer what it is compared with, and the options with which both are.
ORACLES = {
    "SGD": (torch.optim.SGD, [{}, {"momentum": 0.9}, {"momentum": 0.8, "nesterov": True}]),
    "Adagrad": (torch.optim.Adagrad, [{}, {"eps": 1e-3}]),
    "RMSProp": (
        torch.optim.RMSprop,
        [
            {},
            {"alpha": 0.9, "eps": 1e-4},
            {"momentum": 0.9},
            {"centered": True},
            {"centered": True, "momentum": 0.5},
        ],
    ),
    "Adam": (torch.optim.Adam, [{}, {"betas": (0.8, 0.9), "eps": 1e-4}, {"amsgrad": True}]),
    "AdamW": (without_decay(torch.optim.AdamW), [{}, {"betas": (0.5, 0.99), "amsgrad": True}]),
    "NAdam": (torch.optim.NAdam, [{}, {"betas": (0.7, 0.9), "momentum_decay": 0.1}]),
    "Lion": (TorchLion, [{}, {"betas": (0.5, 0.6)}]),
}
CASES = [(name, options) for name, (_, cases) in ORACLES.items() for options in cases]


class Fed:
    """Stands for a network: parameters, and gradients that are fed."""

    def __init__(self, dtype=np.float64, shapes=SHAPES, seed=0):
        rng = np.random.default_rng(seed)
        self.parameters = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        self.grads = []
        self.rng = rng

    def feed(self, grads=None):
        if grads is None:
            grads = [self.rng.standard_normal(param.shape) for param in self.parameters]
            grads[0][:2] = 0.0
        self.grads = [g.astype(p.dtype) for g, p in zip(grads, self.parameters, strict=True)]

    def params(self):
        return iter(self.parameters)

    def params_and_grads(self):
        return list(zip(self.parameters, self.grads, strict=True))


def fed(optimizer, dtype=np.float64, shapes=SHAPES):
    net = Fed(dtype, shapes)
    optimizer.bind(net)
    return net


def steps(optimizer, dtype=np.float64, number=STEPS):
    """Return the parameters after some steps."""
    net = fed(optimizer, dtype)
    for _ in range(number):
        net.feed()
        optimizer.step()
    return net.parameters


def require_equal(ours, theirs, tolerance=EXACT):
    for a, b in zip(ours, theirs, strict=True):
        b = b.detach().numpy() if isinstance(b, torch.Tensor) else b
        assert a.dtype == np.asarray(b).dtype
        assert norm_error(a, b) <= tolerance


def as_tensors(net):
    return [torch.tensor(param) for param in net.parameters]


def set_grads(tensors, net):
    for tensor, grad in zip(tensors, net.grads, strict=True):
        tensor.grad = torch.tensor(grad)


def test_every_optimizer_has_an_oracle():
    assert set(ORACLES) == set(OPTIMIZERS)


@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_optimizer_equals_pytorch(name, options, decay):
    optimizer = OPTIMIZERS[name](lr=0.03, weight_decay=decay, **options)
    net = fed(optimizer)
    tensors = as_tensors(net)
    oracle = ORACLES[name][0](tensors, lr=0.03, **options)
    for _ in range(STEPS):
        net.feed()
        set_grads(tensors, net)
        optimizer.step()
        for tensor in tensors:
            tensor.mul_(1.0 - 0.03 * decay)
        oracle.step()
        require_equal(net.parameters, tensors)


def test_adamw_decays_unless_told_otherwise():
    ours = AdamW(lr=0.02)
    net = fed(ours)
    tensors = as_tensors(net)
    theirs = torch.optim.AdamW(tensors, lr=0.02)
    for _ in range(5):
        net.feed()
        set_grads(tensors, net)
        ours.step()
        theirs.step()
    require_equal(net.parameters, tensors)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_float32_stays_float32(name, options):
    more = {"weight_decay": 0.01, "clip_global_norm": 30.0, "ema": 0.9}
    wide = steps(OPTIMIZERS[name](lr=0.01, **options, **more), number=10)
    optimizer = OPTIMIZERS[name](lr=0.01, **options, **more)
    narrow = steps(optimizer, np.float32, number=10)
    assert all(param.dtype == np.float32 for param in narrow)
    assert all(a.dtype == np.float32 for memory in optimizer._memory for a in memory)
    if name != "Lion":  # whose steps have one length, and a sign that rounding can change
        for a, b in zip(narrow, wide, strict=True):
            assert norm_error(a, b) <= 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_groups_and_parts_change_nothing(name, options, dtype, monkeypatch):
    more = {"weight_decay": 0.01, "ema": 0.9}
    expected = steps(OPTIMIZERS[name](lr=0.01, **options, **more), dtype, 7)

    class Whole(OPTIMIZERS[name]):
        elementwise = False

    whole = steps(Whole(lr=0.01, **options, **more), dtype, 7)
    monkeypatch.setattr(groups, "PART", 100)
    cut = steps(OPTIMIZERS[name](lr=0.01, **options, **more), dtype, 7)
    for first, second, third in zip(expected, whole, cut, strict=True):
        assert np.array_equal(first, second)
        assert np.array_equal(first, third)


def test_small_parameters_are_put_together_and_large_ones_cut(monkeypatch):
    sizes = []

    class Watched(Adam):
        def _update(self, param, grad, *slots):
            sizes.append(param.size)
            super()._update(param, grad, *slots)

    steps(Watched(), number=1)
    small = 13 * 13 + 13 + 1 + 4
    assert sizes == [small, 5600, 32768, 34000 - 32768]


@pytest.mark.parametrize("order", ["F", "strided"])
@pytest.mark.parametrize("shape", [(3, 5), (80, 90)])
def test_parameters_of_another_layout(order, shape):
    optimizers = [Adam(lr=0.1), Adam(lr=0.1)]
    nets = [fed(optimizer, shapes=[shape, (2, 2)]) for optimizer in optimizers]
    param = nets[1].parameters[0]
    if order == "F":
        nets[1].parameters[0] = np.asfortranarray(param)
    else:
        nets[1].parameters[0] = np.repeat(param, 2, axis=1)[:, ::2]
    for _ in range(3):
        for optimizer, net in zip(optimizers, nets, strict=True):
            net.feed()
            optimizer.step()
    assert np.array_equal(*(net.parameters[0] for net in nets))


def test_a_variance_that_rounding_makes_negative_is_0():
    grads = np.random.default_rng(0).standard_normal((20, 20))
    square, mean = np.zeros((2, 20, 20))
    least = []
    for _ in range(60):
        square += 0.5 * (grads * grads - square)
        mean += 0.5 * (grads - mean)
        least.append((square - mean * mean).min())
    assert min(least) < 0.0
    optimizer = RMSProp(lr=0.01, alpha=0.5, centered=True)
    net = fed(optimizer, shapes=[(20, 20)])
    net.feed([grads])
    for _ in range(60):
        optimizer.step()
    assert np.isfinite(net.parameters[0]).all()


# Options.


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_clip_value_equals_pytorch(momentum):
    optimizer = SGD(lr=0.1, momentum=momentum, clip_value=0.5)
    net = fed(optimizer)
    tensors = as_tensors(net)
    oracle = torch.optim.SGD(tensors, lr=0.1, momentum=momentum)
    for _ in range(5):
        net.feed()
        set_grads(tensors, net)
        torch.nn.utils.clip_grad_value_(tensors, 0.5)
        optimizer.step()
        oracle.step()
        require_equal(net.parameters, tensors)


def shortened(tensors, longest):
    """Do what ``clip_grad_norm_`` does, but for the millionth that it adds to the norm."""
    norm = torch.nn.utils.get_total_norm([tensor.grad for tensor in tensors])
    for tensor in tensors:
        tensor.grad.mul_(torch.clamp(longest / norm, max=1.0))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("longest", [0.3, 20.0, 1e6])
@pytest.mark.parametrize("option", ["clip_norm", "clip_global_norm"])
def test_clipping_norms_equals_pytorch(option, longest, exact):
    optimizer = Adam(lr=0.1, eps=0.1, **{option: longest})
    net = fed(optimizer)
    tensors = as_tensors(net)
    oracle = torch.optim.Adam(tensors, lr=0.1, eps=0.1)
    clip = shortened if exact else torch.nn.utils.clip_grad_norm_
    for _ in range(5):
        net.feed()
        set_grads(tensors, net)
        for group in [tensors] if option == "clip_global_norm" else [[t] for t in tensors]:
            clip(group, longest)
        optimizer.step()
        oracle.step()
        require_equal(net.parameters, tensors, EXACT if exact else 1e-5)


@pytest.mark.parametrize("option", ["clip_norm", "clip_global_norm"])
def test_clipping_of_extremes(option):
    for dtype, size in ((np.float32, 1e30), (np.float64, 1e100), (np.float64, 0.0)):
        optimizer = SGD(lr=1.0, **{option: 2.0})
        net = fed(optimizer, dtype, [(2, 2)])
        before = net.parameters[0].copy()
        grad = np.full((2, 2), size, dtype)
        net.feed([grad])
        optimizer.step()
        assert np.allclose(before - net.parameters[0], 1.0 if size else 0.0, rtol=1e-6)
        assert np.array_equal(net.grads[0], grad)  # as it was


def test_averages_equal_pytorch():
    for name, kind in OPTIMIZERS.items():
        optimizer = kind(lr=0.03, ema=0.9)
        net = fed(optimizer)
        module = torch.nn.ParameterList(as_tensors(net))
        average = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
        theirs = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=average)
        for _ in range(STEPS):
            net.feed()
            optimizer.step()
            for tensor, param in zip(module, net.parameters, strict=True):
                tensor.data.copy_(torch.tensor(param))
            theirs.update_parameters(module)
            present = [param.copy() for param in net.parameters]
            arrays = list(net.parameters)
            with optimizer.averaged():
                assert all(a is b for a, b in zip(arrays, net.parameters, strict=True))
                require_equal(net.parameters, list(theirs.module))
            for before, after in zip(present, net.parameters, strict=True):
                assert np.array_equal(before, after), name


def test_averages_are_put_away_again_whatever_happens():
    optimizer = SGD(lr=0.1, ema=0.5)
    net = fed(optimizer)
    for _ in range(2):
        net.feed()
        optimizer.step()
    before = [param.copy() for param in net.parameters]
    with pytest.raises(KeyError), optimizer.averaged():
        assert not np.array_equal(before[0], net.parameters[0])
        raise KeyError
    assert all(np.array_equal(a, b) for a, b in zip(before, net.parameters, strict=True))


@pytest.mark.parametrize("ema", [None, 0.9])
def test_without_averages_parameters_stay_as_they_are(ema):
    optimizer = SGD(lr=0.1, ema=ema)
    net = fed(optimizer)
    net.feed()
    if ema is None:
        optimizer.step()
    before = [param.copy() for param in net.parameters]
    with optimizer.averaged():
        assert all(np.array_equal(a, b) for a, b in zip(before, net.parameters, strict=True))


# State.


@pytest.mark.parametrize(("name", "options"), CASES)
def test_reset_forgets_everything(name, options):
    optimizer = OPTIMIZERS[name](lr=0.01, ema=0.9, **options)
    expected = steps(optimizer, number=3)
    assert optimizer.t == 4.0
    optimizer.reset()
    assert optimizer.t == 1.0
    optimizer._net = None
    for a, b in zip(steps(optimizer, number=3), expected, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_copy_goes_on_alike(name, duplicate):
    optimizer = OPTIMIZERS[name](lr=0.01, ema=0.9)
    net = fed(optimizer)
    net.feed()
    optimizer.step()
    twin = duplicate(optimizer)
    net.feed()
    twin.net.feed(net.grads)
    for each in (optimizer, twin):
        each.step()
    assert all(
        np.array_equal(a, b) for a, b in zip(net.parameters, twin.net.parameters, strict=True)
    )
    assert twin.net is not net


def test_other_parameters_need_a_reset():
    optimizer = Adam()
    net = fed(optimizer, shapes=[(2, 3)])
    net.feed()
    optimizer.step()
    net.parameters = [np.zeros((3, 2))]
    net.feed()
    with pytest.raises(ShapeError, match=r"Adam: expected .*\[\(2, 3\)\].*Call reset"):
        optimizer.step()
    optimizer.reset()
    optimizer.step()


# Rules of users.


class Momentum(Optimizer):
    slots = ("velocity",)

    def _update(self, param, grad, velocity):
        velocity *= 0.9
        velocity += grad
        param -= self.lr * velocity


class ElementwiseMomentum(Momentum):
    elementwise = True


class Corrected(Optimizer):
    """Takes the time into account."""

    slots = ("mean",)

    def _update(self, param, grad, mean):
        mean += 0.1 * (grad - mean)
        param -= self.lr * mean / (1.0 - 0.9**self.t)


class Normalized(Optimizer):
    """Looks at the whole parameter, whose shape it therefore needs."""

    def _update(self, param, grad):
        param -= self.lr * grad / (1.0 + np.sqrt((grad * grad).sum(axis=0, keepdims=True)))


class Chapters(Optimizer):
    def step(self):
        for param, grad in self.net.params_and_grads():
            param -= self.lr * grad


class OwnTime(Optimizer):
    """Has a time of its own, under the name that ours has."""

    def __init__(self, lr=0.01):
        super().__init__(lr)
        self.t = np.zeros(())

    def step(self):
        self.t += 1.0
        for param, grad in self.net.params_and_grads():
            param -= self.lr * grad / np.sqrt(self.t).astype(param.dtype)


class Doubled(SGD):
    def _update(self, param, grad):
        param -= 2.0 * self.lr * grad


class Around(SGD):
    def step(self):
        super().step()
        for param in self.net.params():
            param *= 0.99


USERS = [Momentum, ElementwiseMomentum, Corrected, Normalized, Chapters, OwnTime, Doubled, Around]


@pytest.mark.parametrize("kind", [Momentum, ElementwiseMomentum])
def test_a_rule_of_a_user(kind):
    ours = steps(kind(lr=0.02, weight_decay=0.1))
    for a, b in zip(ours, steps(SGD(lr=0.02, momentum=0.9, weight_decay=0.1)), strict=True):
        assert norm_error(a, b) <= EXACT


def test_a_rule_is_given_whole_parameters_unless_it_says_otherwise():
    shapes = []

    class Watched(Momentum):
        def _update(self, param, grad, velocity):
            shapes.append((param.shape, grad.shape, velocity.shape))

    steps(Watched(), number=1)
    assert shapes == [(shape,) * 3 for shape in SHAPES]


@pytest.mark.parametrize("kind", USERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_users_rules_train_alike_on_both_engines(kind, dtype):
    require_agreement(lambda: kind(lr=0.01), dtype)


def test_a_subclass_of_sgd_keeps_its_rule():
    for a, b in zip(steps(Doubled(lr=0.1)), steps(SGD(lr=0.2)), strict=True):
        assert norm_error(a, b) <= EXACT


def test_options_need_the_common_step():
    class Chapters(Optimizer):
        def __init__(self, lr=0.01, **options):
            super().__init__(lr, **options)

        def step(self):
            pass

    for options in ({"weight_decay": 0.1}, {"clip_norm": 1.0}, {"ema": 0.9}):
        with pytest.raises(ArgumentError, match=r"Chapters, options: .*_update instead of step"):
            Chapters(**options)
    with pytest.raises(ArgumentError, match=r"Chapters, lr: .*_update instead of step"):
        Chapters(CosineDecay(0.1))
    optimizer = Chapters(0.1)
    with pytest.raises(ArgumentError, match="Chapters, lr"):
        optimizer.lr = CosineDecay(0.1)
    assert optimizer.lr == 0.1
    assert Around(0.1, weight_decay=0.1).weight_decay == 0.1


def test_a_name_in_place_of_a_tuple_of_names():
    class Wrong(Momentum):
        slots = "velocity"

    optimizer = Wrong()
    fed(optimizer).feed()
    with pytest.raises(ArgumentTypeError, match=r'Wrong, slots: .*Write \("name",\)'):
        optimizer.step()


# Both engines.


def require_agreement(make_optim, dtype=np.float64, **settings):
    X, y = make_data(rows=37, dtype=dtype)
    trained = []
    for engine in ("numpy", "xla"):
        trainer = Trainer(make_net(), make_optim(), engine=engine)
        trainer.optim.plan(5, 20)
        with np.errstate(under="ignore"):
            trainer.fit(X, y, epochs=4, batch_size=8, verbose=False, **settings)
        trained.append(trainer)
    eager, compiled = trained
    for a, b in zip(compiled.net.params(), eager.net.params(), strict=True):
        assert a.dtype == b.dtype == dtype
        assert norm_error(a, b) <= (EXACT if dtype == np.float64 else 1e-5)
    assert compiled.optim.lr == pytest.approx(eager.optim.lr, rel=EXACT)
    assert type(compiled.optim.lr) is type(eager.optim.lr) is float
    assert compiled.optim.__dict__.keys() == eager.optim.__dict__.keys()
    return eager, compiled


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_engines_agree(name, options, dtype):
    kind = OPTIMIZERS[name]
    eager, compiled = require_agreement(lambda: kind(lr=0.01, **options), dtype)
    if not (name == "SGD" and not options):
        assert eager.optim.t == compiled.optim.t == 21.0
    for ours, theirs in zip(compiled.optim._memory, eager.optim._memory, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert norm_error(a, b) <= (1e-11 if dtype == np.float64 else 1e-4)


MORE = [
    {"weight_decay": 0.1, "ema": 0.9},
    {"clip_value": 0.01},
    {"clip_norm": 0.1, "ema": 0.5},
    {"clip_global_norm": 0.1, "weight_decay": 0.01},
]


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("options", MORE, ids=str)
def test_engines_agree_on_options(name, options):
    eager, compiled = require_agreement(lambda: OPTIMIZERS[name](lr=0.01, **options))
    plain, _ = require_agreement(lambda: OPTIMIZERS[name](lr=0.01))
    moved = zip(plain.net.params(), eager.net.params(), strict=True)
    assert "clip_value" in options or any(norm_error(a, b) > 1e-6 for a, b in moved)
    with eager.optim.averaged(), compiled.optim.averaged():
        for a, b in zip(compiled.net.params(), eager.net.params(), strict=True):
            assert norm_error(a, b) <= EXACT


def test_averages_can_be_recorded():
    X, y = make_data(rows=37)
    trainer = Trainer(make_net(), Adam(lr=0.05, ema=0.9))
    trainer.fit(X, y, epochs=3, verbose=False)  # leaves the averages in the network
    for _ in range(5):
        trainer.net.train_batch(X, y)
        trainer.optim.step()

    def predict(roots, rows):
        with roots["optimizer"].averaged():
            for layer in roots["network"].layers:
                rows = layer.forward(rows)
        return rows

    before = params_of(trainer.net)
    roots = {"network": trainer.net, "optimizer": trainer.optim}
    with own_settings():
        recording = record(roots, predict, X)
        result, _ = recording.pure([np.asarray(a) for a in recording._held], X)
    with trainer.optim.averaged():
        expected = trainer.net.predict(X)
    assert norm_error(result, expected) <= EXACT
    assert not np.allclose(expected, trainer.net.predict(X), rtol=1e-6)
    assert all(np.array_equal(a, b) for a, b in zip(before, trainer.net.params(), strict=True))
    assert not recording.pure.changed or not recording.differences


@pytest.fixture
def compilations():
    found = []
    program._kept.clear()

    def listen(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.clear_event_listeners()


@pytest.mark.parametrize("lr", [0.05, CosineDecay(0.05)], ids=str)
def test_what_changes_between_epochs_compiles_nothing(lr, compilations):
    X, y = make_data(rows=37)
    settings = {"epochs": 2, "batch_size": 8, "verbose": False}
    trainer = Trainer(make_net(), Adam(lr=lr), engine="xla")
    trainer.optim.plan(5, 10)
    trainer.fit(X, y, **settings)
    assert compilations
    compilations.clear()
    trainer.optim.plan(5, 100)
    trainer.optim.scale(0.5)
    trainer.fit(X, y, restart=False, **settings)
    trainer.optim.scale(0.5, floor=0.01)
    trainer.fit(X, y, restart=False, **settings)
    trainer.fit(X, y, **settings)
    assert not compilations


def test_nothing_traced_is_left_in_the_optimizer():
    _, compiled = require_agreement(lambda: NAdam(lr=0.01, ema=0.9))
    gc.collect()
    for value in vars(compiled.optim).values():
        assert not glassbrick.arrays.is_traced(value)
    assert all(type(a) is np.ndarray for memory in compiled.optim._memory for a in memory)


# Time and rate.


def test_a_rate_can_be_scaled():
    optimizer = SGD(lr=0.8)
    optimizer.scale(0.5)
    optimizer.scale(0.5)
    assert optimizer.lr == pytest.approx(0.2)
    optimizer.scale(0.1, floor=0.1)
    assert optimizer.lr == pytest.approx(0.1)
    optimizer.scale(5.0, floor=0.1)
    assert optimizer.lr == pytest.approx(0.1)
    optimizer.reset()
    assert optimizer.lr == 0.8
    optimizer.scale(0.5)
    optimizer.lr = 0.3
    optimizer.reset()
    assert optimizer.lr == 0.3
    optimizer.lr = 0.05
    optimizer.scale(0.5, floor=0.1)  # below which it is already
    assert optimizer.lr == 0.05


def test_a_scheduled_rate_can_be_scaled():
    optimizer = SGD(lr=CosineDecay(0.8, length=2, unit="step"))
    optimizer.scale(0.5)
    assert optimizer.lr == pytest.approx(0.4)
    fed(optimizer).feed()
    optimizer.step()
    assert optimizer.lr == pytest.approx(0.2)
    optimizer.scale(0.1, floor=0.1)
    assert optimizer.lr == pytest.approx(0.1)
    optimizer.step()
    assert optimizer.lr == pytest.approx(0.0)  # the schedule may go below
    optimizer.reset()
    assert optimizer.lr == pytest.approx(0.8)
    assert optimizer.schedule.lr == 0.8
    optimizer.lr = 0.3
    assert optimizer.schedule is None
    assert optimizer.lr == 0.3


def test_copies_have_rates_of_their_own():
    optimizer = SGD(lr=0.8)
    twin = copy.copy(optimizer)
    twin.lr = 0.1
    assert optimizer.lr == 0.8


WRONG = [
    (SGD, {"lr": 0.0}),
    (SGD, {"lr": "fast"}),
    (SGD, {"lr": CosineDecay}),
    (SGD, {"momentum": 1.0}),
    (SGD, {"momentum": -0.1}),
    (SGD, {"nesterov": True}),
    (SGD, {"nesterov": 1, "momentum": 0.9}),
    (SGD, {"weight_decay": -1e-3}),
    (SGD, {"weight_decay": None}),
    (SGD, {"clip_value": 0.0}),
    (SGD, {"clip_norm": float("nan")}),
    (SGD, {"clip_global_norm": -1.0}),
    (SGD, {"clip_norm": 1.0, "clip_value": 1.0}),
    (SGD, {"ema": 1.0}),
    (Adam, {"betas": 0.9}),
    (Adam, {"betas": (0.9, 1.0)}),
    (Adam, {"eps": 0.0}),
    (Adam, {"amsgrad": "yes"}),
    (AdamW, {"weight_decay": "much"}),
    (NAdam, {"momentum_decay": -1.0}),
    (NAdam, {"betas": (0.9,)}),
    (Lion, {"betas": (-0.1, 0.9)}),
    (RMSProp, {"alpha": 1.5}),
    (RMSProp, {"centered": None}),
    (RMSProp, {"eps": -1.0}),
    (Adagrad, {"eps": 0.0}),
]


@pytest.mark.parametrize(("kind", "options"), WRONG, ids=str)
def test_arguments_out_of_range_are_refused(kind, options):
    with pytest.raises(GlassbrickError, match=f"^{kind.__name__}, .*expected .*received"):
        kind(**options)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_numbers_of_steps_and_factors_out_of_range_are_refused(kind):
    optimizer = kind()
    for arguments in ((0, 10), (5, 0), (2.5, 10), (5, None)):
        with pytest.raises(GlassbrickError, match=rf"{kind.__name__}\.plan, steps"):
            optimizer.plan(*arguments)
    for arguments in ((0.0,), (-1.0,), ("half",), (0.5, -1.0)):
        with pytest.raises(GlassbrickError, match=rf"{kind.__name__}\.scale, f"):
            optimizer.scale(*arguments)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_a_step_without_a_network_or_gradients_is_refused(kind):
    optimizer = kind()
    with pytest.raises(NotReadyError, match="has no network yet"):
        optimizer.step()
    Trainer(make_net(), optimizer)
    with pytest.raises(NotReadyError):
        optimizer.step()


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e-3, 1e3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradients_of_any_size(name, options, size):
    optimizer = OPTIMIZERS[name](lr=0.01, weight_decay=0.0, **options)
    net = fed(optimizer, shapes=[(2, 2)])
    before = net.parameters[0].copy()
    net.feed([np.full((2, 2), size)])
    for _ in range(3):
        optimizer.step()
    assert np.isfinite(net.parameters[0]).all()
    if size == 0.0:
        assert np.array_equal(before, net.parameters[0])


def test_what_an_optimizer_is_can_be_read():
    assert repr(SGD()) == "SGD(lr=0.01)"
    assert repr(AdamW()) == "AdamW(lr=0.001)"
    assert repr(SGD(CosineDecay(0.1), momentum=0.9, ema=0.99)) == (
        "SGD(lr=CosineDecay(lr=0.1, final=0.0), ema=0.99, momentum=0.9)"
    )

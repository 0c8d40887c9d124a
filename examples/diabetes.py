"""How diabetes proceeds in a year, foretold from ten numbers; and how well Ridge does that.

python examples/diabetes.py --engine xla --plot diabetes.png
"""

import argparse

import numpy as np

import glassbrick as gb

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import RidgeCV
except ImportError:
    raise SystemExit("The examples need more: pip install matplotlib scikit-learn") from None


def make_network(seed):
    layers = [gb.Dense(64, "silu", l2=0.01), gb.Dropout(0.5), gb.Dense(1, "linear", l2=0.01)]
    return gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=seed)


def train(engine, epochs, seed):
    """Return what happened in training, and of the test rows truth and both predictions."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    rows = np.random.default_rng(seed).permutation(len(X))
    test, training = np.split(rows, [88])
    X = (X - X[training].mean(axis=0)) / X[training].std(axis=0)
    mean, scale = y[training].mean(), y[training].std()

    # All that Ridge learns from, the network does, too: no rows are kept for early stopping.
    net = make_network(seed)
    trainer = gb.Trainer(net, gb.Adam(lr=0.003), engine=engine)
    history = trainer.fit(X[training], (y[training] - mean) / scale, epochs=epochs, verbose=False)
    ridge = RidgeCV(np.logspace(-3, 3, 25)).fit(X[training], y[training])
    return history, y[test], mean + scale * net.predict(X[test])[:, 0], ridge.predict(X[test])


def draw(history, truth, ours, ridges, path):
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    curves, actual = figure.subplots(1, 2)
    figure.suptitle("The last seed")
    history.plot(curves)
    actual.scatter(truth, ridges, s=14, color="#ee6677", marker="s", alpha=0.6, label="Ridge")
    actual.scatter(truth, ours, s=14, color="#4477aa", alpha=0.6, label="network")
    actual.axline((150, 150), slope=1, color="0.6", linestyle=":")
    actual.set(xlabel="actual", ylabel="predicted", aspect="equal")
    actual.legend(edgecolor="none")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["numpy", "xla", "auto"], default="numpy")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--plot", metavar="FILE")
    asked = parser.parse_args()
    errors = []
    for seed in asked.seeds:
        history, *result = train(asked.engine, asked.epochs, seed)
        truth, ours, ridges = result
        errors.append((gb.rmse(truth, ours), gb.rmse(truth, ridges)))
        told = "root mean squared error {:.2f}, of Ridge {:.2f}"
        print(f"seed {seed}: {told.format(*errors[-1])}, {history.seconds:.1f} s")
    print(f"mean {told.format(*np.mean(errors, axis=0))}")
    if asked.plot:
        draw(history, *result, asked.plot)


if __name__ == "__main__":
    main()
